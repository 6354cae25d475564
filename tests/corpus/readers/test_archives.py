import gzip
import io
import stat
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest

from chatwright.corpus.readers.found import Failed, Found
from chatwright.corpus.readers.unpack import _zstd
from tests.corpus.readers.reading import read, rules, texts, written


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def tarred(members: list[tuple[str, bytes, bytes]]) -> bytes:
    """(name, type, content or link target) of each member."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind == tarfile.REGTYPE:
                info.size = len(content)
            else:
                info.linkname = content.decode()
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def plain(members: dict[str, bytes]) -> bytes:
    return tarred([(name, tarfile.REGTYPE, data) for name, data in members.items()])


MEMBERS = {
    "b/c.txt": b"words",
    "rows.jsonl.gz": gzip.compress(b'{"text": "row"}\n'),
    "d.html": b"<p>x",
    "e.png": b"png",
}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz", "a.tar.zst"])
def test_members_are_read_as_files_are(tmp_path: Path, name: str) -> None:
    data = zipped(MEMBERS) if name == "a.zip" else plain(MEMBERS)
    data = {"a.tgz": gzip.compress, "a.tar.zst": _zstd().compress}.get(name, bytes)(data)
    assert read(written(tmp_path, name, data)) == [
        Found(f"{name}!b/c.txt", 0, "text", "words"),
        Found(f"{name}!rows.jsonl.gz#1", 0, "text", "row"),
        Found(f"{name}!d.html", 0, "html", raw=b"<p>x"),
        Failed(f"{name}!e.png", 0, "format that is not read", ".png"),
    ]


def test_archives_in_archives(tmp_path: Path) -> None:
    data = zipped({"in.tar.gz": gzip.compress(plain({"x.zip": zipped({"deep.txt": b"deep"})}))})
    (found,) = read(written(tmp_path, "a.zip", data))
    assert found == Found("a.zip!in.tar.gz!x.zip!deep.txt", 0, "text", "deep")
    for _ in range(6):
        data = zipped({"again.zip": data})
    assert rules(read(written(tmp_path, "b.zip", data))) == ["archives nested too deep"]


def test_names_links_and_devices_are_refused(tmp_path: Path) -> None:
    members = [
        ("../out.txt", tarfile.REGTYPE, b"x"),
        ("/etc/out.txt", tarfile.REGTYPE, b"x"),
        ("link.txt", tarfile.SYMTYPE, b"/etc/passwd"),
        ("hard.txt", tarfile.LNKTYPE, b"good.txt"),
        ("device.txt", tarfile.CHRTYPE, b""),
        ("folder", tarfile.DIRTYPE, b""),
        ("good.txt", tarfile.REGTYPE, b"good"),
    ]
    refused = ["name that leads out of the archive", "absolute name in an archive", "link in an archive"]
    results = read(written(tmp_path, "a.tar", tarred(members)))
    assert texts(results) == ["good"]
    assert rules(results) == [*refused, "link in an archive", "neither file nor folder"]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("../out.txt", "/etc/out.txt", "C:\\out.txt", "good.txt"):
            archive.writestr(name, b"good")
        info = zipfile.ZipInfo("link.txt")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    results = read(written(tmp_path, "b.zip", file.getvalue()))
    assert texts(results) == ["good"] and rules(results) == [*refused[:2], refused[1], refused[2]]
    assert not (tmp_path.parent / "out.txt").exists() and sorted(path.name for path in tmp_path.iterdir()) == [
        "a.tar",
        "b.zip",
    ]


@pytest.mark.parametrize("name", ["bomb.txt", "bomb.jsonl", "bomb.csv"])
def test_bombs_cost_themselves(tmp_path: Path, name: str) -> None:
    data = zipped({name: b"text\n" + bytes(40_000_000), "good.txt": b"good"})
    results = read(written(tmp_path, "a.zip", data))
    assert texts(results) == ["good"] and rules(results)[-1] == "compressed more than 200 times"
    data = plain({"bomb.txt.gz": gzip.compress(bytes(40_000_000)), "good.txt": b"good"})
    results = read(written(tmp_path, "a.tar", data))
    assert texts(results) == ["good"] and rules(results) == ["compressed more than 200 times"]


def test_too_many_members(tmp_path: Path) -> None:
    members = {f"{number}.txt": b"x" for number in range(20)}
    assert rules(read(written(tmp_path, "a.zip", zipped(members)), members=10)) == ["too many members"]
    results = read(written(tmp_path, "a.tar", plain(members)), members=10)
    assert len(texts(results)) == 10 and rules(results) == ["too many members"]


def test_damaged_zips(tmp_path: Path) -> None:
    data = bytearray(zipped({f"{number}.txt": b"%d" % number * 500 for number in range(5)}, zipfile.ZIP_STORED))
    data[data.index(b"2222")] = 0x41
    results = read(written(tmp_path, "a.zip", bytes(data)))
    assert len(texts(results)) == 4 and rules(results) == ["broken zip member"]
    assert rules(read(written(tmp_path, "b.zip", bytes(data[:-200])))) == ["truncated zip"]
    assert rules(read(written(tmp_path, "c.zip", b"no zip"))) == ["broken zip"]
    data = bytearray(zipped({"a.txt": b"secret"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert rules(read(written(tmp_path, "d.zip", bytes(data)))) == ["encrypted member"]


def test_damaged_tars(tmp_path: Path) -> None:
    data = bytearray(plain({f"{number}.txt": b"%d" % number * 600 for number in range(5)}))
    results = read(written(tmp_path, "a.tar", bytes(data[: 3 * 1536 + 700])))
    assert len(texts(results)) == 3 and set(rules(results)) == {"truncated tar"}
    data[2 * 1536 + 10] ^= 1  # in the third header
    results = read(written(tmp_path, "b.tar", bytes(data)))
    assert len(texts(results)) == 4 and rules(results) == ["damaged tar header"]
    packed = gzip.compress(bytes(plain({f"{number}.txt": bytes(str(number), "ascii") * 600 for number in range(5)})))
    assert rules(read(written(tmp_path, "c.tar.gz", packed[: len(packed) // 2])))[-1] == "truncated gzip"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rules(read(written(tmp_path, "d.tar", b"no tar" * 1000)))[-1] in {"broken tar", "truncated tar"}


def test_a_huge_header_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 10**10
    results = read(written(tmp_path, "a.tar", plain({"a.txt": b"a"})[:1024] + info.tobuf() + bytes(5000)))
    assert texts(results) == ["a"] and rules(results) == ["broken tar"]

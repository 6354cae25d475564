"""A folder that holds every kind of bad input at its real size, beside good documents; and what collecting it costs."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import resource
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

from chatwright.core.progress import Silent
from chatwright.corpus.collection.collect import collect
from chatwright.corpus.collection.settings import CollectionSettings

GIGABYTE = 10**9
GOOD = 21
_BLOCK = 10**6


def good(number: int) -> str:
    """A short text that no rule of reading refuses."""
    return f"Good document {number}: the mill stands by the river."


def write_hostile(root: Path) -> dict[str, str]:
    """Write the folder; the rule that each bad thing in it has to be told by, by its origin.

    `good(0)` to `good(GOOD - 1)` stand in it once each. `changing.jsonl` is changed by whoever calls this.
    """
    root.mkdir(parents=True)
    for place, name in enumerate(("0-first.txt", "zz-last.txt")):  # read before and behind all that is bad
        (root / name).write_text(good(place), encoding="utf-8")
    with (root / "changing.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": "x" * 1_000}) + "\n" for _ in range(20_000))
    return {
        "changing.jsonl": "file changed while it was read",
        **_cut(root),
        **_web_archives(root),
        **_characters(root),
        **_long_lines(root),
        **_nested(root),
        **_bombs(root),
        **_names(root),
        **_no_files(root),
    }


def _cut(root: Path) -> dict[str, str]:
    lines = b"".join(json.dumps({"text": f"Row {n} {_noise(n, 400)}"}).encode() + b"\n" for n in range(3_000))
    whole = gzip.compress(lines)
    (root / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    (root / "cut.zip").write_bytes(_zip({"a.txt": b"a" * 100})[:60])
    (root / "empty.txt").touch()
    return {"cut.jsonl.gz": "truncated gzip", "cut.zip": "truncated zip", "empty.txt": "empty file"}


def _web_archives(root: Path) -> dict[str, str]:
    records = [
        _response(good(3)),
        _response("5\r\nabcde\r\nzz\r\n", "Transfer-Encoding: chunked\r\n"),
        _response(good(4)),
        _response("wrong length").replace(b"Content-Length: ", b"Content-Length: 9", 1),
        _response(good(5)),
        b"nothing that belongs here\r\n\r\n",
        _response(good(6)),
        _response("cut")[:-30],
    ]
    (root / "crawl.warc").write_bytes(b"".join(records))
    (root / "none.warc").write_bytes(b"\x00\xff" * 1_000)
    return {
        "crawl.warc#2": "bad chunk length",
        "crawl.warc#4": "truncated record",
        "crawl.warc#6": "no record",
        "crawl.warc#8": "truncated record",
        "none.warc#1": "no record",
    }


def _characters(root: Path) -> dict[str, str]:
    (root / "broken.txt").write_bytes(bytes(range(128, 256)) * 50 + b"\xff\xfe\xfd" * 100)
    (root / "binary.txt").write_bytes(b"\0\0\1" * 1_000)
    (root / "some.txt").write_bytes(
        good(9).replace(" ", "\0 ").encode() + b" caf\xc3\xa9s \xc3\xa9t\xc3\xa9 \xff" + b" more" * 99
    )
    (root / "surrogates.jsonl").write_text(f'{{"text": "\\ud800{good(10)}"}}\n{{"\\ud800": 1}}\n', encoding="utf-8")
    return {
        "broken.txt": "unknown encoding",
        "binary.txt": "binary file",
        "surrogates.jsonl#2": "row has no text column",
    }


def _long_lines(root: Path) -> dict[str, str]:
    """Lines of a gigabyte: bare, in rows between good rows, in a table, and compressed by less than the limit."""
    before, after, packed_before, packed_after = (
        json.dumps({"text": good(number)}).encode() + b"\n" for number in (11, 12, 18, 19)
    )
    _write(root / "line.txt", b"", b"")
    _write(root / "line.html", b"<p>", b"</p>")
    _write(root / "line.jsonl", before + b'{"text": "', b'"}\n' + after)
    _write(root / "line.json", b'[{"text": "', b'"}]')
    _write(root / "line.csv", b"text,date\n" + good(13).encode() + b',1\n"', b'",2\n' + good(14).encode() + b",3\n")
    _write(root / "line.txt.gz", b"", b"", packed=True)
    _write(root / "line.jsonl.gz", packed_before + b'{"text": "', b'"}\n' + packed_after, packed=True)
    return {
        "line.txt": "document too long",
        "line.html": "document too long",
        "line.jsonl#2": "row too long",
        "line.json#1": "row too long",
        "line.csv#2": "row too long",
        "line.txt.gz": "document too long",
        "line.jsonl.gz#2": "row too long",
    }


def _nested(root: Path) -> dict[str, str]:
    deep = "[" * 10_000 + "]" * 10_000
    rows = [json.dumps({"text": good(number)}) for number in (8, 15, 20)]
    (root / "deep.jsonl").write_text(f'{{"text": {deep}}}\n{rows[0]}\n', encoding="utf-8")
    (root / "deep.json").write_text(f'[{{"text": {deep}}}, {rows[1]}]', encoding="utf-8")
    (root / "many.jsonl").write_text('{"text": [' + "[],{}," * 1_000_000 + "1]}\n", encoding="utf-8")
    wide = "\U0001f600" + "a" * 60_000_000  # four bytes a character in memory
    (root / "wide.jsonl").write_text(f'{{"text": "{wide}"}}\n{rows[2]}\n', encoding="utf-8")
    return {
        "deep.jsonl#1": "row nested too deep",
        "deep.json#1": "row nested too deep",
        "many.jsonl#1": "row of too many values",
        "wide.jsonl#1": "row too long",
    }


def _bombs(root: Path) -> dict[str, str]:
    """A gigabyte of one character in a thousandth of its size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"a" * _BLOCK) for _ in range(GIGABYTE // _BLOCK)) + packer.flush()
    for name in ("bomb.txt.gz", "bomb.jsonl.gz", "bomb.warc.gz", "bomb.tar.gz"):
        (root / name).write_bytes(bomb)
    with zipfile.ZipFile(root / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.txt", good(2))
        with archive.open("bomb.jsonl", "w", force_zip64=True) as file:
            for _ in range(GIGABYTE // _BLOCK):
                file.write(b"a" * _BLOCK)
        archive.writestr("also.txt", good(7))
    ratio = "compressed more than 200 times"
    return {
        "bomb.txt.gz": ratio,
        "bomb.jsonl.gz": ratio,
        "bomb.tar.gz": ratio,
        "bomb.zip!bomb.jsonl": ratio,
        "bomb.warc.gz#1": "no record",  # as it begins
        "bomb.warc.gz#2": ratio,
    }


def _names(root: Path) -> dict[str, str]:
    out = "name that leads out of the archive"
    (root / "names.zip").write_bytes(_zip({"../out.txt": b"x", "/etc/out.txt": b"x", "good.txt": good(16).encode()}))
    with tarfile.open(root / "names.tar", "w") as archive:
        for name, data in (("../../out.txt", b"x"), ("/abs.txt", b"x"), ("good.txt", good(17).encode())):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return {
        "names.zip!../out.txt": out,
        "names.zip!/etc/out.txt": "absolute name in an archive",
        "names.tar!../../out.txt": out,
        "names.tar!/abs.txt": "absolute name in an archive",
        "names.tar!link.txt": "link in an archive",
    }


def _no_files(root: Path) -> dict[str, str]:
    (root.parent / "outside").mkdir()
    (root.parent / "outside" / "secret.txt").write_text("secret", encoding="utf-8")
    (root / "link.txt").symlink_to(root.parent / "outside" / "secret.txt")
    (root / "links").symlink_to(root.parent / "outside")
    os.mkfifo(root / "pipe.txt")
    rules = {
        "link.txt": "link out of the folder",
        "links": "link out of the folder",
        "pipe.txt": "neither file nor folder",
    }
    if os.geteuid():  # root may read everything
        (root / "locked.txt").write_text("x", encoding="utf-8")
        (root / "locked.txt").chmod(0)
        rules["locked.txt"] = "file that may not be read"
    return rules


def _write(path: Path, before: bytes, after: bytes, packed: bool = False) -> None:
    """A file with a line of a gigabyte; packed in members that each hold a block of it."""
    block = _noise(0, _BLOCK // 20).encode() + b"a" * (_BLOCK - _BLOCK // 20)
    pack = gzip.compress if packed else bytes
    block = pack(block)
    with path.open("wb") as file:
        file.write(pack(before))
        for _ in range(GIGABYTE // _BLOCK):
            file.write(block)
        file.write(pack(after))


def _noise(seed: int, size: int) -> str:
    return "".join(random.Random(seed).choices("abcdefghijklmnopqrstuvwxyz ", k=size))


def _zip(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def _response(body: str, header: str = "") -> bytes:
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{header}\r\n{body}".encode()
    head = "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/\r\n"
    return (
        f"{head}Content-Type: application/http\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer + b"\r\n\r\n"
    )


def main(data: str, folder: str) -> None:
    """Collect the folder `data`; prints the peak memory in bytes, of this process and of the largest it started."""
    settings = CollectionSettings.model_validate({"sources": [{"name": "bad", "path": "."}]})
    collect(Path(folder), settings, data, None, Silent())
    status: dict[str, Any] = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    own, started = int(status["VmHWM"].split()[0]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print((own + started) * 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])

import bz2
import gzip
import lzma
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from chatwright.corpus.readers.found import Failed
from chatwright.corpus.readers.unpack import _zstd
from tests.corpus.readers.reading import read, rules, texts, written


def zstd_with_checksum(data: bytes) -> bytes:
    """As the zstd command packs it: without a checksum, changed bytes may come out as other text."""
    zstd = _zstd()
    return bytes(zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1}))


PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd_with_checksum,
}
NAMES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}


def rows(count: int) -> bytes:
    drawn = random.Random(0)
    return b"".join(
        b'{"text": "row %d %s"}\n' % (number, drawn.randbytes(20).hex().encode()) for number in range(count)
    )


@pytest.mark.parametrize("suffix", PACK)
def test_compressed_files_are_read_and_members_are_one_stream(tmp_path: Path, suffix: str) -> None:
    data = rows(3000)
    path = written(tmp_path, f"a.jsonl{suffix}", PACK[suffix](data[:40_001]) + PACK[suffix](data[40_001:]))
    results = read(path)
    assert len(texts(results)) == 3000 and not rules(results)
    assert results[2].origin == f"a.jsonl{suffix}#3"
    assert rules(read(written(tmp_path, f"b.txt{suffix}", PACK[suffix](b"")))) == ["empty file"]
    assert texts(read(written(tmp_path, f"c.txt{suffix}{suffix}", PACK[suffix](PACK[suffix](b"twice"))))) == ["twice"]


@pytest.mark.parametrize("suffix", PACK)
def test_rows_before_a_break_are_kept(tmp_path: Path, suffix: str) -> None:
    packed = b"".join(PACK[suffix](rows(1000)) for _ in range(3))
    cut = read(written(tmp_path, f"a.jsonl{suffix}", packed[: len(packed) * 5 // 6]))
    assert rules(cut) == [f"truncated {NAMES[suffix]}"]
    assert 2000 <= len(texts(cut)) < 3000 or (suffix in {".bz2", ".xz"} and len(texts(cut)) == 2000)
    damaged = bytearray(packed)
    middle = len(packed) // 2
    damaged[middle : middle + 40] = bytes(40)
    results = read(written(tmp_path, f"b.jsonl{suffix}", bytes(damaged)))
    assert len(texts(results)) >= 1000 and rules(results)[-1] == f"broken {NAMES[suffix]}"


def test_a_wrong_check_sum_is_told_and_costs_no_rows(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(rows(200)))
    packed[-6] ^= 1
    results = read(written(tmp_path, "a.jsonl.gz", bytes(packed)))
    assert len(texts(results)) == 200 and rules(results) == ["broken gzip"]


def test_what_follows_a_gzip_stream(tmp_path: Path) -> None:
    packed = gzip.compress(rows(5))
    assert not rules(read(written(tmp_path, "a.jsonl.gz", packed + bytes(1000))))
    results = read(written(tmp_path, "b.jsonl.gz", packed + b"what is this"))
    assert len(texts(results)) == 5 and rules(results) == ["bytes after the end of gzip"]
    assert rules(read(written(tmp_path, "c.jsonl.gz", b"no gzip at all"))) == ["broken gzip"]


def test_half_a_document_is_none(tmp_path: Path) -> None:
    packed = gzip.compress(random.Random(1).randbytes(50_000).hex().encode())
    assert [rules(read(written(tmp_path, "a.txt.gz", packed[:-3000]))), texts(read(tmp_path / "a.txt.gz"))] == [
        ["truncated gzip"],
        [],
    ]


@pytest.mark.parametrize("suffix", PACK)
def test_bombs_are_refused_while_they_unpack(tmp_path: Path, suffix: str) -> None:
    size = 40_000_000
    packed = PACK[suffix](bytes(size))
    assert size / len(packed) > 900
    path = written(tmp_path, f"bomb.jsonl{suffix}", packed)
    (failed,) = read(path)
    assert isinstance(failed, Failed) and failed.rule == "compressed more than 200 times"
    assert failed.offset < 15_000_000
    path = written(tmp_path, f"small.txt{suffix}", PACK[suffix](b"a" * 900_000))
    assert len(texts(read(path))) == 1  # even, but no bomb


def test_a_file_may_not_unpack_to_too_much(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl.gz", gzip.compress(rows(20_000)))
    results = read(path, unpacked_gigabytes=0.0005)
    assert rules(results) == ["unpacks to too much"] and 0 < len(texts(results)) < 20_000


def test_inflate_gives_what_precedes_the_break() -> None:
    from chatwright.corpus.readers.unpack import Inflate

    data = random.Random(2).randbytes(3000).hex().encode()
    packed = bytearray(zlib.compress(data))
    packed[-2] ^= 1
    inflate = Inflate(15)
    assert inflate.decompress(bytes(packed), 1 << 20) == data
    with pytest.raises(zlib.error):
        inflate.decompress(b"", 1 << 20)

import gzip
import zlib
from pathlib import Path

import pytest

from chatwright.corpus.readers.found import Broken, Failed, Found
from chatwright.corpus.readers.http import content, response, without_chunks
from chatwright.corpus.readers.settings import Columns, Limits
from chatwright.corpus.readers.stream import Reading
from chatwright.corpus.readers.unpack import _zstd
from tests.corpus.readers.reading import read, rules, texts, written

READING = Reading(Limits(), Columns())


def answer(body: bytes, head: str = "Content-Type: text/html; charset=GBK", status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\n{head}\r\n\r\n".encode() + body


def record(
    payload: bytes, kind: str = "response", media: str = "application/http; msgtype=response", length: int | str = -1
) -> bytes:
    length = len(payload) if length == -1 else length
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://x/{len(payload)}\r\n"
    head += "WARC-Date: 2020-01-01T00:00:00Z\r\n"
    return head.encode() + f"Content-Type: {media}\r\nContent-Length: {length}\r\n\r\n".encode() + payload + b"\r\n\r\n"


def page(number: int) -> bytes:
    return record(answer(b"<p>page %d</p>" % number * 50))


RECORDS = [record(b"software: x", "warcinfo", "application/warc-fields"), *(page(number) for number in range(6))]


@pytest.mark.parametrize("name", ["a.warc", "each.warc.gz", "whole.warc.gz", "a.warc.zst"])
def test_pages_are_read_whatever_the_packing(tmp_path: Path, name: str) -> None:
    data = b"".join(RECORDS)
    packed = {
        "a.warc": data,
        "each.warc.gz": b"".join(map(gzip.compress, RECORDS)),
        "whole.warc.gz": gzip.compress(data),
        "a.warc.zst": _zstd().compress(data),
    }[name]
    results = read(written(tmp_path, name, packed))
    assert [result.raw[:13] for result in results if isinstance(result, Found)] == [
        b"<p>page %d</p>" % n for n in range(6)
    ]
    first = results[0]
    assert isinstance(first, Found) and first.charset == "GBK" and first.format == "html"
    assert first.origin == f"{name}#2" and first.date == "2020-01-01T00:00:00Z" and first.url.startswith("http://x/")
    assert first.offset == len(RECORDS[0])


def test_what_is_no_page_passes_in_silence_and_failures_are_told(tmp_path: Path) -> None:
    records = [
        record(b"GET / HTTP/1.0\r\n\r\n", "request", "application/http; msgtype=request"),
        record(answer(b"png", "Content-Type: image/png")),
        record(answer(b"gone", status="404 Not Found")),
        record(answer(b"")),
        record(b"nonsense"),
        record(answer("größer".encode("latin-1"), "Content-Type: text/plain; charset=latin-1")),
        record("从网页来的文字".encode(), "conversion", "text/plain"),
    ]
    results = read(written(tmp_path, "a.wet", b"".join(records)))
    assert texts(results) == ["größer", "从网页来的文字"]
    assert rules(results) == ["HTTP status that is no success", "empty body", "no HTTP response"]


@pytest.mark.parametrize("length", [5, 10**6, "abc", "", -2])
def test_a_wrong_length_costs_its_own_record(tmp_path: Path, length: int | str) -> None:
    bad = record(answer(b"<p>bad " * 20), length=length)
    results = read(written(tmp_path, "a.warc", b"".join([*RECORDS[:4], bad, *RECORDS[4:]])))
    assert sum(isinstance(result, Found) for result in results) == 6
    assert rules(results)[0] in {"bad record length", "truncated record"} and len(rules(results)) == 1


@pytest.mark.parametrize("how", ["flipped", "zeros", "check sum", "cut"])
def test_records_before_and_behind_a_broken_gzip_member_are_read(tmp_path: Path, how: str) -> None:
    members = [bytearray(gzip.compress(data)) for data in RECORDS]
    broken = members[3]
    if how == "flipped":
        broken[len(broken) // 2] ^= 0xFF
    elif how == "zeros":
        broken[len(broken) // 2 :] = bytes(len(broken) - len(broken) // 2)
    elif how == "check sum":
        broken[-5] ^= 1
    else:
        del broken[-30:]
    results = read(written(tmp_path, "a.warc.gz", b"".join(members)))
    assert [result.raw[8:9] for result in results if isinstance(result, Found)] == [b"0", b"1", b"3", b"4", b"5"]
    assert 1 <= len(rules(results)) <= 2 and rules(results)[0] in {"broken gzip", "truncated gzip", "truncated record"}


def test_cut_files_keep_what_came_before(tmp_path: Path) -> None:
    for name, packed in (
        ("a.warc", b"".join(RECORDS)),
        ("b.warc.gz", b"".join(map(gzip.compress, RECORDS))),
        ("c.warc.gz", gzip.compress(b"".join(RECORDS))),
    ):
        results = read(written(tmp_path, name, packed[:-20]))
        assert sum(isinstance(result, Found) for result in results) >= 4, name
        assert len(rules(results)) == 1, (name, rules(results))
    assert rules(read(written(tmp_path, "d.warc", b"nonsense\n" * 100))) == ["no record"]


def test_bombs_and_long_records(tmp_path: Path) -> None:
    bomb = record(answer(gzip.compress(bytes(30_000_000)), "Content-Type: text/html\r\nContent-Encoding: gzip"))
    members = [
        gzip.compress(RECORDS[1]),
        gzip.compress(bomb),
        gzip.compress(record(bytes(30_000_000))),
        gzip.compress(RECORDS[2]),
    ]
    results = read(written(tmp_path, "a.warc.gz", b"".join(members)))
    assert sum(isinstance(result, Found) for result in results) == 2
    assert "compressed more than 200 times" in rules(results)
    results = read(written(tmp_path, "b.warc", record(answer(b"x" * 200_000)) + RECORDS[1]), document_megabytes=0.1)
    assert rules(results) == ["document too long"] and isinstance(results[1], Found)


def test_arc(tmp_path: Path) -> None:
    body = answer(b"<p>arc")
    data = b"filedesc://a.arc 0.0.0.0 20140101000000 text/plain 5\n1 0 x\n\n"
    good = b"http://x/with a space 1.2.3.4 20140216050221 text/html %d\n" % len(body) + body + b"\n"
    bad = b"http://x/ 1.2.3.4 20140216050221 text/html -1\n" + body + b"\n"
    for name, packed in (
        ("a.arc", data + good + bad + good),
        ("a.arc.gz", b"".join(map(gzip.compress, (data, good, bad, good)))),
    ):
        results = read(written(tmp_path, name, packed))
        found = [result for result in results if isinstance(result, Found)]
        assert [(page.url, page.raw, page.date) for page in found] == [
            ("http://x/with a space", b"<p>arc", "2014-02-16T05:02:21Z")
        ] * 2
        assert "bad record length" in rules(results)


def test_chunks() -> None:
    assert without_chunks(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n") == b"abcde"
    assert without_chunks(b"<html>not chunked") == b"<html>not chunked"
    for broken in (b"3\r\nabc\r\nzz\r\nde\r\n0\r\n\r\n", b"9\r\nabc\r\n0\r\n\r\n", b"3\r\nabc\r\n"):
        with pytest.raises(Broken, match="chunk"):
            without_chunks(broken)


def test_content_encodings() -> None:
    body = b"<p>words</p>" * 100
    raw = zlib.compressobj(wbits=-15)
    packings = {
        "gzip": gzip.compress(body),
        "x-gzip, identity": gzip.compress(body),
        "deflate": zlib.compress(body),
        "deflate ": raw.compress(body) + raw.flush(),
        " gzip": body,  # unpacked by the crawler, which kept the header
    }
    for encoding, packed in packings.items():
        assert content(response(answer(packed, f"Content-Encoding: {encoding}")), READING) == body
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packings["gzip"]), packings["gzip"])
    assert content(response(answer(chunked, "Transfer-Encoding: chunked\r\nContent-Encoding: gzip")), READING) == body
    for encoding, packed in (("br", body), ("gzip", packings["gzip"][:-20]), ("gzip", b"\x1f\x8b\x08" + body)):
        with pytest.raises(Broken):
            content(response(answer(packed, f"Content-Encoding: {encoding}")), READING)


def test_public_crawls(data_folder: Path, tmp_path: Path) -> None:
    pages = {
        "aut-example.warc.gz": 129,
        "warcio-bad.arc": 0,
        "warcio-example-bad-non-chunked.warc.gz": 1,
        "warcio-example-bad.warc.gz.bad": 1,
        "warcio-example-digest.warc": 0,
        "warcio-example-iana.org-chunked.warc": 1,
        "warcio-example-resource.warc.gz": 1,
        "warcio-example-space-in-target-uri.warc.gz": 0,
        "warcio-example-space-in-url.arc": 0,  # its only page is cut short
        "warcio-example-trunc.warc": 0,
        "warcio-example-wget-bad-target-uri.warc.gz": 1,
        "warcio-example-wrong-chunks.warc.gz": 1,
        "warcio-example.arc": 1,
        "warcio-example.arc.gz": 1,
        "warcio-example.warc": 1,
        "warcio-example.warc.gz": 1,
        "warcio-post-test.warc.gz": 0,
    }
    found = {}
    for path in sorted((data_folder / "warc").iterdir()):
        copy = written(tmp_path, path.name.removesuffix(".bad"), path.read_bytes())
        results = read(copy)
        found[path.name] = sum(isinstance(result, Found) for result in results)
        assert all(result.rule != "content that no reader expected" for result in results if isinstance(result, Failed))
    assert found == pages

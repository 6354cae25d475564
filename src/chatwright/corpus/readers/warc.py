"""Web archives (WARC, ARC): the pages of a crawl; broken records cost only themselves.

Source: ISO 28500 (WARC 1.1); Internet Archive, "Arc File Format" (1996).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from chatwright.corpus.readers.decoding import decoded
from chatwright.corpus.readers.found import About, Broken, Failed, Found
from chatwright.corpus.readers.http import charset, content, fields, media_type, response
from chatwright.corpus.readers.stream import CHUNK, Source, Stream
from chatwright.corpus.readers.unpack import GZIP_MAGIC, Unpacked

_VERSION = re.compile(rb"WARC/\d\.\d+[ \t]*\r?\n")
_ARC = re.compile(rb"([a-z][a-z0-9+.-]*:\S*.*?) (\S+) (\d{8,20}) ([^ \n]+)((?: [^ \n]+)*) (\S+)\r?\n", re.IGNORECASE)
_MOST_HEADER = 1 << 16  # bytes of a record's header
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_BODIES = frozenset({"response", "resource", "conversion"})


@dataclass(frozen=True)
class Record:
    """A record as it stands: header (names in lower case) and payload; None for a payload too long to hold."""

    kind: str
    url: str
    date: str
    media: str
    header: dict[str, str]
    payload: bytes | None
    size: int


def read_warc(source: Source) -> Iterator[Found | Failed]:
    """Pages (text/html, text/plain) of responses that succeeded, numbered by records from 1.

    Records of other kinds (requests, pictures) are no documents and pass in silence. Where a record cannot be read,
    reading goes on with the next thing that looks like the beginning of one.
    """
    number, before = 0, 0
    for stream in _streams(source):
        if isinstance(stream, Broken):
            yield Failed(f"{source.origin}#{number + 1}", before, stream.rule, stream.why)
            continue
        for offset, record in _records(stream, source.limits.document_bytes):
            number += 1
            origin = f"{source.origin}#{number}"
            if isinstance(record, Broken):
                yield Failed(origin, before + offset, record.rule, record.why)
                continue
            try:
                found = _page(record, origin, before + offset, source)
            except Broken as problem:
                yield Failed(origin, before + offset, problem.rule, problem.why)
                source.reading.check()
                continue
            if found is not None:
                yield found
        source.reading.check()
        before += stream.position
    if not number:
        raise Broken("no records", "nothing in the file looks like one")


def _streams(source: Source) -> Iterator[Stream | Broken]:
    """What holds records: the file, or each member of a gzip file (there is one for each record, mostly)."""
    if source.compression != "gzip":
        yield source.stream
        return
    raw = source.stream
    unpacked = Unpacked(raw, "gzip", source.reading, by_member=True)

    def belongs() -> bool:  # some writers cut a record into several members
        return raw.peek(3) == GZIP_MAGIC and not _holds_record(raw.peek(4096)) and unpacked.next_member()

    while True:
        start = raw.position
        try:
            if not unpacked.next_member():
                return
            yield Stream(unpacked.read, more=belongs)
            while unpacked.read(CHUNK):  # up to the member's end, where its check sum is
                pass
        except Broken as problem:
            source.reading.check()
            if problem is not unpacked.problem:  # else whoever read the records has told it
                yield problem
            if not _next_gzip_record(raw, start + 1):
                return


def _next_gzip_record(raw: Stream, start: int) -> bool:
    """Go to the next gzip member that holds a record; from `start`, where the source can go back."""
    raw.back_to(start)
    while True:
        piece = raw.peek(CHUNK)
        place = piece.find(GZIP_MAGIC)
        if place < 0:
            if len(piece) < CHUNK:
                return False
            raw.skip(len(piece) - len(GZIP_MAGIC) + 1)
            continue
        raw.skip(place)
        if _holds_record(raw.peek(4096)):
            return True
        raw.skip(1)


def _holds_record(packed: bytes) -> bool:
    try:
        begun = zlib.decompressobj(31).decompress(packed, 2_000)
    except zlib.error:
        return False
    return _VERSION.match(begun) is not None or _ARC.match(begun) is not None


def _records(stream: Stream, limit: int) -> Iterator[tuple[int, Record | Broken]]:
    """(offset, record) of a stream; what lies between is passed over up to the next beginning."""
    told: Broken | None = None
    while True:
        offset = stream.position
        try:
            while stream.ready(1) in {b"\r", b"\n"}:
                stream.skip(1)
            offset, head = stream.position, stream.ready(_MOST_HEADER)
            if not head:
                return
            yield offset, _record(stream, head, limit)
            continue
        except Broken as problem:
            if problem is not told:
                yield offset, problem
            told = problem
        try:
            if stream.position == offset:
                stream.line(CHUNK)
            if not _next_record(stream):
                return
        except Broken as problem:
            if problem is not told:
                yield stream.position, problem
            return


def _next_record(stream: Stream) -> bool:
    while head := stream.ready(2_000):
        if _VERSION.match(head) or _ARC.match(head):
            return True
        stream.line(CHUNK)
    return False


def _record(stream: Stream, head: bytes, limit: int) -> Record:
    """The record that begins here. Where its length is wrong, the stream stays behind its header."""
    if version := _VERSION.match(head):
        end = head.find(b"\r\n\r\n", version.end() - 2)
        bare = head.find(b"\n\n", version.end() - 1)
        if bare >= 0 and (end < 0 or bare < end):
            end, length = bare, 2
        else:
            length = 4
        if end < 0:
            stream.peek(_MOST_HEADER)  # where the source is broken, that is the reason
            raise Broken("record header that does not end", f"{len(head):,} bytes")
        stream.skip(end + length)
        header = fields(head[version.end() : end])
        url, date = header.get("warc-target-uri", "").strip("<>"), header.get("warc-date", "")
        kind, media, size = (
            header.get("warc-type", "").lower(),
            header.get("content-type", ""),
            header.get("content-length", ""),
        )
    elif line := _ARC.match(head, 0, 8_192):
        stream.skip(line.end())
        # URL, address, date, type, …, length (version 2 has five more fields before the length)
        url, _, date, media, _, size = (part.decode("utf-8", "replace") for part in line.groups())
        kind, header = ("filedesc" if url.startswith("filedesc:") else "arc"), {}
    else:
        raise Broken("no record", repr(head[:40]))
    if not size.isdecimal():
        raise Broken("bad record length", repr(size[:20]))
    payload = _payload(stream, int(size), limit)
    return Record(kind, url, date, media, header, payload, int(size))


def _payload(stream: Stream, size: int, limit: int) -> bytes | None:
    if size > limit + _MOST_HEADER:
        if stream.skip(size) < size:
            raise Broken("truncated record", f"{size:,} bytes are told")
        return None
    payload = stream.read(size)
    while len(payload) < size and stream.goes_on():
        payload += stream.read(size - len(payload))
    try:
        after = stream.peek(16)
    except Broken:  # the last record of a gzip member is good only if the check sum behind it is
        after = stream.ready(16)
        if not after.strip(b"\r\n"):
            raise
    if len(payload) < size:
        stream.unread(payload)  # a length that is too large must not swallow the records behind
        raise Broken("truncated record", f"{len(payload):,} bytes of {size:,}")
    if after and after[:1] not in {b"\r", b"\n"} and not after.startswith(b"WARC/"):
        stream.unread(payload)
        raise Broken("bad record length", f"{size:,} bytes end in the midst of something")
    return payload


def _page(record: Record, origin: str, offset: int, source: Source) -> Found | None:
    """The document of a record; None where it is of another kind; `Broken` where it cannot be read."""
    media, language = record.media, record.header.get("warc-identified-content-language", "")
    if record.url.startswith("metadata:"):  # wget's notes about itself
        return None
    if record.kind == "arc":
        answered = (record.payload or b"").startswith(b"HTTP/")
    elif record.kind in _BODIES:
        answered = media_type(media) == "application/http"
    else:
        return None
    kind = media_type(media)
    if record.payload is None:
        if answered or kind in _HTML or kind == "text/plain":
            raise Broken("document too long", f"a record of {record.size / 1e6:.1f} MB")
        return None
    body = record.payload
    if answered:
        answer = response(record.payload)
        media, kind = answer.header.get("content-type", media), answer.media_type or kind
        if kind not in _HTML and kind != "text/plain":
            return None
        if not 200 <= answer.status < 300:
            raise Broken("HTTP status that is no success", str(answer.status))
        language = language or answer.header.get("content-language", "")
        body = content(answer, source.reading)
    elif kind not in _HTML and kind != "text/plain":
        return None
    elif len(body) > source.limits.document_bytes:
        raise Broken("document too long", f"{len(body) / 1e6:.1f} MB")
    if not body.strip():
        raise Broken("empty body", "0 bytes")
    about: About = {"url": record.url, "date": _date(record.date), "language": language}
    if kind in _HTML:
        return Found(origin, offset, "html", raw=body, charset=charset(media), **about)
    return Found(origin, offset, "text", decoded(body, "text", charset(media)), **about)


def _date(date: str) -> str:
    """ARC's 20140216050221 as WARC writes it."""
    if not date.isdecimal() or len(date) < 14:
        return date
    return f"{date[:4]}-{date[4:6]}-{date[6:8]}T{date[8:10]}:{date[10:12]}:{date[12:14]}Z"

"""HTTP responses as crawls keep them: header, chunks, content encodings."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from chatwright.corpus.readers.found import Broken
from chatwright.corpus.readers.stream import Reading
from chatwright.corpus.readers.unpack import GZIP_MAGIC, Inflate, Ratio

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})\b")
_END = re.compile(rb"\r?\n\r?\n")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[ \t]*(?:;[^\n]*)?\r?\n")
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_PIECE = 1 << 16


@dataclass(frozen=True)
class Response:
    """A response: status (0 where there is none), header (names in lower case), body as it was sent."""

    status: int
    header: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Such as text/html."""
        return media_type(self.header.get("content-type", ""))


def media_type(content_type: str) -> str:
    """The media type without parameters."""
    return content_type.partition(";")[0].strip().lower()


def charset(content_type: str) -> str:
    """The character set that a content type declares; "" where it does not."""
    match = _CHARSET.search(content_type)
    return match.group(1) if match else ""


def fields(lines: bytes) -> dict[str, str]:
    """Header fields by name in lower case; the first of a name counts, folded lines belong to the one before."""
    found: dict[str, str] = {}
    name = ""
    for line in lines.decode("utf-8", "replace").splitlines():
        if line[:1] in {" ", "\t"} and name:
            found[name] += f" {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if not colon or name in found:
            name = ""
            continue
        found[name] = value.strip()
    return found


def response(payload: bytes) -> Response:
    """The parts of a response; `Broken` where there is no status line, or the header does not end."""
    status = _STATUS.match(payload)
    if status is None:
        raise Broken("no HTTP response", repr(payload[:40]))
    end = _END.search(payload)
    if end is None:
        raise Broken("truncated HTTP header", f"{len(payload):,} bytes")
    return Response(int(status.group(1)), fields(payload[: end.start()].partition(b"\n")[2]), payload[end.end() :])


def content(answer: Response, reading: Reading) -> bytes:
    """The body without chunks and content encodings, as long as a document may be.

    Crawlers often write bodies that are unpacked already and keep the header: what does not look chunked or
    compressed is taken as it is.
    """
    body = answer.body
    if "chunked" in answer.header.get("transfer-encoding", "").lower():
        body = without_chunks(body)
    for encoding in reversed(answer.header.get("content-encoding", "").lower().split(",")):
        body = _decoded(body, encoding.strip(), reading)
    if len(body) > reading.limits.document_bytes:
        raise Broken("document too long", f"{len(body) / 1e6:.1f} MB")
    return body


def without_chunks(body: bytes) -> bytes:
    """The body without chunk lines (RFC 9112, 7.1); a body that does not begin with one is returned as it is.

    >>> without_chunks(b"3\\r\\nabc\\r\\n0\\r\\n\\r\\n")
    b'abc'
    """
    pieces, place = list[bytes](), 0
    while place < len(body):
        match = _CHUNK_SIZE.match(body, place)
        if match is None:
            if not pieces:
                return body
            raise Broken("bad chunk length", f"{body[place : place + 20]!r} at byte {place:,}")
        size = int(match.group(1), 16)
        if size == 0:
            return b"".join(pieces)
        place = match.end() + size
        if place > len(body):
            raise Broken("bad chunk length", f"{size:,} bytes, {len(body) - match.end():,} are left")
        pieces.append(body[match.end() : place])
        if body.startswith(b"\r\n", place):
            place += 2
        elif body.startswith(b"\n", place):
            place += 1
    raise Broken("truncated chunks", "the last chunk is missing") if pieces else Broken("empty body")


def _decoded(body: bytes, encoding: str, reading: Reading) -> bytes:
    if encoding in {"", "identity", "none", "utf-8"}:
        return body
    if encoding in {"gzip", "x-gzip"}:
        return _inflated(body, 31, reading) if body.startswith(GZIP_MAGIC) else body
    if encoding == "deflate":
        return _inflated(body, 15 if body[:1] == b"\x78" else -15, reading)
    raise Broken("content encoding that is not read", encoding[:40])


def _inflated(body: bytes, bits: int, reading: Reading) -> bytes:
    inflate, ratio, pieces, total, place = Inflate(bits), Ratio(reading), list[bytes](), 0, 0
    try:
        while not inflate.eof:
            data = b""
            if inflate.needs_input:
                data = body[place : place + _PIECE]
                if not data:
                    raise Broken("truncated content encoding", f"{len(body):,} bytes")
                place += len(data)
            pieces.append(inflate.decompress(data, _PIECE))
            total += len(pieces[-1])
            ratio.count(place, len(pieces[-1]))
            if total > reading.limits.document_bytes:
                raise Broken("document too long", f"the limit is {reading.limits.document_megabytes:g} MB")
    except zlib.error as error:
        if bits == -15 and not total and b"<" in body[:100]:  # it was unpacked already
            return body
        raise Broken("broken content encoding", str(error)) from None
    return b"".join(pieces)

"""Unpacking of gzip, bzip2, xz and Zstandard while reading, within limits, up to where the data is broken."""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from typing import Any, Protocol

from chatwright.corpus.readers.found import Broken
from chatwright.corpus.readers.stream import Reading, Stream

COMPRESSIONS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".zstd": "zstd"}
GZIP_MAGIC = b"\x1f\x8b\x08"
_MAGIC: dict[str, tuple[bytes, ...]] = {
    "gzip": (GZIP_MAGIC,),
    "bzip2": (b"BZh",),
    "xz": (b"\xfd7zXZ\x00",),
    "zstd": (b"\x28\xb5\x2f\xfd",),
}
_MAGIC["zstd"] += tuple(bytes((last, 0x2A, 0x4D, 0x18)) for last in range(0x50, 0x60))  # frames to be passed over
_PIECE = 1 << 14  # bytes unpacked in one go: where data is broken, no more than these are lost
_FREE = 1 << 20  # unpacked bytes below which no ratio is looked at: small texts may be very even
_MOST_MEMORY = 1 << 28  # bytes for the dictionary of xz; its highest stock setting takes a quarter
_ZSTD_WINDOW_LOG = 27  # the largest window that the zstd command unpacks without being told to


class Decompressor(Protocol):
    """What bz2's and lzma's decompressors have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end was reached."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without more data."""

    @property
    def unused_data(self) -> bytes:
        """What came after the end."""

    def decompress(self, data: bytes, max_length: int = ...) -> bytes:
        """Up to `max_length` bytes."""


class Inflate:
    """zlib with the interface of the other decompressors. `bits`: 31 gzip, 15 zlib, -15 neither's header."""

    def __init__(self, bits: int) -> None:
        self._object = zlib.decompressobj(bits)
        self._problem: zlib.error | None = None
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """Whether the end was reached."""
        return self._object.eof

    @property
    def unused_data(self) -> bytes:
        """What came after the end."""
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Up to `max_length` bytes; the rest comes at the next calls, with no data."""
        if self._problem is not None:
            raise self._problem
        data = self._object.unconsumed_tail + data
        before = self._object.copy()
        try:
            unpacked = self._object.decompress(data, max_length)
        except zlib.error as error:
            # zlib throws away all that this call unpacked: take it again byte by byte, up to where it breaks
            self._object, self._problem = before, error
            self.needs_input = False
            return self._byte_by_byte(data)
        # zlib may hold back more even if it took all of its input
        self.needs_input = not self._object.unconsumed_tail and len(unpacked) < max_length
        return unpacked

    def _byte_by_byte(self, data: bytes) -> bytes:
        pieces = []
        try:
            for place in range(len(data)):
                pieces.append(self._object.decompress(data[place : place + 1]))  # at most some 1,032 bytes
        except zlib.error:
            pass
        return b"".join(pieces)


def decompressor(compression: str) -> Decompressor | Inflate:
    """A fresh decompressor."""
    if compression == "gzip":
        return Inflate(31)
    if compression == "bzip2":
        return bz2.BZ2Decompressor()
    if compression == "xz":
        return lzma.LZMADecompressor(memlimit=_MOST_MEMORY)
    zstd = _zstd()
    fresh: Decompressor = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
    return fresh


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


class Ratio:
    """Refuses what unpacks to too many times its size.

    >>> from chatwright.corpus.readers.settings import Columns, Limits
    >>> Ratio(Reading(Limits(ratio=10), Columns())).count(10**6, 10**7 + 1)
    Traceback (most recent call last):
    chatwright.corpus.readers.found.Broken: ('compressed more than 10 times', '10,000,001 bytes out of 1,000,000')
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._produced = 0

    def count(self, consumed: int, produced: int) -> None:
        """So much was read altogether, and so much more came of it."""
        self._produced += produced
        self._reading.unpack(produced)
        ratio = self._reading.limits.ratio
        if self._produced > max(_FREE, ratio * consumed):
            raise Broken(f"compressed more than {ratio:g} times", f"{self._produced:,} bytes out of {consumed:,}")


class Unpacked:
    """What compressed bytes unpack to. `read` gives all that came before the break, then raises `Broken`, always.

    Members that follow one another (as `cat a.gz b.gz` makes them) are one stream, unless `by_member`: then `read`
    ends with each, and `next_member` goes on.
    """

    def __init__(self, raw: Stream, compression: str, reading: Reading, by_member: bool = False) -> None:
        self._raw, self._compression, self._by_member = raw, compression, by_member
        self._ratio = Ratio(reading)
        self._reading = reading
        self._current: Decompressor | Inflate | None = None
        self._problem: Broken | None = None
        self._began = raw.position  # of the first member
        self.member_start = raw.position

    @property
    def problem(self) -> Broken | None:
        """What has broken the member that is read."""
        return self._problem

    def next_member(self) -> bool:
        """Begin with the next member; False at the end."""
        if self._raw.peek(1) == b"\0":  # tapes and some writers fill up with zeros
            while (piece := self._raw.some()) and not piece.strip(b"\0"):
                pass
            self._raw.unread(piece.lstrip(b"\0"))
        if not self._raw.peek(1):
            return False
        if not self._raw.peek(6).startswith(_MAGIC[self._compression]):
            later = self._raw.position > self._began
            raise Broken(
                f"bytes after the end of {self._compression}" if later else f"broken {self._compression}",
                f"no {self._compression} at byte {self._raw.position:,}",
            )
        self.member_start = self._raw.position
        self._current = decompressor(self._compression)
        if self._by_member:
            self._ratio, self._began, self._problem = Ratio(self._reading), self._raw.position, None
        return True

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; b"" at the end."""
        if self._problem is not None:
            raise self._problem
        try:
            return self._next(size)
        except Broken as problem:
            self._problem = problem
            raise
        except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, _zstd_error()) as error:
            self._problem = Broken(f"broken {self._compression}", str(error))
            raise self._problem from None

    def _next(self, size: int) -> bytes:
        while True:
            if self._current is None and (self._by_member or not self.next_member()):
                return b""
            current = self._current
            assert current is not None
            data = b""
            if current.needs_input and not (data := self._raw.read(_PIECE)):
                raise Broken(f"truncated {self._compression}", f"ends after {self._raw.position:,} bytes")
            unpacked = current.decompress(data, size)
            if current.eof:
                self._raw.unread(current.unused_data)
                self._current = None
            self._ratio.count(self._raw.position - self._began, len(unpacked))
            if unpacked:
                return unpacked


def _zstd_error() -> type[Exception]:
    try:
        error: type[Exception] = _zstd().ZstdError
    except ImportError:
        return ValueError
    return error

"""Bytes in order, with a look ahead; and what one file's reading has cost so far."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from chatwright.corpus.readers.found import Broken
from chatwright.corpus.readers.settings import Columns, Limits

CHUNK = 1 << 18  # bytes asked for at a time
_MOST_DEEP = 4  # archives within archives


class Stream:
    """Reads what `read(size)` gives piece by piece; `position` counts the bytes taken.

    Whoever sets `line_ends` to 0 has those counted that are taken from then on; what is put back is not taken off.

    `Broken` comes when the piece that cannot be read is reached, not before.

    >>> stream = Stream(io.BytesIO(b"one\\ntwo").read)
    >>> stream.line(100), stream.peek(2), stream.read(9), stream.position
    (b'one\\n', b'tw', b'two', 7)
    """

    def __init__(
        self,
        read: Callable[[int], bytes],
        seek: Callable[[int], object] | None = None,
        more: Callable[[], bool] | None = None,
    ) -> None:
        self._read, self._seek, self._more = read, seek, more
        self._buffer, self._start, self._ended = b"", 0, False
        self.position = 0
        self.line_ends: int | None = None

    def _fill(self, size: int) -> bool:
        """Have `size` bytes in the buffer; False when fewer are left."""
        held = len(self._buffer) - self._start
        if held >= size or self._ended:
            return held >= size
        pieces = [self._buffer[self._start :]]
        try:
            while held < size:
                piece = self._read(max(size - held, CHUNK))
                if not piece:
                    self._ended = True
                    break
                pieces.append(piece)
                held += len(piece)
        finally:  # what came before a broken piece is kept
            self._buffer, self._start = b"".join(pieces), 0
        return held >= size

    def _take(self, size: int) -> bytes:
        taken = self._buffer[self._start : self._start + size]
        self._start += len(taken)
        self.position += len(taken)
        if self.line_ends is not None:
            self.line_ends += taken.count(b"\n")
        return taken

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end."""
        self._fill(size)
        return self._take(size)

    def some(self) -> bytes:
        """The next bytes, as many as are at hand; b"" only at the end."""
        self._fill(1)
        return self._take(len(self._buffer))

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, which stay to be read; fewer only at the end."""
        self._fill(size)
        return self._buffer[self._start : self._start + size]

    def ready(self, size: int) -> bytes:
        """As `peek`, but what comes before a broken piece is given without raising; `Broken` where that is nothing."""
        try:
            return self.peek(size)
        except Broken:
            if self._start == len(self._buffer):
                raise
            return self._buffer[self._start : self._start + size]

    def unread(self, data: bytes) -> None:
        """Put back what was read."""
        if self._buffer[max(0, self._start - len(data)) : self._start] == data:
            self._start -= len(data)
        else:
            self._buffer, self._start = data + self._buffer[self._start :], 0
        self.position -= len(data)

    def line(self, limit: int) -> bytes:
        """The next line with its end, or `limit` bytes of a longer one; b"" at the end."""
        searched = self._start
        while (end := self._buffer.find(b"\n", searched, self._start + limit)) < 0:
            held = len(self._buffer) - self._start
            if held >= limit or not self._fill(min(limit, max(held + 1, 2 * held))):
                end = self._buffer.find(b"\n", self._start, self._start + limit)
                break
            searched = self._start
        return self._take(end + 1 - self._start if end >= 0 else limit)

    def skip(self, size: int) -> int:
        """Pass over `size` bytes; how many there were."""
        left = size
        while left > 0 and (piece := self.read(min(left, CHUNK))):
            left -= len(piece)
        return size - left

    def whole(self, limit: int, rule: str) -> bytes:
        """All that is left; `Broken` with this rule where that is more than `limit` bytes."""
        data = self.read(limit + 1)
        if len(data) > limit:
            raise Broken(rule, f"the limit is {limit / 1e6:g} MB")
        return data

    def goes_on(self) -> bool:
        """At the end: whether the source has more that belongs to this; then it may be read."""
        if self._more is None or not self._more():
            return False
        self._ended = False
        return True

    def back_to(self, position: int) -> bool:
        """Read on from `position`; False where the source only goes forward."""
        if self._seek is None:
            return False
        self._seek(position)
        self._buffer, self._start, self._ended, self.position = b"", 0, False, position
        return True


def lines(stream: Stream, limit: int) -> Iterator[tuple[int, int, bytes | None]]:
    """(number from 1, offset, line without its end); None for a line over `limit` bytes, which is passed over."""
    number = 0
    while True:
        offset, line = stream.position, stream.line(limit)
        if not line:
            return
        number += 1
        if line.endswith(b"\n"):
            yield number, offset, line[:-1]
        elif len(line) < limit or not stream.peek(1):
            yield number, offset, line
        else:
            while line and not line.endswith(b"\n"):
                line = stream.line(CHUNK)
            yield number, offset, None


class RawStream(io.RawIOBase):
    """A stream for libraries that read files. With `broken_is_end`, what breaks it is kept in `problem`."""

    def __init__(self, stream: Stream, broken_is_end: bool = False) -> None:
        self._stream, self._broken_is_end = stream, broken_is_end
        self.problem: Broken | None = None

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes."""
        try:
            return self._stream.read(size if size > 0 else CHUNK)
        except Broken as problem:
            if not self._broken_is_end:
                raise
            self.problem = problem
            return b""


@dataclass
class Reading:
    """The reading of one file: its limits, and what was spent of them by all that it holds."""

    limits: Limits
    columns: Columns
    unpacked: int = 0
    members: int = 0

    def unpack(self, size: int) -> None:
        """Count bytes that were unpacked."""
        self.unpacked += size
        self.check()

    def member(self) -> None:
        """Count a member of an archive."""
        self.members += 1
        if self.members > self.limits.members:
            raise Broken("too many members", f"more than {self.limits.members:,}")

    def check(self) -> None:
        """`Broken` once the file has unpacked to more than it may."""
        if self.unpacked > self.limits.unpacked_gigabytes * 1e9:
            raise Broken("unpacks to too much", f"more than {self.limits.unpacked_gigabytes:g} GB")


@dataclass
class Source:
    """One thing to be read: a file, or a member of an archive. `file` is there where it can be read in any order."""

    origin: str
    stream: Stream
    reading: Reading
    file: BinaryIO | None = None
    depth: int = 0
    compression: str = field(default="")  # set only for readers that unpack by themselves
    charset: str = ""  # of a document, where it is declared outside of it

    @property
    def limits(self) -> Limits:
        """The limits of the whole file."""
        return self.reading.limits

    def any_order(self) -> BinaryIO:
        """The bytes in any order; what has to be held in memory for that is bounded."""
        if self.file is None:
            data = self.stream.whole(self.limits.line_bytes, "too long to be read inside something else")
            self.file = io.BytesIO(data)
        return self.file

    def member(self, name: str, read: Callable[[int], bytes]) -> Source:
        """A member of this archive; `Broken` where archives are nested too deep."""
        if self.depth >= _MOST_DEEP:
            raise Broken("archives nested too deep", f"more than {_MOST_DEEP}")
        return Source(f"{self.origin}!{name}", Stream(read), self.reading, depth=self.depth + 1)

"""Rows of JSON: JSON Lines, and arrays or sequences of objects, cut into rows without reading the whole file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from chatwright.corpus.readers.decoding import as_utf8, decoded_row
from chatwright.corpus.readers.found import Broken, Row
from chatwright.corpus.readers.stream import CHUNK, Source, Stream, lines

_MOST_VALUES = 500_000  # in one row; as Python's objects they take some hundred bytes each
_MOST_STEPS = 20_000_000  # in values that are none, after which a file is given up: some seconds
_STEP = 64  # bytes that are passed over in the time that a bracket takes
_BETWEEN = re.compile(rb"[\s,]*+")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SCALAR = re.compile(_STRING.pattern + rb'|[^\s,\[\]{}"]++', re.DOTALL)
# All up to the next bracket; a string is passed over whole, and none holds a bare line end.
_INSIDE = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+")*+')
_OPENING = {ord("}"): ord("{"), ord("]"): ord("[")}


def json_line_rows(source: Source) -> Iterator[Row]:
    """Each line's value, numbered by lines; empty lines are passed over."""
    for number, offset, line in lines(as_utf8(source.stream), source.limits.line_bytes):
        if line is None:
            problem = Broken("row too long", f"the limit is {source.limits.line_megabytes:g} MB")
            yield Row(source.origin, number, number, offset, problem)
        elif line.strip():
            yield _row(line, source, number, number, offset)


def json_rows(source: Source) -> Iterator[Row]:
    """Each object of an array, or of objects that follow one another, numbered from 1."""
    stream = as_utf8(source.stream)
    stream.line_ends = 0
    number = 0
    for offset, value in values(stream, source.limits.line_bytes):
        number += 1
        if isinstance(value, Broken):  # it is not passed yet
            yield Row(source.origin, number, stream.line_ends + 1, offset, value)
        else:
            yield _row(value, source, number, stream.line_ends + 1 - value.count(b"\n"), offset)
    if not number:
        raise Broken("no rows", "the file holds no JSON objects")


def _row(data: bytes, source: Source, number: int, line: int, offset: int) -> Row:
    try:
        value = _parsed(data, source.limits.row_memory)
    except Broken as problem:
        value = problem
    return Row(source.origin, number, line, offset, value, nuls=b"\0" in data)


def _parsed(data: bytes, most: int) -> Any:
    """The value of a row; `Broken` where it is none, or one that would not fit into memory."""
    signs = _signs(data) if len(data) > CHUNK else 0
    if signs > _MOST_VALUES:
        signs -= sum(_signs(string.group()) for string in _STRING.finditer(data))
    if signs > _MOST_VALUES:
        raise Broken("row of too many values", f"more than {_MOST_VALUES:,}")
    text = decoded_row(data, most)
    try:
        return json.loads(text)
    except RecursionError:
        raise Broken("row nested too deep") from None
    except ValueError as error:
        raise Broken("row is no JSON", str(error)) from None


def _signs(data: bytes) -> int:
    """Signs that each begin a value, where they do not stand in a string."""
    return sum(data.count(sign) for sign in (b",", b"[", b"{"))


def values(stream: Stream, limit: int) -> Iterator[tuple[int, bytes | Broken]]:
    """(offset, bytes) of each object or scalar, in an array or one after the other; `Broken` of those cut wrongly.

    A value ends with its outermost bracket. Where brackets or quotes do not match, reading goes on with the next
    line that begins as that value did; not for ever, as each of them may be looked at up to the end.

    >>> import io
    >>> list(values(Stream(io.BytesIO(b'[{"a": "]"}, 2]').read), 100))
    [(1, b'{"a": "]"}'), (13, b'2')]
    """
    inside = False
    indent = b""
    steps = 0
    while True:
        space = _skip_between(stream)
        indent = space.rpartition(b"\n")[2] if b"\n" in space else indent
        first = stream.ready(1)
        if not first:
            return
        offset = stream.position
        if first == b"[" and not inside:
            inside = True
            stream.skip(1)
        elif first in b"]}":
            inside = False
            stream.skip(1)
        elif first in b"[{":
            size, problem = _size(stream, limit)
            if problem is None:
                yield offset, stream.read(size)
                continue
            yield offset, problem
            steps += size
            if problem.rule == "row too long" or not _resume(stream, indent):
                return
            if steps > _MOST_STEPS:
                yield stream.position, Broken("too much that is no JSON", "what is behind it is not read")
                return
        else:
            scalar = _scalar(stream, limit)
            yield offset, scalar
            if isinstance(scalar, Broken) and not _resume(stream, indent):
                return


def _skip_between(stream: Stream) -> bytes:
    """Pass over white space and commas; the last of it is returned."""
    while piece := stream.ready(4096):
        match = _BETWEEN.match(piece)
        size = match.end() if match else 0
        stream.skip(size)
        if size < len(piece):
            return piece[:size]
    return b""


def _scalar(stream: Stream, limit: int) -> bytes | Broken:
    size = 4096
    while True:
        piece = stream.ready(size)
        match = _SCALAR.match(piece)
        if match and (match.end() < len(piece) or len(piece) < size):
            return stream.read(match.end())
        if len(piece) < size or size > limit:
            return Broken("row is no JSON", "a quote that is never closed" if piece[:1] == b'"' else "")
        size *= 4


def _size(stream: Stream, limit: int) -> tuple[int, Broken | None]:
    """How many bytes the value that begins here takes; or the steps of looking at `limit` bytes, and a problem."""
    opened, scanned, size, steps = bytearray(), 0, min(CHUNK, limit), 0
    piece = stream.ready(size)
    while True:
        match = _INSIDE.match(piece, scanned)
        scanned = match.end() if match else scanned
        steps += 1
        if scanned < len(piece):
            sign = piece[scanned]
            if sign in b"[{":
                opened.append(sign)
                scanned += 1
                continue
            if sign in b"]}":
                if not opened or opened.pop() != _OPENING[sign]:
                    return steps + scanned // _STEP, Broken(
                        "row is no JSON", f"brackets do not match {scanned} bytes in"
                    )
                scanned += 1
                if not opened:
                    return scanned, None
                continue
            if b"\n" in piece[scanned:]:
                return steps + scanned // _STEP, Broken(
                    "row is no JSON", f"a quote that is not closed {scanned} bytes in"
                )
        if len(piece) < size:
            return steps + scanned // _STEP, Broken("row is no JSON", "it ends too early")
        if size >= limit:
            return steps + scanned // _STEP, Broken("row too long", f"the limit is {limit / 1e6:g} MB")
        size = min(limit, 2 * size)
        piece = stream.ready(size)


def _resume(stream: Stream, indent: bytes) -> bool:
    """Go to the next line that begins with `indent` and a brace; False where there is none."""
    stream.skip(1)
    while line := stream.line(CHUNK):
        if line.endswith(b"\n") and stream.peek(len(indent) + 1) == indent + b"{":
            return True
    return False

"""Tables of text (CSV, TSV): rows cut as RFC 4180 says, quotes that are never closed cost their own row only."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from chatwright.corpus.readers.columns import has_text
from chatwright.corpus.readers.decoding import as_utf8, decoded_row
from chatwright.corpus.readers.found import Broken, Row
from chatwright.corpus.readers.stream import Source, lines

_DELIMITERS = ",;\t|"
_MOST_FIELDS = 500_000  # of one row
_LINE_MEMORY = 64  # bytes that a line takes beside its text, as long as it may belong to a quote
_CLOSING = re.compile(r'[^"]*+(?:""[^"]*+)*+"(?!")')  # up to the quote that ends a field; "" is a quote in it


def table_rows(source: Source, delimiter: str | None = None) -> Iterator[Row]:
    """Each row as an object, numbered from 1 after the header; without `delimiter` the header tells it.

    The csv module is not used: its limit for a field is one for the whole process, and a quote that is never
    closed swallows all that comes after it.
    """
    table = Table(source, delimiter)
    header = next(table.rows, None)
    if header is None:
        raise Broken("empty file", "no header")
    names = header if isinstance(header, list) else []
    if not has_text(names, source.reading.columns):
        raise Broken("no text column", f"columns: {', '.join(names)[:200]}")
    table.nuls = False
    for number, row in enumerate(table.rows):
        value: dict[str, str] | Broken
        if isinstance(row, Broken):
            value = row
        elif len(row) != len(names):
            value = Broken("row has other columns than the header", f"{len(row)}, not {len(names)}")
        else:
            value = dict(zip(names, row, strict=True))
        yield Row(source.origin, number + 1, table.line, number, value, table.nuls)
        table.nuls = False


class Table:
    """The rows of a table, the header first: lists of fields, or what is wrong with a row.

    `line` is where the last of them began; `nuls` is set where NULs were taken out.
    """

    def __init__(self, source: Source, delimiter: str | None) -> None:
        self._limit, self._memory = source.limits.line_bytes, source.limits.row_memory
        self._lines = lines(as_utf8(source.stream), self._limit)
        self._again = deque[tuple[int, str | Broken]]()  # lines of a row that was none, to be read once more
        self._delimiter = delimiter
        self._last, self.line, self.nuls = 0, 0, False
        self.rows = self._rows()

    def _next_line(self) -> str | Broken | None:
        if self._again:
            self._last, again = self._again.popleft()
            return again
        for number, _, line in self._lines:
            self._last = number
            if line is None:
                return Broken("row too long", f"the limit is {self._limit / 1e6:g} MB")
            try:
                text = decoded_row(line, self._memory)
            except Broken as problem:
                return problem
            self.nuls |= b"\0" in line
            return text.removesuffix("\r")
        return None

    def _rows(self) -> Iterator[list[str] | Broken]:
        while (line := self._next_line()) is not None:
            self.line = self._last
            if isinstance(line, Broken):
                yield line
            elif line.strip():
                if self._delimiter is None:
                    self._delimiter = max(_DELIMITERS, key=line.count)
                yield self._row(line, self._delimiter)

    def _row(self, line: str, delimiter: str) -> list[str] | Broken:
        many = Broken("row of too many values", f"more than {_MOST_FIELDS:,}")
        if '"' not in line:
            return many if line.count(delimiter) >= _MOST_FIELDS else line.split(delimiter)
        fields, place = list[str](), 0
        while len(fields) < _MOST_FIELDS:
            if not line.startswith('"', place):
                end = line.find(delimiter, place)
                fields.append(line[place:] if end < 0 else line[place:end])
                if end < 0:
                    return fields
                place = end + 1
                continue
            match = _CLOSING.match(line, place + 1)
            if match is None and delimiter == "\t":  # tables with tabs are often written without quoting
                end = line.find(delimiter, place)
                fields.append(line[place:] if end < 0 else line[place:end])
            elif match is None:
                opened = self._closed_later(line[place + 1 :])
                if isinstance(opened, Broken):
                    return opened
                field, line = opened
                end = line.find(delimiter)
                fields.append(field.replace('""', '"') + (line if end < 0 else line[:end]))
            else:
                end = line.find(delimiter, match.end())
                field = line[place + 1 : match.end() - 1].replace('""', '"')
                fields.append(field + (line[match.end() :] if end < 0 else line[match.end() : end]))
            if end < 0:
                return fields
            place = end + 1
        return many

    def _closed_later(self, begun: str) -> tuple[str, str] | Broken:
        """(field, rest of its last line) of a field that goes on over line ends."""
        pieces, size, numbers = [begun], len(begun), [self._last]
        while size < self._limit:
            line = self._next_line()
            if line is None:
                break
            if isinstance(line, Broken):
                self._again.appendleft((self._last, line))
                break
            if match := _CLOSING.match(line):
                return "\n".join([*pieces, line[: match.end() - 1]]), line[match.end() :]
            pieces.append(line)
            numbers.append(self._last)
            size += len(line) + _LINE_MEMORY
        self._again.extendleft(reversed(list(zip(numbers, pieces, strict=True))[1:]))
        return Broken("quote that is never closed", begun[:80])

"""Parts: a stage's documents in files of about one size, each worked on by one process and never twice.

A stage's folder holds `part-00000.parquet` … with what stays and `dropped-00000.parquet` … with what went and why. A
part that is there is whole, so a stage that was stopped goes on with the next one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chatwright.core.files import replacing
from chatwright.corpus.private.replace import replace_private

ABOUT = ("title", "url", "date", "language", "license")
_ABOUT_FIELDS = [pa.field(name, pa.large_string(), nullable=False) for name in ABOUT]
_WHERE = [pa.field(name, pa.large_string(), nullable=False) for name in ("id", "source", "origin")]

FOUND = pa.schema(  # as it was found, not yet read as text
    [
        *_WHERE,
        pa.field("format", pa.large_string(), nullable=False),
        pa.field("content", pa.large_binary(), nullable=False),
        pa.field("charset", pa.large_string(), nullable=False),
        *_ABOUT_FIELDS,
    ]
)
DROPS = pa.schema(
    [
        *_WHERE,
        pa.field("stage", pa.large_string(), nullable=False),
        pa.field("rule", pa.large_string(), nullable=False),
        pa.field("value", pa.float64()),  # what was measured, where the rule measures
        pa.field("limit", pa.float64()),
        pa.field("why", pa.large_string(), nullable=False),
        pa.field("kept", pa.large_string()),  # of a copy: the id of the one that stays
        pa.field("excerpt", pa.large_string(), nullable=False),
        pa.field("language", pa.large_string()),  # where it is known by then
    ]
)
CUT = pa.list_(pa.struct([pa.field("kind", pa.large_string()), pa.field("line", pa.large_string())]))
EXCERPT = 300  # characters
SAME, NEARLY = "the same text again", "nearly the same text"  # the rules of copies

_BEYOND = 100  # characters behind an excerpt that are looked at, so that no address is cut before it is found
_BYTES = 8 * 10**6  # of rows that are read or written together
_ROWS = 10_000  # that are cut from a table together
_READ_ROWS = 1_024
_NUMBER = re.compile(r"part-(\d+)\.parquet")

Made = dict[str, Any]  # columns: lists, or arrays of pyarrow
Write = Callable[[pa.Table, pa.Table], None]  # what stays, what went


def part_numbers(folder: Path) -> list[int]:
    """The numbers of a stage's parts, in order."""
    return sorted(int(found[1]) for path in folder.iterdir() if (found := _NUMBER.fullmatch(path.name)))


def part_file(folder: Path, number: int) -> Path:
    """What stays of a part."""
    return folder / f"part-{number:05}.parquet"


def dropped_file(folder: Path, number: int) -> Path:
    """What went from a part."""
    return folder / f"dropped-{number:05}.parquet"


@contextmanager
def writing(folder: Path, number: int, schema: pa.Schema) -> Iterator[Write]:
    """A function that writes pieces of a part: what stays, with this `schema`, and what went.

    What stays comes last to its place, since a part that is there counts as done.
    """
    with (
        replacing(part_file(folder, number)) as kept_aside,
        replacing(dropped_file(folder, number)) as dropped_aside,
        _Rows(kept_aside, schema) as kept,
        _Rows(dropped_aside, DROPS) as dropped,
    ):

        def write(stays: pa.Table, goes: pa.Table) -> None:
            kept.write(stays)
            dropped.write(goes)

        yield write


def write_part(folder: Path, number: int, kept: pa.Table, dropped: pa.Table) -> None:
    """Write a part that is in memory."""
    with writing(folder, number, kept.schema) as write:
        write(kept, dropped)


class _Rows:
    """Rows on their way into a file, in groups of about one size."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._schema, self._held, self._bytes = schema, list[pa.Table](), 0

    def write(self, table: pa.Table) -> None:
        """Take these rows."""
        self._held.append(table)
        self._bytes += table.nbytes
        if self._bytes >= _BYTES:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.concat_tables([self._schema.empty_table(), *self._held]))
        self._held, self._bytes = [], 0

    def __enter__(self) -> _Rows:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._held:
            self._flush()
        self._writer.close()


def pieces(table: pa.Table) -> Iterator[pa.Table]:
    """The rows of a table in order, few megabytes of their text at a time; a longer text is alone.

    As Python's objects texts take up to four times as much.

    >>> [len(piece) for piece in pieces(pa.table({"text": ["a" * 5_000_000] * 3}))]
    [1, 1, 1]
    """
    text = next((name for name in ("text", "excerpt", "content") if name in table.column_names), None)
    sizes = pc.binary_length(table[text]).fill_null(0).to_numpy() if text else np.zeros(len(table), np.int64)
    ends = np.cumsum(sizes + _BYTES // _ROWS)
    start = 0
    while start < len(table):
        before = ends[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(ends, before + _BYTES, side="right")))
        yield table.slice(start, end - start)
        start = end


def read_piece_by_piece(
    folder: Path, columns: Sequence[str] | None = None, numbers: Sequence[int] | None = None
) -> Iterator[pa.Table]:
    """What stays of each part (or of those with these numbers), in order; of an empty one an empty table."""
    for number in part_numbers(folder) if numbers is None else numbers:
        with pq.ParquetFile(part_file(folder, number), pre_buffer=False) as file:
            if not file.metadata.num_rows:
                yield file.read(columns)
            for batch in file.iter_batches(_READ_ROWS, columns=columns):
                yield from pieces(pa.Table.from_batches([batch]))


def read_parts(folder: Path, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """What stays of each part, in order."""
    for number in part_numbers(folder):
        yield pq.read_table(part_file(folder, number), columns=columns)


def read_drops(folders: Iterable[Path]) -> Iterator[pa.Table]:
    """What went, of each part of these stages."""
    for folder in folders:
        for number in part_numbers(folder):
            yield pq.read_table(dropped_file(folder, number))


def read_cut(folders: Iterable[Path]) -> Iterator[list[dict[str, Any]]]:
    """The lines that went from documents, piece by piece of these stages: id, origin, kind, line."""
    for folder in folders:
        for number in part_numbers(folder):
            if "cut" not in pq.read_schema(part_file(folder, number)).names:
                continue
            for piece in read_piece_by_piece(folder, ["id", "origin", "cut"], [number]):
                yield [
                    {"id": row["id"], "origin": row["origin"], **line}
                    for row in piece.filter(pc.greater(pc.list_value_length(piece["cut"]), 0)).to_pylist()
                    for line in row["cut"]
                ]


def drop_table(goes: pa.Table, stage: str, kept: Sequence[str | None] | None = None) -> pa.Table:
    """The drops of a stage out of rows with `rule`, `value`, `limit`, `why`, and a text for its excerpt."""
    texts = goes["text"].to_pylist() if "text" in goes.column_names else [""] * len(goes)
    columns = {
        **{name: goes[name] for name in ("id", "source", "origin")},
        "stage": [stage] * len(goes),
        **{name: goes[name] for name in ("rule", "value", "limit", "why")},
        "kept": kept or [None] * len(goes),
        "excerpt": [excerpt(text or "") for text in texts],
        "language": goes["language"] if "language" in goes.column_names else [None] * len(goes),
    }
    arrays = [
        pa.array(column, field.type) if isinstance(column, list) else column.combine_chunks().cast(field.type)
        for field in DROPS
        for column in [columns[field.name]]
    ]
    return pa.Table.from_arrays(arrays, schema=DROPS)


def excerpt(text: str) -> str:
    """How a text begins, with placeholders for personal data."""
    return replace_private(text[: EXCERPT + _BEYOND])[0][:EXCERPT]

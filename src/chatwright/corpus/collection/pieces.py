"""Parts in pieces of a few megabytes: read and written so, a part is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chatwright.core.files import replacing
from chatwright.corpus.collection.parts import DROPS, dropped_file, part_file, part_numbers

_BYTES = 8 * 10**6  # of texts, in UTF-8; as Python's they take up to four times as much
_ROWS = 10_000
_READ_ROWS = 512

Write = Callable[[pa.Table, pa.Table], None]  # what stays, what went


def pieces(table: pa.Table) -> Iterator[pa.Table]:
    """The rows of a table in order, few megabytes of `text` or `excerpt` at a time; a longer text is alone.

    >>> [len(piece) for piece in pieces(pa.table({"text": ["a" * 5_000_000] * 3}))]
    [1, 1, 1]
    """
    text = next((name for name in ("text", "excerpt") if name in table.column_names), None)
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


@contextmanager
def writing_part(folder: Path, number: int, schema: pa.Schema) -> Iterator[Write]:
    """A function that writes pieces of a part. As in `write_part` a part that is there is whole."""
    with (
        replacing(part_file(folder, number)) as kept_aside,
        replacing(dropped_file(folder, number)) as dropped_aside,
        pq.ParquetWriter(kept_aside, schema, compression="zstd") as kept,
        pq.ParquetWriter(dropped_aside, DROPS, compression="zstd") as dropped,
    ):

        def write(stays: pa.Table, goes: pa.Table) -> None:
            kept.write_table(stays)
            dropped.write_table(goes)

        yield write

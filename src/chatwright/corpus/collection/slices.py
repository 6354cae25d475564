"""Tables cut into pieces that are small as Python's objects too, where a text takes up to four bytes a character."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_BYTES = 8 * 10**6  # of texts, in UTF-8
_ROWS = 10_000


def slices(table: pa.Table) -> Iterator[pa.Table]:
    """The rows of a table in order, in pieces of few megabytes; a longer text is a piece of its own.

    >>> [len(piece) for piece in slices(pa.table({"text": ["a" * 5_000_000] * 3}))]
    [1, 1, 1]
    """
    text = next(name for name in ("text", "excerpt", "content") if name in table.column_names)
    ends = np.cumsum(pc.binary_length(table[text]).fill_null(0).to_numpy() + _BYTES // _ROWS)
    start = 0
    while start < len(table):
        before = ends[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(ends, before + _BYTES, side="right")))
        yield table.slice(start, end - start)
        start = end

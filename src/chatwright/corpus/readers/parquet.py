"""Parquet: row groups read batch by batch; a broken group costs its own rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatwright.corpus.readers.columns import has_text, wanted
from chatwright.corpus.readers.found import Broken, Row
from chatwright.corpus.readers.stream import Source
from chatwright.corpus.readers.unpack import Ratio

_BATCH_BYTES = 16 * 10**6  # of unpacked columns, on average, that are in memory at a time
_BATCH_ROWS = 1_024


def parquet_rows(source: Source) -> Iterator[Row]:
    """Each row as an object, numbered from 1."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(source.any_order(), pre_buffer=False, buffer_size=1 << 16)
        names = file.schema_arrow.names
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Broken("broken parquet", str(error)) from None
    if not has_text(names, source.reading.columns):
        raise Broken("no text column", f"columns: {', '.join(names)[:200]}")
    first = 0
    # A long text that many rows share is kept once: a batch cannot unpack to more than its pages do.
    shared = [name for name in wanted(names, source.reading.columns) if _is_text(file.schema_arrow.field(name).type)]
    file = pq.ParquetFile(source.any_order(), pre_buffer=False, buffer_size=1 << 16, read_dictionary=shared)
    ratio = Ratio(source.reading)
    for group in range(file.num_row_groups):
        metadata = file.metadata.row_group(group)
        number = first
        try:
            for row in _rows(file, group, names, source, ratio):
                number += 1
                yield Row(source.origin, number, None, number - 1, row)
        except Broken as problem:
            yield Row(source.origin, number + 1, None, number, problem)
            source.reading.check()
        except (pa.ArrowException, OSError, ValueError) as error:
            yield Row(source.origin, number + 1, None, number, Broken("broken row group", str(error)[:300]))
        first += metadata.num_rows


def _is_text(kind: Any) -> bool:
    return str(kind) in {"string", "large_string", "binary", "large_binary"}


def _rows(file: Any, group: int, names: list[str], source: Source, ratio: Ratio) -> Iterator[dict[str, Any]]:
    # Sizes of single columns are not asked for: pyarrow 26 ends the whole process where those are broken.
    metadata, columns = file.metadata.row_group(group), wanted(names, source.reading.columns)
    unpacked = max(0, metadata.total_byte_size)
    ratio.count(source.any_order().seek(0, 2), unpacked)
    size = max(1, min(_BATCH_ROWS, _BATCH_BYTES * metadata.num_rows // max(1, unpacked)))
    for batch in file.iter_batches(size, row_groups=[group], columns=columns, use_threads=False):
        for index in range(batch.num_rows):
            yield {name: batch.column(name)[index].as_py() for name in batch.schema.names}

"""Documents that end the process which works on them, as broken content can in a library in another language.

They are looked for only where a process died, and their content is put out of reach, so that each costs a ledger line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from chatwright.corpus.collection.parts import DROPS, part_file, write_part
from chatwright.corpus.engine import ProcessDiedError, run_apart

DEADLY = "deadly"  # the format that such a document gets, with no content


def spared(
    before: Path, aside: Path, numbers: Sequence[int], work: Callable[..., Any], reads: Sequence[str], options: Any
) -> bool:
    """Write these parts of `before` to `aside`, with deadly documents marked; False where none of them is deadly.

    `work` is what `map_parts` does; the parts have the columns of `FOUND`.
    """
    aside.mkdir(exist_ok=True)
    count = 0
    for number in numbers:
        table = pq.read_table(part_file(before, number))
        deadly = _deadly(table.select(list(reads)), work, options)
        marks = {"format": (DEADLY, pa.large_string()), "content": (b"", pa.large_binary())}
        for name, (cell, kind) in marks.items():
            cells = table[name].to_pylist()
            for place in deadly:
                cells[place] = cell
            table = table.set_column(
                table.schema.get_field_index(name), table.schema.field(name), [pa.array(cells, kind)]
            )
        write_part(aside, number, table, pa.Table.from_pylist([], schema=DROPS))
        count += len(deadly)
    return count > 0


def _deadly(columns: pa.Table, work: Callable[..., Any], options: Mapping[str, Any]) -> list[int]:
    """Which rows end a process: halves of what ends one are tried until single rows are left."""
    found, left = list[int](), [(0, len(columns))]
    while left:
        start, count = left.pop()
        if not count or _lives(columns.slice(start, count), work, options):
            continue
        if count == 1:
            found.append(start)
        else:
            left += [(start, count // 2), (start + count // 2, count - count // 2)]
    return sorted(found)


def _lives(columns: pa.Table, work: Callable[..., Any], options: Mapping[str, Any]) -> bool:
    try:
        run_apart(_try, columns, work, dict(options))
    except ProcessDiedError:
        return False
    except RuntimeError:  # an error of the work's own, which is not for us to hide
        return True
    return True


def _try(columns: pa.Table, work: Callable[..., Any], options: dict[str, Any]) -> None:
    work(*(column.to_pylist() for column in columns.columns), **options)

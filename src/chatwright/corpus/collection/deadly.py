"""Documents that end the process which works on them, as broken content can in a library in another language.

They are looked for only where a process died, and their content is put out of reach, so that each costs a ledger line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chatwright.corpus.collection.parts import DROPS, FOUND, read_piece_by_piece, writing
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
        with writing(aside, number, FOUND) as write:
            for piece in read_piece_by_piece(before, FOUND.names, [number]):
                deadly = _deadly(piece.select(list(reads)), work, options)
                marked = pa.array(np.isin(np.arange(len(piece)), deadly))
                for name, cell in {"format": DEADLY, "content": b""}.items():
                    cells = pc.if_else(marked, pa.scalar(cell, piece[name].type), piece[name])
                    piece = piece.set_column(piece.schema.get_field_index(name), FOUND.field(name), cells)
                write(piece, DROPS.empty_table())
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

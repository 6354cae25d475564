"""A stage that looks at one document at a time: its work on every part, spread over processes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from chatwright.core.progress import Progress
from chatwright.corpus.collection.parts import (
    ABOUT,
    Made,
    drop_table,
    part_file,
    part_numbers,
    read_piece_by_piece,
    writing,
)
from chatwright.corpus.engine import ProcessDiedError, spread
from chatwright.corpus.settings import EngineSettings

_KEPT = ("id", "source", "origin", *ABOUT, "text", "quality")  # columns that a stage hands on if it makes no others
_JUDGED = [
    pa.field("rule", pa.large_string()),
    pa.field("value", pa.float64()),
    pa.field("limit", pa.float64()),
    pa.field("why", pa.large_string()),
]

Work = Callable[..., Made]  # columns of a batch, in the order in which the stage names them, to new columns
Spare = Callable[[Path, Path, Sequence[int], Work, Sequence[str], Mapping[str, Any]], bool]


def map_parts(
    before: Path,
    folder: Path,
    stage: str,
    work: Work,
    *,
    reads: Sequence[str],
    makes: Mapping[str, pa.DataType],
    options: Mapping[str, Any],
    engine: EngineSettings,
    progress: Progress,
    spare: Spare | None = None,
) -> None:
    """Do `work` on every part of `before` that is not done yet.

    `work(*columns, **options)` gets the columns it `reads` as lists and returns those it `makes`, and besides them
    `rule` (null: the text stays), `value`, `limit` and `why`. Of the others those about the document stay as they are.

    Where a process dies, `spare` writes parts that are survived (`deadly.spared`).
    """
    before, folder = before.resolve(), folder.resolve()  # a cluster's processes begin elsewhere
    numbers, aside = part_numbers(before), folder / "spared"

    def left() -> list[int]:
        done = set(part_numbers(folder))
        return [number for number in numbers if number not in done]

    def tell() -> None:
        done = len(numbers) - len(left())
        progress.update(done / max(1, len(numbers)), f"{done} of {len(numbers)} parts")

    told = (folder, stage, work, reads, dict(makes), dict(options))
    tell()
    while some := left():
        sizes = [part_file(before, number).stat().st_size for number in some]
        died = spread(engine, _map_parts, some, before, *told, sizes=sizes, waiting=tell)
        undone = set(left())
        firsts = (next((number for number in share if number in undone), None) for share in died)
        deadly = [number for number in firsts if number is not None]
        if not deadly:
            continue
        try:
            spared = spare is not None and spare(before, aside, deadly, work, reads, options)
            if not spared or spread(engine, _map_parts, deadly, aside, *told, sizes=[1] * len(deadly), waiting=tell):
                raise ProcessDiedError(
                    "the process that did the work died, and of no document",
                    where=f"{stage}: {part_file(before, deadly[0])}",
                    remedy="it may have had too little memory: set engine.threads to 1, and run the same command again",
                )
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _map_parts(numbers: Sequence[int], before: Path, folder: Path, *told: Any) -> None:
    for number in numbers:
        _map_part(before, folder, number, *told)


def _map_part(
    before: Path,
    folder: Path,
    number: int,
    stage: str,
    work: Work,
    reads: Sequence[str],
    makes: Mapping[str, pa.DataType],
    options: Mapping[str, Any],
) -> None:
    there = pq.read_schema(part_file(before, number))
    rest = [name for name in _KEPT if name in there.names and name not in makes]
    stays = pa.schema([*(there.field(name) for name in rest), *(pa.field(*made) for made in makes.items())])
    judged = pa.schema([*stays, *_JUDGED])
    with writing(folder, number, stays) as write:
        for piece in read_piece_by_piece(before, list(dict.fromkeys([*rest, *reads])), [number]):
            if not len(piece):
                continue
            found = work(*(piece[name].to_pylist() for name in reads), **options)
            columns = [piece[field.name] if field.name in rest else found[field.name] for field in judged]
            arrays = [
                pa.array(each, field.type) if isinstance(each, list) else each
                for each, field in zip(columns, judged, strict=True)
            ]
            table = pa.Table.from_arrays(arrays, schema=judged)
            goes = table.filter(table["rule"].is_valid())
            write(table.filter(table["rule"].is_null()).select(stays.names), drop_table(goes, stage))

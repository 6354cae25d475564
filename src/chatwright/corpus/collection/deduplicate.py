"""Copies go: the same text again first, then what is nearly the same; a drop names the text that stays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chatwright.core.progress import Progress
from chatwright.corpus.collection.clusters import write_clusters
from chatwright.corpus.collection.parts import (
    NEARLY,
    SAME,
    drop_table,
    part_file,
    part_numbers,
    read_piece_by_piece,
    writing,
)
from chatwright.corpus.duplicates import Copy, find_copies, same_texts
from chatwright.corpus.engine import engaged, start
from chatwright.corpus.settings import DuplicateSettings, EngineSettings

STAGE = "deduplicate"
_FRAME_BYTES = 8 * 10**6  # on the disk, where texts take a third of their size or less


def deduplicate(
    before: Path, folder: Path, settings: DuplicateSettings, engine: EngineSettings, progress: Progress
) -> None:
    """Write each part of `before` without copies."""
    progress.update(0.1, "comparing")
    same, nearly = engaged(engine, _compare, before, folder, settings)
    kept_for = {copy.id: (SAME, copy) for copy in same}
    kept_for |= {copy.id: (NEARLY, copy) for copy in nearly}
    numbers = part_numbers(before)
    for at, number in enumerate(numbers):
        progress.update(0.6 + 0.4 * at / len(numbers), f"part {at + 1} of {len(numbers)}")
        with writing(folder, number, pq.read_schema(part_file(before, number))) as write:
            for table in read_piece_by_piece(before, numbers=[number]):
                stays = pa.array([text not in kept_for for text in table["id"].to_pylist()], pa.bool_())
                write(table.filter(stays), _drops(table.filter(pc.invert(stays)), kept_for, settings))
    write_clusters(folder)


def _drops(goes: pa.Table, kept_for: Mapping[str, tuple[str, Copy]], settings: DuplicateSettings) -> pa.Table:
    """What the ledger says of copies."""
    gone = [kept_for[text] for text in goes["id"].to_pylist()]
    made = {
        "rule": pa.array([rule for rule, _ in gone], pa.large_string()),
        "value": pa.array([copy.similarity for _, copy in gone], pa.float64()),
        "limit": pa.array([settings.similarity] * len(gone), pa.float64()),
        "why": pa.array([""] * len(gone), pa.large_string()),
    }
    for name, column in made.items():
        goes = goes.append_column(name, column)
    return drop_table(goes, STAGE, [copy.kept for _, copy in gone])


def frames(daft: Any, folder: Path, engine: EngineSettings) -> list[Any]:
    """Ids and texts that stay after a stage: a frame for a few parts, so that no more than these are in memory.

    A cluster gets all of them as one frame, to share out.
    """
    groups, size = list[list[str]](), 0
    for path in (part_file(folder, number) for number in part_numbers(folder)):
        if not groups or (size >= _FRAME_BYTES and engine.runner == "native"):
            groups.append([])
            size = 0
        groups[-1].append(str(path))
        size += path.stat().st_size
    return [daft.read_parquet(group).select("id", "text") for group in groups]


def _compare(
    before: Path, folder: Path, settings: DuplicateSettings, engine: EngineSettings
) -> tuple[list[Copy], list[Copy]]:
    daft = start(engine)
    parts = frames(daft, before, engine)
    same = same_texts(daft, parts, folder)
    if same:
        gone = daft.from_pydict({"id": [copy.id for copy in same]})
        parts = [part.join(gone, on="id", how="anti") for part in parts]
    return same, find_copies(daft, parts, settings, folder)

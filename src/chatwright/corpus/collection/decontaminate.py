"""Texts go that hold what a model will be asked: runs of its words, or nearly all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from chatwright.core.files import read_json, replacing, write_json
from chatwright.core.progress import Progress
from chatwright.corpus.collection import documents
from chatwright.corpus.collection.collect import Item
from chatwright.corpus.collection.deduplicate import frames
from chatwright.corpus.collection.mapping import map_parts
from chatwright.corpus.collection.met import write_met
from chatwright.corpus.collection.settings import CollectionSettings
from chatwright.corpus.contamination import Asked, item_runs
from chatwright.corpus.duplicates import Copy, find_like
from chatwright.corpus.engine import engaged, start
from chatwright.corpus.settings import DuplicateSettings, EngineSettings

STAGE = "decontaminate"
_RUNS_FILE, _NEAR_FILE = "asked.npz", "near.json"


def decontaminate(
    before: Path,
    folder: Path,
    items: Callable[[], Iterable[Item]],
    settings: CollectionSettings,
    progress: Progress,
) -> None:
    """Write each part of `before` without the texts that hold any of the `items`; and which items were met."""
    limits, runs, near = settings.contamination, folder / _RUNS_FILE, folder / _NEAR_FILE
    if not runs.exists():
        with replacing(runs) as aside:
            Asked.of((text for item in items() for text in item.texts), limits.words, limits.least).save(aside)
    if not near.exists():
        progress.update(0.0, "comparing")
        first = dict[str, str]()  # each text once: many items may begin alike
        for item in items():
            for number, text in enumerate(item.texts):
                if any(True for _ in item_runs(text, limits.words, limits.least)):  # long enough to be no chance
                    first.setdefault(text, f"{item.id}:{number}")
        told = {name: text for text, name in first.items()}
        like = engaged(settings.engine, _compare, before, folder, told, settings.duplicates)
        write_json(near, {copy.id: [copy.kept.partition(":")[0], copy.similarity] for copy in like})
    map_parts(
        before,
        folder,
        STAGE,
        documents.decontaminate,
        reads=("id", "text"),
        makes=documents.DECONTAMINATED,
        options={
            "asked": str(runs.resolve()),
            "share": limits.share,
            "near": str(near.resolve()),
            "similarity": settings.duplicates.similarity,
        },
        engine=settings.engine,
        progress=progress,
    )
    met = {document: item for document, (item, _) in read_json(near).items()}
    write_met(before, folder, items(), Asked.load(runs), met, limits.words, limits.least)


def _compare(
    before: Path, folder: Path, told: dict[str, str], settings: DuplicateSettings, engine: EngineSettings
) -> list[Copy]:
    if not told:
        return []
    daft = start(engine)
    others = daft.from_pydict({"id": list(told), "text": list(told.values())})
    return find_like(daft, frames(daft, before, engine), others, settings, folder)

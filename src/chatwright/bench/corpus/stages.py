"""The real stages of a collection, carried out on texts of the bench, with what each costs."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatwright.bench.corpus.memory import watched
from chatwright.core.progress import Silent
from chatwright.corpus.collection.parts import read_parts
from chatwright.pipeline import collection
from chatwright.pipeline.job import Job, Show
from chatwright.recipe import Recipe

BEFORE = ("collect", "extract")
KEEPING = ("clean", "judge", "deduplicate")  # from text to kept text
AFTER = ("corpus",)
SILENT: Show = lambda _: nullcontext(Silent())  # noqa: E731

Source = dict[str, Any]


@dataclass(frozen=True)
class Cost:
    """What a stage took: wall time, and the most memory of all its processes (0: not looked at)."""

    seconds: float
    bytes: int


def collection_job(run: Path, sources: Sequence[Source], show: Show, **settings: Any) -> Job:
    """A collection of these sources, in a run folder that is made anew; `settings` are those of the collection."""
    shutil.rmtree(run, ignore_errors=True)
    values = {
        "name": "bench",
        "story": "text",
        "text": {"minimum_characters": 1},
        "collection": {"sources": sources, **settings},
    }
    return Job(Recipe.model_validate(values), run, show)


def carry_out(job: Job, stages: Iterable[str], *, memory: bool = False) -> dict[str, Cost]:
    """Carry out stages of which the one before is finished, or that begin; what each of them takes."""
    costs = {}
    for name in stages:
        started = time.perf_counter()
        if memory:
            with watched() as peak:
                getattr(collection, name)(job)
            costs[name] = Cost(time.perf_counter() - started, peak.bytes)
        else:
            getattr(collection, name)(job)
            costs[name] = Cost(time.perf_counter() - started, 0)
    return costs


def documents(job: Job, stage: str) -> dict[str, str]:
    """Id to text of what stays after a stage."""
    found = dict[str, str]()
    for table in read_parts(job.done[stage].folder, ["id", "text"]):
        found |= zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True)
    return found


def write_documents(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    """JSON Lines of texts and their names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps({"id": name, "title": name, "text": text}, ensure_ascii=False) + "\n" for name, text in rows)
    path.write_text("".join(lines), encoding="utf-8")

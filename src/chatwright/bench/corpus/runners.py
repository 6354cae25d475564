"""The same documents stay whether this machine's engine does the work or a cluster of Ray."""

from __future__ import annotations

import shutil
from pathlib import Path

from chatwright.bench.asked import Asked, row
from chatwright.bench.corpus.stages import (
    BEFORE,
    KEEPING,
    SILENT,
    carry_out,
    collection_job,
    documents,
    write_documents,
)
from chatwright.bench.corpus.texts import articles
from chatwright.bench.measured import Row
from chatwright.corpus.engine import run_apart

_ARTICLES = 300
_COPIES = 30  # of them, with a sentence more


def measure_runners(asked: Asked, most: int = _ARTICLES) -> list[Row]:
    """Do both runners keep the same ids and texts? `UsageError` where Ray is not installed."""
    folder = asked.folder / "runners"
    shutil.rmtree(folder, ignore_errors=True)
    chosen = [text for text in articles(asked.data) if len(text) > 2_000][:most]
    copies = [f"{text} This is what there is to say." for text in chosen[:_COPIES]]
    write_documents(folder / "texts.jsonl", ((str(at), text) for at, text in enumerate([*chosen, *copies])))
    with asked.show("runners") as progress:
        kept = []
        for at, runner in enumerate(("native", "ray")):
            progress.update(at / 2, runner)
            kept.append(run_apart(_kept, str(folder), runner))  # Ray goes with the process that started it
    shutil.rmtree(folder)
    same = kept[0] == kept[1]
    return [
        row("native and Ray runner keep the same", float(same), "1: the same", "at least 1", same),
        row("native and Ray runner: documents kept", len(kept[0]), f"of {len(chosen) + len(copies)}"),
    ]


def _kept(folder: str, runner: str) -> dict[str, str]:
    root = Path(folder)
    source = {"name": "texts", "path": str((root / "texts.jsonl").resolve()), "language": "en"}
    engine = {"runner": runner, "part_megabytes": 0.5}
    # articles write their punctuation apart
    job = collection_job(root / runner, [source], SILENT, engine=engine, judge={"off": ["words with letters"]})
    carry_out(job, (*BEFORE, *KEEPING))
    return documents(job, "deduplicate")

"""A recipe being carried out: stages find what is finished, and write one artifact folder each.

A stage asks for what it reads, so any stage can be called alone: what is finished and matches is
reused, what is missing is built first.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

from chatwright.core.artifacts import Artifact, Stage
from chatwright.core.files import hash_file, hash_json, write_json
from chatwright.core.progress import Progress
from chatwright.core.runs import BENCHES, RUNS
from chatwright.recipe import Recipe

CHECKPOINT = "checkpoint.safetensors"  # as `train/checkpoint.py` names it, which loads torch

Show = Callable[[str], AbstractContextManager[Progress]]  # a stage's name to its progress display


def run_folder(recipe: Recipe, out: str | None) -> Path:
    """`out`, or a folder of its own below runs/ for every different recipe."""
    if out:
        return Path(out)
    return RUNS / f"{recipe.name}-{hash_json(recipe.model_dump(mode='json'))[:8]}"


@dataclass
class Job:
    """A recipe being carried out in a run folder. `done` holds the stages as they finish."""

    recipe: Recipe
    run: Path
    show: Show
    replan: bool = False
    done: dict[str, Artifact] = field(default_factory=dict)

    def build(
        self,
        name: str,
        settings: dict[str, Any],
        inputs: dict[str, Artifact],
        work: Callable[[Path, Progress], dict[str, Any]],
        *,
        resumable: bool = False,
        scratch: tuple[str, ...] = (),
        again: bool = False,
    ) -> Artifact:
        """Reuse the stage's finished artifact, or do the work with its progress shown."""
        stage = Stage(name, settings, inputs, self.recipe.seed)
        finished = None if again else stage.finished(self.run)
        if finished is None:
            with self.show(name) as progress:
                finished = stage.build(
                    self.run, lambda folder: work(folder, progress), resumable=resumable, scratch=scratch, again=again
                )
        return finished


def stage(function: Callable[[Job], Artifact]) -> Callable[[Job], Artifact]:
    """Carry out a stage once per job, however many later stages ask for it."""

    @wraps(function)
    def once(job: Job) -> Artifact:
        if function.__name__ not in job.done:
            job.done[function.__name__] = function(job)
        return job.done[function.__name__]

    return once


def settings_of(recipe: Recipe, *sections: str) -> dict[str, Any]:
    """The settings that a stage depends on, as its manifest keeps them."""
    return {section: getattr(recipe, section).model_dump(mode="json") for section in sections}


def write_scores(folder: Path, scores: dict[str, Any], answers: list[dict[str, Any]]) -> None:
    """What an evaluation leaves: `scores.json`, and `answers.jsonl` with every answer."""
    write_json(folder / "scores.json", scores)
    lines = (json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers)
    (folder / "answers.jsonl").write_text("".join(lines), encoding="utf-8")


def next_token_loss(packed: Artifact, precision: str) -> Callable[[Any], dict[str, float]]:
    """What validates a decoder: its loss on the packed rows `validation`, which training never reads."""

    def validate(model: Any) -> dict[str, float]:
        import torch

        from chatwright.evaluate.perplexity import negative_log_likelihood
        from chatwright.tokens.packing import Rows

        rows = Rows.load(packed.folder, "validation")
        nats = negative_log_likelihood(model, rows, getattr(torch, precision))
        return {"validation_loss": nats / int(rows.learnt.sum())}

    return validate


def report_on(job: Job, scored: Artifact) -> Artifact:
    """The last stage of every story: the page, the scores as JSON, and the model card."""

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.report.build import build_report

        recipe = job.recipe
        title = recipe.title or recipe.name
        return build_report(
            folder,
            job.run,
            recipe.report,
            title=title,
            recipe=recipe.name,
            seed=recipe.seed,
            benches=benches,
            stages=stages,
        )

    benches = sorted(BENCHES.glob("*.json"))
    stages = sorted({artifact.folder.name for artifact in job.done.values()})
    settings = {
        **settings_of(job.recipe, "report"),
        "title": job.recipe.title,
        "recipe": job.recipe.name,
        "stages": stages,
        "benches": {path.stem: hash_file(path) for path in benches},
    }
    return job.build("report", settings, {"evaluate": scored}, work)

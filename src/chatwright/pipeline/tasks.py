"""Public tasks that a run asks of its model beside its own evaluation (`evaluate.tasks`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chatwright.core.progress import Progress
from chatwright.pipeline.job import Job


def task_files(job: Job) -> dict[str, dict[str, str]]:
    """Hashes of the files of each task; what is missing is told before anything is trained (`UsageError`)."""
    from chatwright.corpus.public import public_folder
    from chatwright.evaluate.tasks import task_folder

    return {name: public_folder(_data(job), task_folder(name)) for name in job.recipe.evaluate.tasks}


def ask_tasks(job: Job, model: Path, progress: Progress) -> tuple[dict[str, Any], dict[str, str]]:
    """The figures of each task, and how each is scored."""
    from chatwright.evaluate.tasks import run_task
    from chatwright.interop.pretrained import Pretrained

    recipe, figures, signatures = job.recipe, dict[str, Any](), dict[str, str]()
    if not recipe.evaluate.tasks:
        return figures, signatures
    asked, data = Pretrained.load(model), Path(str(_data(job)))
    for name in recipe.evaluate.tasks:
        outcome = run_task(name, asked, data, recipe.evaluate, recipe.generate, None, progress)
        figures[name], signatures[name] = outcome.figures, outcome.signatures["accuracy"]
    return figures, signatures


def _data(job: Job) -> str | None:
    """The folder of public data."""
    return job.recipe.text.data if job.recipe.story == "text" else job.recipe.messages.data

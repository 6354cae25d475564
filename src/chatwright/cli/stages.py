"""Carrying out a recipe, up to some stage, and telling what came out."""

from __future__ import annotations

import os
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chatwright.cli.display import print_json, show
from chatwright.core.artifacts import Artifact
from chatwright.core.errors import StoppedError, UsageError
from chatwright.core.files import read_json
from chatwright.core.runs import locked
from chatwright.pipeline.job import Job, run_folder
from chatwright.recipe import Recipe, load_recipe

DATA_VARIABLE = "CHATWRIGHT_DATA"
_PUBLIC_DATA = ("pairs", "labels")  # stories that read public data; the recipe's section of that name says which
_SHOWN_ANSWERS = (  # tasks of which an answer is shown, in this order
    *("what", "which", "arguments", "follow-up", "unknown", "small-talk"),
    *("translation", "summary", "classification"),
)


def carry_out(
    stage: str,
    recipe: str | None,
    *,
    docs: str | None,
    data: str | None,
    minutes: float | None,
    out: str | None,
    sets: list[str],
    as_json: bool,
    replan: bool,
) -> None:
    """Build `stage` and all that it needs in the recipe's run folder, and print what came out."""
    loaded = resolve(recipe, docs, minutes, sets, data)
    story = import_module(f"chatwright.pipeline.{loaded.story}")
    if not hasattr(story, stage):
        raise UsageError(f"this recipe has no stage {stage}", where=loaded.name, remedy="see the stages of `run`")
    run = run_folder(loaded, out)
    with locked(run):
        job = Job(loaded, run, show, replan=replan)
        try:
            artifact: Artifact = getattr(story, stage)(job)
        except KeyboardInterrupt:
            raise StoppedError(
                "stopped", where=str(run), remedy="the same command goes on from the last checkpoint"
            ) from None
    if as_json:
        print_json(_result(stage, loaded, run, artifact))
        return
    console = Console()
    if stage == "report":
        _show_run(console, run, artifact, loaded.story)
    else:
        _show_stage(console, artifact)


def resolve(
    recipe: str | None, docs: str | None, minutes: float | None, sets: list[str], data: str | None = None
) -> Recipe:
    """The recipe that the options mean; `--docs` chooses the recipe for folders.

    `--data` or the variable CHATWRIGHT_DATA names the folder of public data sets.
    """
    changes: dict[str, Any] = {"plan.minutes": minutes}
    if docs is not None:
        folder = Path(docs)
        if not folder.is_dir():
            raise UsageError(
                "is not a folder" if folder.exists() else "there is no such folder",
                where=docs,
                remedy="name a folder of Markdown, reStructuredText, text or HTML",
            )
        changes |= {"corpus.source": "folder", "corpus.docs": str(folder.resolve())}
        if recipe is None and not any(override.partition("=")[0].strip() == "name" for override in sets):
            changes["name"] = "docs-" + (re.sub(r"[^\w.-]+", "-", folder.resolve().name).strip("-.") or "folder")
    name = recipe or ("docs" if docs is not None else "python-docs")
    loaded = load_recipe(name, sets, changes)
    section = loaded.story
    if section not in _PUBLIC_DATA:
        if data is not None:
            raise UsageError("this recipe reads no public data set", where=f"--data {data}", remedy="leave it out")
        return loaded
    if docs is not None:
        raise UsageError("this recipe reads no folder of documentation", where=f"--docs {docs}", remedy="leave it out")
    public = data or getattr(loaded, section).data or os.environ.get(DATA_VARIABLE)
    return load_recipe(name, sets, {**changes, f"{section}.data": str(Path(public).resolve())}) if public else loaded


def _result(stage: str, recipe: Recipe, run: Path, artifact: Artifact) -> dict[str, Any]:
    result: dict[str, Any] = {
        "run": str(run),
        "stage": stage,
        "folder": str(artifact.folder),
        "reused": artifact.reused,
        "seconds": artifact.manifest.seconds,
        "figures": artifact.figures,
    }
    if stage == "plan":
        result["plan"] = read_json(artifact.folder / "plan.json")
        result["recipe"] = recipe.model_dump(mode="json")
    if stage == "report":
        result["page"] = str(artifact.folder / "index.html")
        result["scores"] = read_json(artifact.folder / "scores.json")["rows"]
    return result


def _show_stage(console: Console, artifact: Artifact) -> None:
    state = "was finished already" if artifact.reused else f"done in {artifact.manifest.seconds:.1f} s"
    table = Table(title=f"{artifact.manifest.stage}: {state}", title_justify="left", show_header=False)
    for name, value in artifact.figures.items():
        table.add_row(name.replace("_", " "), escape(_spelt(value)))
    console.print(table)
    console.print(f"folder  {artifact.folder}", soft_wrap=True, markup=False, highlight=False)


def _spelt(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_spelt(inner)}" for key, inner in value.items())
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _show_run(console: Console, run: Path, report: Artifact, story: str) -> None:
    rows = read_json(report.folder / "scores.json")["rows"]
    table = Table(title="what it can do", title_justify="left")
    for heading in ("score", "value", "95% interval", "target"):
        table.add_column(heading)
    for row in rows:
        if row.get("target") is None:
            continue
        interval = f"{row['low']:.3f} – {row['high']:.3f}" if row.get("low") is not None else ""
        met = {True: "met", False: "missed", None: ""}[row.get("holds")]
        table.add_row(row["name"], _spelt(row["value"]), interval, f"{row['target']} {met}".strip())
    if table.row_count:
        console.print(table)
    for answer in _sample_answers(run):
        console.print(f"[bold]> {answer['question']}[/bold]", markup=True, highlight=False)
        console.print(f"  {answer['answer']}\n", markup=False, highlight=False)
    console.print(f"report  {report.folder / 'index.html'}", soft_wrap=True, markup=False, highlight=False)
    use = f"talk    chatwright chat {run}" if story == "chat" else f'try     chatwright generate {run} "…"'
    console.print(use, soft_wrap=True, markup=False, highlight=False)


def _sample_answers(run: Path) -> list[dict[str, str]]:
    """The first answer of some tasks, right or wrong."""
    from chatwright.core.metrics import read_metrics

    answers = read_metrics(run / "evaluate" / "answers.jsonl")
    chosen = []
    for task in _SHOWN_ANSWERS:
        if row := next((row for row in answers if row["task"] == task), None):
            asked = " / ".join(m["content"] for m in row["messages"] if m["role"] == "user")
            chosen.append({"question": escape(asked), "answer": row["answer"]})
    return chosen

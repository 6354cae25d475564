"""Carrying out a recipe, up to some stage, and telling what came out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chatwright.cli.display import print_json, show, show_signatures
from chatwright.cli.public import fetch_missing, named_folder, own_folder
from chatwright.core.artifacts import Artifact
from chatwright.core.errors import StoppedError, UsageError
from chatwright.core.files import read_json
from chatwright.core.runs import locked
from chatwright.pipeline.job import Job, run_folder
from chatwright.pipeline.public import PUBLIC_STORIES, public_sets
from chatwright.recipe import Recipe, load_recipe

_SHOWN_ANSWERS = (  # tasks of which an answer is shown, in this order
    *("what", "which", "arguments", "follow-up", "unknown", "small-talk"),
    *("translation", "summary", "reading", "classification", "answers", "continuation"),
)


@dataclass(frozen=True)
class Options:
    """What people may say beside the recipe."""

    docs: str | None = None
    data: str | None = None
    files: Sequence[Path] | None = None
    base: str | None = None
    lora: int | None = None
    minutes: float | None = None
    out: str | None = None
    sets: Sequence[str] | None = None


def carry_out(stage: str, recipe: str | None, options: Options, *, as_json: bool, replan: bool = False) -> None:
    """Build `stage` and all that it needs in the recipe's run folder, and print what came out."""
    loaded, from_hub = _resolve(recipe, options)
    story = import_module(f"chatwright.pipeline.{loaded.story}")
    if not hasattr(story, stage):
        raise UsageError(f"this recipe has no stage {stage}", where=loaded.name, remedy="see the stages of `run`")
    if from_hub:
        fetch_missing(public_sets(loaded), docs=loaded.story == "text")
    run = run_folder(loaded, options.out)
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
        _show_run(console, run, artifact, loaded)
    else:
        _show_stage(console, artifact)


def resolve(recipe: str | None, options: Options) -> Recipe:
    """The recipe that the options mean: `--docs` chooses the one for folders, `--from` and `--file` that for messages.

    `--data` or the variable CHATWRIGHT_DATA names the folder of public data sets; else it is our own, for those that
    the hub has.
    """
    return _resolve(recipe, options)[0]


def _resolve(recipe: str | None, options: Options) -> tuple[Recipe, bool]:
    """The same, and whether it reads our own folder."""
    changes, sets = dict[str, Any]({"plan.minutes": options.minutes}), options.sets or ()
    name = recipe or _meant(options)
    if options.docs is not None:
        folder = Path(options.docs)
        if not folder.is_dir():
            raise UsageError(
                "is not a folder" if folder.exists() else "there is no such folder",
                where=options.docs,
                remedy="name a folder of Markdown, reStructuredText, text or HTML",
            )
        changes |= {"corpus.source": "folder", "corpus.docs": str(folder.resolve())}
        changes |= {"text.docs": str(folder.resolve()), "text.names": []}
        if recipe is None and not any(override.partition("=")[0].strip() == "name" for override in sets):
            changes["name"] = "docs-" + (re.sub(r"[^\w.-]+", "-", folder.resolve().name).strip("-.") or "folder")
    if options.files:
        changes |= {"messages.files": [str(path.resolve()) for path in options.files], "messages.names": []}
    changes |= {"base": options.base, "lora.rank": options.lora}
    loaded = load_recipe(name, sets, changes)
    _refuse_what_it_does_not_read(loaded, options)
    if loaded.story not in PUBLIC_STORIES:
        return loaded, False
    public = options.data or getattr(loaded, loaded.story).data or named_folder(None)
    if not public and not public_sets(loaded):
        return loaded, False
    told = {f"{loaded.story}.data": str(Path(public).resolve() if public else own_folder())}
    return load_recipe(name, sets, {**changes, **told}), not public


def _meant(options: Options) -> str:
    """The recipe where none is named."""
    if options.docs is not None:
        return "docs"
    return "instruct" if options.base or options.files else "python-docs"


def _refuse_what_it_does_not_read(loaded: Recipe, options: Options) -> None:
    """Options that mean nothing to the recipe's story are told, never passed over."""
    unread = []
    if options.data is not None and loaded.story not in PUBLIC_STORIES:
        unread.append((f"--data {options.data}", "this recipe reads no public data set"))
    if options.docs is not None and loaded.story not in ("chat", "text"):
        unread.append((f"--docs {options.docs}", "this recipe reads no folder of documentation"))
    if loaded.story != "messages":
        named = {
            "--from": options.base or loaded.base,
            "--lora": options.lora or loaded.lora.rank,
            "--file": options.files,
        }
        unread += [(name, "this recipe learns no conversations of others") for name, value in named.items() if value]
    elif loaded.lora.rank and not loaded.base:
        unread.append((f"--lora {loaded.lora.rank}", "adapters need a model to adapt: name it with --from MODEL"))
    for where, what in unread:
        raise UsageError(what, where=where, remedy="leave it out, or name another recipe")


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
    if signatures := _signatures(stage, artifact):
        result["signatures"] = signatures
    return result


def _signatures(stage: str, artifact: Artifact) -> dict[str, str]:
    """What the scores of an evaluation or a report depend on: tokenisation, case, version."""
    if stage not in ("evaluate", "report"):
        return {}
    told = read_json(artifact.folder / "scores.json")
    return dict((told if stage == "evaluate" else told["conditions"]).get("signatures") or {})


def _show_stage(console: Console, artifact: Artifact) -> None:
    state = "was finished already" if artifact.reused else f"done in {artifact.manifest.seconds:.1f} s"
    table = Table(title=f"{artifact.manifest.stage}: {state}", title_justify="left", show_header=False)
    for name, value in artifact.figures.items():
        table.add_row(name.replace("_", " "), escape(_spelt(value)))
    console.print(table)
    show_signatures(console, _signatures(artifact.manifest.stage, artifact))
    console.print(f"folder  {artifact.folder}", soft_wrap=True, markup=False, highlight=False)


def _spelt(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_spelt(inner)}" for key, inner in value.items())
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _show_run(console: Console, run: Path, report: Artifact, recipe: Recipe) -> None:
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
        show_signatures(console, _signatures("report", report))
    for answer in _sample_answers(run):
        console.print(f"[bold]> {answer['question']}[/bold]", markup=True, highlight=False)
        console.print(f"  {answer['answer']}\n", markup=False, highlight=False)
    console.print(f"report  {report.folder / 'index.html'}", soft_wrap=True, markup=False, highlight=False)
    talks, reads = recipe.story in ("chat", "messages"), recipe.story == "text" and recipe.text.objective == "masked"
    use = f"talk    chatwright chat {run}" if talks else f'try     chatwright generate {run} "…"'
    if reads:  # an encoder does not write
        use = f'try     chatwright explain {run} "…"'
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

"""Asking a model tasks, and telling what came out; beside another model where one is named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from chatwright.cli.display import print_json, show
from chatwright.cli.stages import DATA_VARIABLE
from chatwright.cli.talk import generation_settings
from chatwright.core.errors import UsageError

_NAMES = {"accuracy": "accuracy", "bleu": "BLEU", "chrf": "chrF", "token_f1": "token F1", "exact_match": "exact"}
_NAMES |= {"rouge_1": "ROUGE-1", "rouge_2": "ROUGE-2", "rouge_l": "ROUGE-L", "accuracy_per_byte": "accuracy, per byte"}


def evaluate_model(
    model: str,
    tasks: list[str],
    *,
    against: str | None,
    data: str | None,
    limit: int | None,
    options: dict[str, Any],
    as_json: bool,
) -> None:
    """Score a model on tasks; with `against` another one too, and the difference item by item."""
    from chatwright.evaluate.settings import EvaluateSettings
    from chatwright.evaluate.tasks import check_tasks, compare, run_task
    from chatwright.interop.pretrained import Pretrained

    folder = data or os.environ.get(DATA_VARIABLE)
    check_tasks(tasks, folder)
    settings, generation = EvaluateSettings(), generation_settings(options)
    loaded = [Pretrained.load(name) for name in (model, against) if name is not None]
    results: dict[str, Any] = {}
    for task in tasks:
        outcomes = []
        for name, asked in zip((model, against), loaded, strict=False):
            with show(f"{task}, {name}") as progress:
                outcomes.append(run_task(task, asked, Path(str(folder)), settings, generation, limit, progress))
        results[task] = {"figures": outcomes[0].figures, "signatures": outcomes[0].signatures}
        if against is not None:
            results[task]["against"] = outcomes[1].figures
            results[task]["difference"] = compare(outcomes[0], outcomes[1], settings, seed=0)
    if as_json:
        print_json({"model": model, "against": against, "tasks": results})
        return
    _show(Console(), model, against, results)


def _show(console: Console, model: str, against: str | None, results: dict[str, Any]) -> None:
    heads = ["task", "figure", model, *([against, "difference"] if against else [])]
    table = Table(title="scores with their 95% intervals", title_justify="left")
    for head in heads:
        table.add_column(head)
    for task, result in results.items():
        for name, figure in result["figures"].items():
            if not isinstance(figure, dict) or "value" not in figure:
                continue
            cells = [task, _NAMES.get(name, name), _spelt(figure)]
            if against:
                cells += [_spelt(result["against"][name]), _spelt(result.get("difference", {}).get(name))]
            table.add_row(*cells)
        if "chance" in result["figures"]:
            table.add_row(task, "chance", f"{result['figures']['chance']:.3f}")
    console.print(table)
    for task, result in results.items():
        for name, text in result["signatures"].items():
            console.print(f"{task} {name}: {text}", markup=False, highlight=False, style="dim")


def _spelt(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "–"
    digits = 1 if figure.get("unit") == "0 to 100" else 3
    return f"{figure['value']:.{digits}f} [{figure['low']:.{digits}f}, {figure['high']:.{digits}f}]"


def split_names(names: str, where: str) -> list[str]:
    """Names with commas between, none empty."""
    found = [name.strip() for name in names.split(",") if name.strip()]
    if not found:
        raise UsageError("no name is given", where=where, remedy="give names with commas between")
    return found


def run_harness(model: str, tasks: list[str], own: Path | None, limit: int | None, as_json: bool) -> None:
    """Score a model by EleutherAI's harness, through its own interface."""
    from chatwright.interop.harness import harness_scores
    from chatwright.interop.pretrained import Pretrained

    scores = harness_scores(Pretrained.load(model), tasks, own, limit)
    if as_json:
        print_json({"model": model, "harness": scores})
        return
    table = Table(title="scores by the evaluation harness", title_justify="left")
    for head in ("task", "figure", "value", "standard error"):
        table.add_column(head)
    for task, figures in scores.items():
        for name, (value, error) in figures.items():
            table.add_row(task, name, f"{value:.4f}", "–" if error is None else f"{error:.4f}")
    Console().print(table)

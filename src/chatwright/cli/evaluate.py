"""Asking a model tasks, and telling what came out; beside another model where one is named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from chatwright.cli.display import print_json, show, show_signatures
from chatwright.cli.public import fetch_missing, named_folder
from chatwright.cli.talk import generation_settings
from chatwright.core.errors import UsageError
from chatwright.core.runs import newest_run

_NAMES = {"accuracy": "accuracy", "bleu": "BLEU", "chrf": "chrF", "token_f1": "token F1", "exact_match": "exact"}
_NAMES |= {"rouge_1": "ROUGE-1", "rouge_2": "ROUGE-2", "rouge_l": "ROUGE-L", "accuracy_per_byte": "accuracy, per byte"}
_NAMES |= {"macro_f1": "macro-F1", "auroc": "AUROC", "baseline_accuracy": "accuracy of TF-IDF", "accuracy_gain": "gain"}
_NAMES |= {"bits_per_byte": "bits per byte"}


_SPELT = {"files": "--file", "base": "--from", "sets": "--set"}  # options whose names differ from the settings'


def refuse(options: Mapping[str, Any], why: str) -> None:
    """`UsageError` for options that were given and would mean nothing."""
    given = [_SPELT.get(name, "--" + name.replace("_", "-")) for name, value in options.items() if value]
    if given:
        raise UsageError(f"{', '.join(given)}: {why}", where="evaluate", remedy="leave it out")


def evaluate_model(
    model: str | None,
    tasks: str | None,
    harness: str | None,
    *,
    data: str | None,
    options: Mapping[str, Any],
    as_json: bool,
) -> None:
    """Score a model (none named: the newest run's) on public tasks, by EleutherAI's harness, or both."""
    if tasks is None:
        told = {name: options.get(name) for name in ("against", "beams", "max_new_tokens", "training_text")}
        refuse({**told, "data": data}, "this is for --tasks")
    if harness is None:
        refuse({"harness_folder": options.get("harness_folder")}, "this is for --harness")
    name, results = model or str(newest_run("evaluate")), dict[str, Any]()
    against = options.get("against")
    if tasks is not None:
        results["tasks"] = _run_tasks(name, split_names(tasks, "--tasks"), against, data, options)
    if harness is not None:
        results["harness"] = _run_harness(name, split_names(harness, "--harness"), options)
    if as_json:
        print_json({"model": name, "against": against, **results})
        return
    console = Console()
    if "tasks" in results:
        _show(console, name, against, results["tasks"])
    if "harness" in results:
        _show_harness(console, results["harness"])


def _run_tasks(
    model: str, tasks: list[str], against: str | None, data: str | None, options: Mapping[str, Any]
) -> dict[str, Any]:
    from chatwright.corpus.collection.settings import ContaminationSettings
    from chatwright.evaluate.clean_subset import clean_scores, met_items, training_text
    from chatwright.evaluate.outcome import Outcome, compare
    from chatwright.evaluate.settings import EvaluateSettings
    from chatwright.evaluate.tasks import check_task_files, check_tasks, run_task, task_folder
    from chatwright.interop.pretrained import Pretrained

    folder, limit = named_folder(data), options.get("limit")
    check_tasks(tasks)
    settings = EvaluateSettings()
    wanted = {key: options.get(key) for key in ("beams", "max_new_tokens")}
    generation_settings(wanted)  # what is wrong with them is told before a model is read
    names = [model] if against is None else [model, against]
    passages = training_text(str(options["training_text"])) if options.get("training_text") else None
    loaded = [Pretrained.load(name) for name in names]
    folder = folder or str(fetch_missing([task_folder(task) for task in tasks]))  # what is wrong otherwise is known now
    check_task_files(tasks, folder)
    results, firsts = dict[str, Any](), dict[str, Outcome]()
    for task in tasks:
        outcomes = []
        for name, asked in zip(names, loaded, strict=True):
            with show(f"{task}, {name}") as progress:
                generation = asked.settings(**wanted)
                outcomes.append(run_task(task, asked, Path(str(folder)), settings, generation, limit, progress))
        firsts[task] = outcomes[0]
        results[task] = {"figures": outcomes[0].figures, "signatures": outcomes[0].signatures}
        if against is not None:
            results[task]["against"] = outcomes[1].figures
            results[task]["signatures"] |= {  # such as another way to write
                f"{name} of {against}": told
                for name, told in outcomes[1].signatures.items()
                if outcomes[0].signatures.get(name) != told
            }
            results[task]["difference"] = compare(outcomes[0], outcomes[1], settings, seed=0)
    if passages is not None:
        with show("training text"):
            met = met_items({task: each.texts for task, each in firsts.items()}, passages, ContaminationSettings())
        for task, outcome in firsts.items():
            results[task]["clean"] = clean_scores(outcome, met[task], settings, seed=0)
    return results


def _run_harness(model: str, tasks: list[str], options: Mapping[str, Any]) -> dict[str, Any]:
    from chatwright.interop.harness import harness_scores
    from chatwright.interop.pretrained import Pretrained

    return harness_scores(Pretrained.load(model), tasks, options.get("harness_folder"), options.get("limit"))


def _show_harness(console: Console, scores: dict[str, Any]) -> None:
    table = Table(title="scores by the evaluation harness", title_justify="left")
    for head in ("task", "figure", "value", "standard error"):
        table.add_column(head)
    for task, figures in scores.items():
        for name, (value, error) in figures.items():
            table.add_row(task, name, f"{value:.4f}", "–" if error is None else f"{error:.4f}")
    console.print(table)


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
        for name, figure in result.get("clean", {}).get("figures", {}).items():
            table.add_row(task, f"{_NAMES.get(name, name)}, clean subset", _spelt(figure))
    console.print(table)
    for task, result in results.items():
        if "not_asked" in result["figures"]:
            console.print(f"{task}: {result['figures']['not_asked']}; they were not asked", highlight=False)
        if "clean" in result:
            clean = result["clean"]
            console.print(
                f"{task}: {len(clean['met']):,} items are in the training text, {clean['n']:,} are not "
                f"({clean['too_short_to_tell']:,} of them too short to tell)",
                highlight=False,
            )
        show_signatures(console, {f"{task} {name}": text for name, text in result["signatures"].items()})


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

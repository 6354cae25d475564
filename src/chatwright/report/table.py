"""One table of many runs, in Markdown: what each reached, at which size and cost, and how far its seeds differ.

From manifests only, and from rows that were made of them before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chatwright.core.artifacts import MANIFEST
from chatwright.core.errors import UsageError
from chatwright.core.files import read_json
from chatwright.report import formats
from chatwright.report.costs import run_cost
from chatwright.report.record import TRAINING, RunRecord, read_run
from chatwright.report.scores import collect_scores
from chatwright.report.story import KINDS, LANGUAGE
from chatwright.report.targets import Target, Verdict, judge, targets_for

_RUN, _COST = ("recipe", "seed"), ("parameters", "minutes", "share of peak", "peak")
_HEAD = (*_RUN, "what", "score", "interval", "baseline", "gate", "aim", *_COST)
_OVER_SEEDS = ("recipe", "seeds", "what", "mean", "least", "most")
_BESIDE = {  # no headlines: what belongs beside them
    "translation.bleu_detokenised": "BLEU of running text",
    "classification.gain_of_pretraining": "What masked pretraining adds",
    "right answer.accuracy_gain": "The right answer, against TF-IDF",
}
_SIGNED = ("bleu", "chrf", "rouge")  # metrics whose figures mean nothing without their signature
_NUMBER = re.compile(r"-?\d+(\.\d+)?%?")
_WATTS = 0.0  # energy is no column here


def runs_table(runs: Sequence[Path], earlier: str = "") -> str:
    """The table of these runs, a line for each judged score (of a run without targets: each headline score).

    Of an `earlier` table stay the runs that are not made again: a run is known by its recipe and its seed.
    """
    told = [_read(run) for run in runs]
    lines = _lines_of_runs(earlier)
    lines |= _lines_of_runs("\n".join(_line(row) for each in told for row in _rows(*each)))
    recipes = list(dict.fromkeys(recipe for recipe, _ in lines))
    order = sorted(lines, key=lambda run: (recipes.index(run[0]), _by_number(run[1])))
    shown = [*_heading(_HEAD), *(line for run in order for line in lines[run])]
    if seeds := _over_seeds(lines):
        shown += ["", *_heading(_OVER_SEEDS), *map(_line, seeds)]
    return "\n".join([*shown, ""])


def _over_seeds(lines: Mapping[tuple[str, str], Sequence[str]]) -> list[list[str]]:
    """Of each score that several seeds of a recipe have, their mean and how far they lie apart."""
    found = dict[tuple[str, str], list[tuple[str, str, str]]]()  # (recipe, plain) to (seed, what, score)
    for (recipe, seed), rows in lines.items():
        for row in rows:
            what, score = _cells(row)[2:4]
            # what a score depends on may be told in one row and not in another, made before
            plain = re.sub(r"`, .*\)$", "`)", what)
            found.setdefault((recipe, plain), []).append((seed, what, score))
    told = list[list[str]]()
    for (recipe, plain), rows_found in found.items():
        seeds, whats, scores = zip(*rows_found, strict=True)
        if len(scores) > 1 and all(map(_NUMBER.fullmatch, scores)):
            unit = "%" if scores[0].endswith("%") else ""
            places = max(len(score.rstrip("%").partition(".")[2]) for score in scores)
            values = [float(score.rstrip("%")) for score in scores]
            shown = [f"{value:.{places}f}{unit}" for value in (sum(values) / len(values), min(values), max(values))]
            what = whats[0].replace("\\|", "|") if len(set(whats)) == 1 else plain
            told.append([recipe, ", ".join(sorted(seeds, key=_by_number)), what, *shown])
    return told


def _by_number(seed: str) -> tuple[int, str]:
    """Seeds as people order them: 2 before 10; several in one cell after those of one run."""
    return len(seed), seed


def _lines_of_runs(table: str) -> dict[tuple[str, str], list[str]]:
    """The lines of a table by recipe and seed, in the order of their first lines."""
    runs = dict[tuple[str, str], list[str]]()
    for line in table.partition(_line(_OVER_SEEDS))[0].splitlines():
        cells = _cells(line)
        if line.startswith("|") and len(cells) != len(_HEAD):
            raise UsageError(
                f"a row has {len(cells)} cells, not {len(_HEAD)}",
                where=line[:80],
                remedy="mend it, or make the table anew without --add",
            )
        if line.startswith("|") and cells[0] not in (_HEAD[0], "---"):
            runs.setdefault((cells[0], cells[1]), []).append(line)
    return runs


def _read(run: Path) -> tuple[str, RunRecord]:
    """The recipe's name and the stages that led to its report, as that was told them; without one the whole folder."""
    manifest = run / "report" / MANIFEST
    told = read_json(manifest)["settings"] if manifest.exists() else {}
    return str(told.get("recipe", run.name)), read_run(run, stages=told.get("stages", ()))


def _rows(recipe: str, record: RunRecord) -> list[list[str]]:
    cost = run_cost(record, _WATTS)
    scores = collect_scores(record, cost)
    seeds = {manifest.seed for manifest in record.manifests.values()}
    trained = [figures for stage in TRAINING if (figures := record.figures(stage))]
    ends = [
        formats.scaled(trained[-1]["parameters"], "").strip() if trained else formats.DASH,
        f"{cost.seconds / 60:.1f}",
        formats.DASH if cost.peak_share is None else formats.percent(cost.peak_share),
        _peak(record, trained[-1] if trained else {}),
    ]
    verdicts = judge(targets_for(recipe, record.read_from), scores)
    verdicts = [each for each in verdicts if each.target.name != "run.minutes"]  # a column of its own
    judged = {verdict.target.name: verdict for verdict in verdicts}
    shown = [kind.name for kind in KINDS if kind.name in scores and kind.name not in judged]
    if not judged and not shown and LANGUAGE.name in scores:
        shown = [LANGUAGE.name]
    shown += [name for name in _BESIDE if name in scores]
    rows, kinds = [], {kind.name: kind for kind in (*KINDS, LANGUAGE)}
    for name in [*judged, *shown]:
        score, verdict = scores.get(name), judged.get(name)
        limits = [_limit(verdict, "gate"), _limit(verdict, "aim")]
        kind = kinds.get(name)  # a target may have none
        what = verdict.target.label if verdict else kind.label if kind else _BESIDE[name]
        value = (score.text, score.interval or formats.DASH) if score else ("not measured", formats.DASH)
        beside = scores.get(kind.baseline) if kind else None
        baseline = formats.measure(beside.value, score.unit) if beside and score else formats.DASH
        run = recipe, ", ".join(map(str, sorted(seeds)))
        rows.append([*run, f"{what} (`{name}`{_signature(record, name)})", *value, baseline, *limits, *ends])
    return rows


def _signature(record: RunRecord, name: str) -> str:
    """What a BLEU, chrF or ROUGE depends on: tokenisation, case, version; nothing of other scores."""
    figure, told = name.rpartition(".")[2], record.scores.get("signatures") or {}
    signed = [metric for metric in told if metric.startswith(_SIGNED) and figure.startswith(metric)]
    return f", {told[max(signed, key=len)]}" if signed else ""  # its own before that of its kind


def _limit(verdict: Verdict | None, which: str) -> str:
    """The limit with whether it is met; a dash where there is none."""
    if verdict is None:
        return formats.DASH
    target: Target = verdict.target
    value = target.gate if which == "gate" else target.aim
    held = verdict.gate_holds if which == "gate" else verdict.aim_holds
    if value is None:
        return formats.DASH
    return f"{target.limit(value)} {'✓' if held else '✗' if held is False else ''}".strip()


def _peak(record: RunRecord, trained: Mapping[str, Any]) -> str:
    """The processor, and what was measured of it while training, in the precision that was trained in."""
    processor = str(record.machine.get("processor", "an unknown processor"))
    if not trained.get("peak_flops_per_second"):
        return processor
    return f"{processor}: {formats.scaled(float(trained['peak_flops_per_second']), 'FLOP/s')}, {trained['precision']}"


def _heading(names: Sequence[str]) -> list[str]:
    return [_line(names), _line(["---"] * len(names))]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)][1:-1]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

"""The page: one HTML file with everything inside it, no scripts, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatwright.report import formats
from chatwright.report.charts import chart_svg
from chatwright.report.collected import CARD_PAGE, CORPUS_PAGE
from chatwright.report.costs import StageCost
from chatwright.report.curves import Curve, loss_svg
from chatwright.report.record import TRAINING, RunRecord
from chatwright.report.scores import Score
from chatwright.report.story import RULES, Kind, Story
from chatwright.report.targets import Target, Verdict
from chatwright.report.templates import template

TASK_METRICS = {
    "exact_match": "exact",
    "near_exact": "near-exact",
    "token_f1": "token F1",
    "rouge_1": "ROUGE-1",
    "rouge_2": "ROUGE-2",
    "rouge_l": "ROUGE-L",
    "bleu": "BLEU",
    "chrf": "chrF",
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "auroc": "AUROC",
    "declined": "declined",
}
TRAINING_FIGURES = {
    "steps": "steps",
    "tokens": "tokens",
    "train_seconds": "training time",
    "tokens_per_second": "tokens per second",
    "peak_share": "share of the measured peak",
    "peak_flops_per_second": "measured peak",
    "flops": "arithmetic",
    "parameters": "parameters",
    "matrix_parameters": "parameters in matrices",
    "precision": "precision",
    "threads": "threads",
    "final_loss": "final loss, nats per token",
}
TOLD_ELSEWHERE = (
    "description",
    *RULES,
    "dropped",
    "sources",
    "no_fact",
    "grounding",
)  # in sentences above the tables, in the ledger, on the page of the corpus
SHORT_HASH = 12


def render_page(story: Story, curves: Mapping[str, Curve]) -> str:
    """The page as HTML. Texts from data and models are escaped; only our own pictures are not."""
    from markupsafe import Markup

    beside = {"corpus": CORPUS_PAGE, "card": f"../{CARD_PAGE}"}
    pictures = {name: Markup(loss_svg(curve, name)) for name, curve in curves.items()}
    return template("page.html.j2").render(_context(story), pictures=pictures, beside=beside)


def _context(story: Story) -> dict[str, Any]:
    record, cost = story.record, story.cost
    samples = story.samples()
    return {
        "story": story,
        "record": record,
        "tiles": _tiles(story),
        "bars": [_bar(kind, score, story) for kind, score in story.headlines],
        "verdicts": [_verdict_row(verdict) for verdict in story.verdicts],
        "task_metrics": [TASK_METRICS[metric] for metric in _metrics(story)],
        "task_table": _task_table(story),
        "other_scores": _other_scores(story),
        "signatures": record.scores.get("signatures") or {},
        "samples": samples,
        "sample_counts": {mark: sum(sample.mark == mark for sample in samples) for mark in ("right", "near", "wrong")},
        "corpus": _tables(story, ("corpus", "chat")),
        "noted": _noted(record.ledger),
        "tokenizer": _tables(story, ("tokenizer", "tokens")),
        "cost": cost,
        "stage_rows": [_stage_row(stage) for stage in cost.stages],
        "training": _training_table(story),
        "benches": _benches(record),
        "machine": formats.rows(record.machine),
        "plan": formats.rows({key: value for key, value in record.plan.items() if key != "machine"}),
        "settings": {stage: formats.rows(manifest.settings) for stage, manifest in record.manifests.items()},
        "hash_length": SHORT_HASH,
    }


def _tiles(story: Story) -> list[tuple[str, str, str]]:
    """The few figures that a person wants first: (value, what it is, what it rests on)."""
    tiles = []
    if what := story.scores.get("what.exact_match"):
        tiles.append((formats.percent(what.value), "answered word for word", what.interval))
    if (facts := story.scores.get("facts.covered")) and facts.value:
        tiles.append((formats.number(facts.value), "facts taught", "each distinct"))
    elif bits := story.scores.get("language.bits_per_byte"):
        tiles.append((formats.number(bits.value), "bits per byte", "of text that it has not read"))
    tiles.append((formats.duration(story.cost.seconds), "for all stages", "after installing"))
    watts = formats.number(story.settings.watts)
    tiles.append((f"{story.cost.watt_hours:.1f} Wh", "of energy, estimated", f"at an assumed {watts} W"))
    return tiles


def _bar(kind: Kind, score: Score, story: Story) -> dict[str, Any]:
    """One score as a bar: positions are percentages of the bar's width."""

    def place(value: float) -> float:
        return round(100 * min(max(value / kind.scale, 0.0), 1.0), 2)

    verdict = next((each for each in story.verdicts if each.target.name == kind.name), None)
    limits: list[tuple[str, float | None, bool | None]] = []
    if verdict:
        target = verdict.target
        limits = [("gate", target.gate, verdict.gate_holds), ("aim", target.aim, verdict.aim_holds)]
    baseline, alone = story.scores.get(kind.baseline), story.scores.get(f"alone.{kind.name}")
    if baseline:
        limits.append(("baseline", baseline.value, None))
    return {
        "kind": kind,
        "scale": formats.measure(kind.scale, score.unit),
        "value": score.text,
        "interval": score.interval,
        "n": score.n,
        "fill": place(score.value),
        "low": place(score.value if score.low is None else score.low),
        "high": place(score.value if score.high is None else score.high),
        "baseline": formats.measure(baseline.value, score.unit) if baseline else "",
        "alone": alone.text if alone else "",
        "ticks": [
            {"name": name, "place": place(limit), "text": formats.measure(limit, score.unit), "holds": holds}
            for name, limit, holds in limits
            if limit is not None
        ],
    }


def _noted(ledger: list[dict[str, Any]]) -> dict[str, int]:
    """What the ledger counts, apart: left out, read but no fact, kept with a note."""
    kinds = {"facts": "no_fact", "decoded": "kept"}
    counts = {"left_out": 0, "no_fact": 0, "kept": 0}
    for entry in ledger:
        counts[kinds.get(entry["stage"], "left_out")] += entry["count"]
    return counts


def _verdict_row(verdict: Verdict) -> dict[str, Any]:
    score, target = verdict.score, verdict.target
    return {
        "label": target.label,
        "value": score.text if score else "not measured",
        "interval": score.interval if score else "",
        "gate": _limit(target, target.gate, score),
        "aim": _limit(target, target.aim, score),
        "gate_holds": verdict.gate_holds,
        "aim_holds": verdict.aim_holds,
        "spoiled": bool(verdict.spoiled_by),
    }


def _limit(target: Target, limit: float | None, score: Score | None) -> str:
    if limit is None:
        return formats.DASH
    sign = {"at least": "\u2265", "at most": "\u2264", "above": ">"}[target.direction]
    share = score is not None and score.unit == "share"
    return f"{sign} {formats.percent(limit) if share else formats.number(limit)}"


def _task_table(story: Story) -> list[dict[str, Any]]:
    table = []
    for task, figures in (story.record.scores.get("tasks") or {}).items():
        found = [story.scores.get(f"{task}.{metric}") for metric in _metrics(story)]
        cells = [(each.text, each.interval) if each else None for each in found]
        table.append({"task": task, "n": figures.get("n"), "cells": cells})
    return table


def _metrics(story: Story) -> list[str]:
    """Those that some task has."""
    tasks = story.record.scores.get("tasks") or {}
    return [metric for metric in TASK_METRICS if any(f"{task}.{metric}" in story.scores for task in tasks)]


def _bounds(row: Mapping[str, Any]) -> str:
    """The interval of a bench's row, where it has one."""
    if row.get("low") is None:
        return ""
    return " to ".join(formats.measure(row[bound], row["unit"]) for bound in ("low", "high"))


def _benches(record: RunRecord) -> list[dict[str, Any]]:
    """What was measured apart from the run, bench by bench, with the conditions in one line."""
    from markupsafe import Markup

    return [
        {
            "name": name,
            "rows": [
                {
                    **row,
                    "text": formats.measure(row["value"], row["unit"]),
                    "interval": _bounds(row),
                    "limit": row["target"] or formats.DASH,
                }
                for row in measured["rows"]
            ],
            "charts": [
                (f"{chart['title']}: {chart['axis']}", Markup(chart_svg(chart, f"{name} {number}")))
                for number, chart in enumerate(measured.get("charts", ()))
            ],
            "conditions": " · ".join(f"{key} {value}" for key, value in formats.rows(measured["conditions"])),
        }
        for name, measured in record.benches.items()
    ]


def _other_scores(story: Story) -> list[tuple[str, str, str]]:
    """Scores of the evaluation that belong to no task, and those that only one task has."""
    shown = {f"{task}.{metric}" for task in story.record.scores.get("tasks") or {} for metric in TASK_METRICS}
    groups = [*(story.record.scores.get("tasks") or {}), *story.record.scores]
    return [
        (formats.words(name), score.text, score.interval)
        for name, score in story.scores.items()
        if name not in shown and any(name == group or name.startswith(f"{group}.") for group in groups)
    ]


def _tables(story: Story, stages: tuple[str, ...]) -> dict[str, list[tuple[str, str]]]:
    tables = {
        stage: formats.rows({k: v for k, v in story.record.figures(stage).items() if k not in TOLD_ELSEWHERE})
        for stage in stages
    }
    return {stage: rows for stage, rows in tables.items() if rows}


def _stage_row(stage: StageCost) -> dict[str, Any]:
    return {
        "stage": stage.stage,
        "seconds": formats.duration(stage.seconds),
        "width": round(100 * stage.share, 2),
        "share": formats.percent(stage.share),
        "expected": formats.DASH if stage.expected is None else formats.duration(stage.expected),
        "ratio": "" if not stage.expected else f"{stage.seconds / stage.expected:.2f}\u00d7",
    }


def _training_table(story: Story) -> dict[str, Any]:
    stages = [stage for stage in TRAINING if story.record.figures(stage)]
    rows = []
    for key, label in TRAINING_FIGURES.items():
        values = [story.record.figures(stage).get(key) for stage in stages]
        if any(value is not None for value in values):
            rows.append((label, [formats.rows({key: value})[0][1] for value in values]))
    return {"stages": stages, "rows": rows}

"""Every figure of a run as one flat list: name, value, unit, interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chatwright.report import formats
from chatwright.report.costs import Cost
from chatwright.report.record import TRAINING, RunRecord

_TRAINING_UNITS = {
    "steps": "steps",
    "tokens": "tokens",
    "loss_tokens": "tokens",
    "final_loss": "nats per token",
    "tokens_per_second": "tokens/s",
    "peak_share": "share",
    "train_seconds": "seconds",
    "flops": "FLOP",
    "parameters": "parameters",
}
_GROUPS = ("tasks", "signatures")


@dataclass(frozen=True)
class Score:
    """One figure. `low` and `high` bound its interval and `n` counts what it was measured on, if known."""

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    n: int | None = None

    @property
    def text(self) -> str:
        """The value in its unit, for people."""
        return formats.measure(self.value, self.unit)

    @property
    def interval(self) -> str:
        """The interval in words; empty where there is none."""
        if self.low is None or self.high is None:
            return ""
        return f"{formats.measure(self.low, self.unit)} to {formats.measure(self.high, self.unit)}"


def collect_scores(record: RunRecord, cost: Cost) -> dict[str, Score]:
    """All figures of a run by name, in the order of a reader's interest."""
    scores = [*_evaluation(record.scores), *_whole_run(record, cost), *_training(record)]
    return {score.name: score for score in scores}


def _evaluation(scores: Mapping[str, Any]) -> Iterator[Score]:
    for task, figures in (scores.get("tasks") or {}).items():
        yield from _flatten(task, figures)
    for group, figures in scores.items():
        if group not in _GROUPS:
            yield from _flatten(group, figures)


def _flatten(name: str, figures: Any) -> Iterator[Score]:
    """Figures at any depth: a mapping with a `value`, or a bare number."""
    if isinstance(figures, Mapping):
        if isinstance(figures.get("value"), int | float):
            yield _score(name, figures)
        else:
            for key, inner in figures.items():
                if key != "n":  # every figure of the group carries it
                    yield from _flatten(f"{name}.{key}", inner)
    elif isinstance(figures, int | float) and not isinstance(figures, bool):
        yield Score(name, figures, "")


def _score(name: str, figure: Mapping[str, Any]) -> Score:
    low, high, n = (figure.get(key) for key in ("low", "high", "n"))
    return Score(name, figure["value"], str(figure.get("unit", "")), low, high, n)


def _whole_run(record: RunRecord, cost: Cost) -> Iterator[Score]:
    facts = record.figures("chat").get("facts", record.plan.get("facts"))
    if isinstance(facts, int):
        yield Score("facts.covered", facts, "facts")
    opening = record.figures("plan").get("help_seconds")
    if isinstance(opening, int | float):
        yield Score("start.help_seconds", opening, "seconds")
    yield Score("run.minutes", cost.seconds / 60, "minutes")
    yield Score("run.energy", cost.watt_hours, "Wh")
    if cost.flops is not None:
        yield Score("train.flops", cost.flops, "FLOP")
    if cost.peak_share is not None:
        yield Score("train.peak_share", cost.peak_share, "share")


def _training(record: RunRecord) -> Iterator[Score]:
    for stage in TRAINING:
        figures = record.figures(stage)
        for key, unit in _TRAINING_UNITS.items():
            if isinstance(figures.get(key), int | float):
                yield Score(f"{stage}.{key}", figures[key], unit)

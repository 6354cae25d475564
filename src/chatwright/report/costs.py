"""What a run cost: time by stage, energy, arithmetic, and the promise against the outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chatwright.report.record import TRAINING, RunRecord

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class StageCost:
    """Seconds of one stage, its share of the run, and the seconds that the plan expected, if any."""

    stage: str
    seconds: float
    share: float
    expected: float | None


@dataclass(frozen=True)
class Cost:
    """The cost of a run. Figures that no stage gave are None."""

    stages: list[StageCost]
    seconds: float
    expected_seconds: float | None
    watt_hours: float
    flops: float | None
    peak_share: float | None


def run_cost(record: RunRecord, watts: float) -> Cost:
    """Add up the stages; energy is `watts` times their time."""
    seconds = {stage: _seconds(record, stage) for stage in record.manifests}
    total = sum(seconds.values())
    expected = (record.plan.get("expected") or {}).get("seconds") or {}
    trained = [figures for stage in TRAINING if (figures := record.figures(stage))]
    flops = [figures["flops"] for figures in trained if "flops" in figures]
    return Cost(
        stages=[
            StageCost(stage, spent, spent / total if total else 0.0, expected.get(stage))
            for stage, spent in seconds.items()
        ],
        seconds=total,
        expected_seconds=expected.get("total"),
        watt_hours=watts * total / _SECONDS_PER_HOUR,
        flops=sum(flops) if flops else None,
        peak_share=_peak_share(trained),
    )


def _seconds(record: RunRecord, stage: str) -> float:
    """A stage that was interrupted knows the time of its last part only; its training clock knows all."""
    return max(record.manifests[stage].seconds, float(record.figures(stage).get("train_seconds", 0.0)))


def _peak_share(trained: list[dict[str, Any]]) -> float | None:
    """The share of the peak over all training: each stage counts by its time."""
    timed = [
        (figures["peak_share"], figures["train_seconds"])
        for figures in trained
        if figures.get("peak_share") is not None and figures.get("train_seconds")
    ]
    if not timed:
        return None
    return float(sum(share * seconds for share, seconds in timed) / sum(seconds for _, seconds in timed))

"""What the recipe `python-docs` is meant to reach on two cores, and whether a run did.

The gate is the least that will do, the aim what is wanted. Other recipes have no targets: their
figures are shown and not judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from chatwright.report.scores import Score

Direction = Literal["at least", "at most", "above"]

JUDGED_RECIPE = "python-docs"


@dataclass(frozen=True)
class Target:
    """A gate and an aim for one score. `bound` says which end of its interval is judged.

    `requires` names the scores whose gates have to hold for this one to count.
    """

    name: str
    label: str
    direction: Direction
    gate: float | None
    aim: float
    bound: Literal["value", "low"] = "value"
    requires: tuple[str, ...] = ()

    def limit(self, value: float | None) -> str | None:
        """A limit in words (``at least 0.95``), or None where there is none."""
        which = "lower bound " if self.bound == "low" else ""
        return None if value is None else f"{which}{self.direction} {value:g}"


@dataclass(frozen=True)
class Verdict:
    """A score against its target. None means that there is nothing to judge."""

    target: Target
    score: Score | None
    gate_holds: bool | None
    aim_holds: bool | None
    spoiled_by: tuple[str, ...] = ()


_ANSWERS = (
    Target("what.exact_match", "What does X do, unseen phrasing, exact", "at least", 0.95, 0.98),
    Target("outside.near_exact", "The same, asked by someone who saw no template, near-exact", "at least", 0.85, 0.93),
    Target("which.exact_match", "Description to name, unseen phrasing, exact", "at least", 0.80, 0.90),
    Target("follow-up.exact_match", "Second turn that depends on the first, exact", "at least", 0.85, 0.95),
    Target("unknown.declined", "Made-up names declined", "at least", 0.95, 0.99),
    Target("overall.wrongly_declined", "Real names wrongly declined", "at most", 0.02, 0.01),
)
_TIME = Target("run.minutes", "All stages, after installing", "at most", 12, 10)

PYTHON_DOCS: tuple[Target, ...] = (
    _TIME,
    Target(
        "facts.covered",
        "Distinct facts, in that time and at these scores",
        "at least",
        2000,
        4000,
        requires=tuple(target.name for target in (_TIME, *_ANSWERS)),
    ),
    *_ANSWERS,
    Target("summary.rouge_l_gain", "Summaries against the first sentence, ROUGE-L", "above", None, 0, "low"),
    Target("start.help_seconds", "`chatwright --help`", "at most", 0.5, 0.3),
    Target("train.peak_share", "Share of the measured peak while training", "at least", None, 0.5),
)


def targets_for(recipe: str, source: str) -> tuple[Target, ...]:
    """The targets of a recipe; only the default recipe on the text it was made for has any."""
    return PYTHON_DOCS if recipe == source == JUDGED_RECIPE else ()


def judge(targets: Sequence[Target], scores: Mapping[str, Score]) -> list[Verdict]:
    """A verdict for each target, in order. A score that was not measured is not judged."""
    gates = {target.name: _holds(target, target.gate, scores.get(target.name)) for target in targets}
    verdicts = []
    for target in targets:
        score = scores.get(target.name)
        spoiled = tuple(name for name in target.requires if gates.get(name) is not True)
        holds = gates[target.name], _holds(target, target.aim, score)
        gate, aim = (None if held is None else held and not spoiled for held in holds)
        verdicts.append(Verdict(target, score, gate, aim, spoiled))
    return verdicts


def _holds(target: Target, limit: float | None, score: Score | None) -> bool | None:
    value = None if score is None else getattr(score, target.bound)
    if limit is None or value is None:
        return None
    if target.direction == "at most":
        return bool(value <= limit)
    return bool(value > limit if target.direction == "above" else value >= limit)

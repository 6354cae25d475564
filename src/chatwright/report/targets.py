"""What shipped recipes are meant to reach on two cores, and whether a run did.

The gate is the least that will do, the aim what is wanted. Other recipes, and shipped ones on other text,
have no targets: their figures are shown and not judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from chatwright.report.scores import Score

Direction = Literal["at least", "at most", "above"]


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


_HOUR = Target("run.minutes", "All stages, after installing", "at most", 60, 60)

_TATOEBA = (Target("translation.bleu_gain", "BLEU beyond the nearest known sentence's", "at least", 5.0, 10.0),)
_BLIMP = (_HOUR, Target("blimp.accuracy", "The right one of two sentences", "at least", 0.62, 0.68))


def _rouge(kind: str, label: str, gate: float, aim: float) -> Target:
    return Target(f"summary.{kind}", f"{label} of summaries", "at least", gate, aim)


def _classifier() -> tuple[Target, ...]:
    return (Target("classification.gain_over_linear", "Against the linear model", "at least", 0.0, 0.0),)


# By recipe: the text it was made for, and what it is meant to reach there.
_TARGETS: dict[str, tuple[str, tuple[Target, ...]]] = {
    "python-docs": ("python-docs", PYTHON_DOCS),
    "translate-multi30k": ("multi30k", (_HOUR, Target("translation.bleu", "BLEU", "at least", 39.0, 41.02))),
    "translate-tatoeba-zh": ("tatoeba-en-zh", _TATOEBA),
    "translate-tatoeba-en": ("tatoeba-en-zh", _TATOEBA),
    "summarize-dialogsum": (
        "dialogsum",
        (
            _HOUR,
            _rouge("rouge_1", "ROUGE-1", 0.30, 0.35),
            _rouge("rouge_2", "ROUGE-2", 0.075, 0.10),
            _rouge("rouge_l", "ROUGE-L", 0.25, 0.28),
        ),
    ),
    "summarize-csl-zh": (
        "csl-title-zh",
        (Target("summary.rouge_l_gain", "ROUGE-L beyond the text's beginning", "above", 0.0, 0.08, "low"),),
    ),
    "classify-davidson": ("davidson-hate", _classifier()),
    "classify-surge": ("surge-toxicity", _classifier()),
    "classify-cold-zh": ("cold-zh", _classifier()),
    "classify-tnews-zh": ("tnews", _classifier()),
    "classify-eprstmt-zh": ("eprstmt", _classifier()),
    "blimp": ("wikitext-2, gutenberg", _BLIMP),
    "blimp-masked": ("wikitext-2, gutenberg", _BLIMP),
    "dialogue": (
        "everyday-en, everyday-zh, everyday-de, service-en",
        tuple(
            Target(f"right answer.sources.{source}.accuracy_gain", f"{source} against TF-IDF", "above", gate, 0.0)
            for source, gate in (
                ("everyday-en", 0.0),
                ("everyday-zh", None),
                ("everyday-de", None),
                ("service-en", None),
            )
        ),
    ),
}


def targets_for(recipe: str, source: str) -> tuple[Target, ...]:
    """The targets of a recipe; only shipped recipes on the text they were made for have any."""
    text, targets = _TARGETS.get(recipe, ("", ()))
    return targets if source == text else ()


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

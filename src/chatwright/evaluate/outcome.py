"""How tasks ask a model, and what comes out: figures, and what of each item they are made of. N items.

What a model says comes through `Asked`, so that models of ours and of others are asked alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chatwright.core.progress import Progress
from chatwright.core.seeds import derive_seed
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.evaluate.uncertainty import (
    Interval,
    bootstrap_items,
    bootstrap_mean,
    paired_difference,
    share_interval,
)
from chatwright.generate.settings import GenerateSettings

Talk = Sequence[Mapping[str, str]]  # turns, each with its role and its content
Rows = NDArray[np.float64]
Score = Callable[[Rows], float]


class Asked(Protocol):
    """A model as tasks ask it."""

    def likelihoods(self, prompts: Sequence[str], continuations: Sequence[str]) -> NDArray[np.float64]:
        """log p(continuation | prompt) of each pair, in nats."""
        ...

    def sentences(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """The logarithm of the (pseudo-)likelihood of each text, in nats."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that a classifier knows; none of other models."""
        ...

    def classify(self, texts: Sequence[str], *, cut: bool) -> list[dict[str, float]]:
        """How likely a classifier holds each of its labels, for each text; `cut`: of a long one its beginning."""
        ...

    def replies(self, talks: Sequence[Talk], texts: Sequence[str]) -> NDArray[np.float64]:
        """log p(the assistant says this text next | talk) of each pair, in nats."""
        ...

    def write(self, sources: Sequence[str], settings: GenerateSettings, progress: Progress) -> list[str]:
        """What the model makes of each source."""
        ...


@dataclass
class Outcome:
    """Figures of a task; `items` hold each item's part in the figure of that name, to compare models by: [N] or [N, S].

    A figure is the mean of its items, or what `scores` makes of some of their rows. `texts` are what each item
    consists of: who has read them has met the item.
    """

    figures: dict[str, Any]
    items: dict[str, Rows] = field(default_factory=dict)
    scores: dict[str, Score] = field(default_factory=dict)
    signatures: dict[str, str] = field(default_factory=dict)
    texts: Sequence[tuple[str, ...]] = ()

    def add(
        self, name: str, items: Rows, unit: str, settings: EvaluateSettings, drawn: str, score: Score | None = None
    ) -> None:
        """Take up a figure of these items with its interval, resampled by the stream `drawn`."""
        self.items[name] = items
        if score is not None:
            self.scores[name] = score
        self.figures[name] = {"unit": unit}
        every = np.ones(len(items), np.bool_)
        self.figures[name] = self.interval(name, every, settings, derive_seed(0, drawn)).figure(unit)

    def interval(self, name: str, kept: NDArray[np.bool_], settings: EvaluateSettings, seed: int) -> Interval:
        """A figure of some of the items, with its interval."""
        rows, drawn = self.items[name][kept], settings.resampling(seed)
        if name in self.scores:
            score = self.scores[name]
            return bootstrap_items(len(rows), lambda chosen: score(rows[chosen]), **drawn)
        if self.figures[name]["unit"] == "share":
            return share_interval((rows > 0).tolist(), confidence=settings.confidence)
        return bootstrap_mean(rows, **drawn)


def compare(one: Outcome, other: Outcome, settings: EvaluateSettings, seed: int) -> dict[str, Any]:
    """The difference of two models on the same items, with paired bootstrap intervals, by figure."""
    options = settings.resampling(derive_seed(seed, "against"))
    found = {}
    for name, items in one.items.items():
        others, score = other.items[name], one.scores.get(name)
        if score is None:
            found[name] = paired_difference(items, others, **options).figure("0 to 1")
        else:
            interval = bootstrap_items(len(items), _gain(score, items, others), **options)
            found[name] = interval.figure(one.figures[name]["unit"])
    return found


def _gain(score: Score, items: Rows, others: Rows) -> Callable[[NDArray[np.int64]], float]:
    return lambda chosen: score(items[chosen]) - score(others[chosen])

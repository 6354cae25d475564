"""Batches as a pure function of (seed, step, rank): resuming is knowing the step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from chatwright.core.seeds import derive_seed
from chatwright.tokens.packing import Rows


@dataclass(frozen=True)
class Batch:
    """B rows: inputs [B, T], targets [B, T], segment [B, T], learnt [B, T]; causal: no place sees a later one."""

    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    segment: NDArray[np.int16]
    learnt: NDArray[np.bool_]
    causal: bool = True


Made_co = TypeVar("Made_co", covariant=True)


class Source(Protocol[Made_co]):
    """Batches of some kind as a pure function of the step."""

    def at(self, step: int) -> Made_co:
        """The batch of `step`."""
        ...


BatchSource = Source[Batch]


@dataclass(frozen=True)
class Batches:
    """Batches of rows for a run of any length. `shuffle` false keeps the order of the file.

    Every epoch visits each row once; with `shuffle` each in an order of its own.
    """

    rows: Rows
    rows_per_batch: int
    seed: int
    shuffle: bool = True
    rank: int = 0
    ranks: int = 1

    def indices(self, step: int) -> NDArray[np.int64]:
        """Row numbers of this rank's batch at `step`."""
        first = (step * self.ranks + self.rank) * self.rows_per_batch
        if not self.shuffle:
            return np.arange(first, first + self.rows_per_batch) % len(self.rows)
        return shuffled(first, self.rows_per_batch, len(self.rows), self.seed)

    def at(self, step: int) -> Batch:
        """The batch of `step`."""
        return rows_to_batch(self.rows, self.indices(step))


@dataclass(frozen=True)
class Curriculum(Generic[Made_co]):
    """Batches of one source for so many steps, then those of another."""

    first: Source[Made_co]
    steps: int
    then: Source[Made_co]

    def at(self, step: int) -> Made_co:
        """The batch of `step`; each kind counts its own steps from 0."""
        return self.first.at(step) if step < self.steps else self.then.at(step - self.steps)


@dataclass(frozen=True)
class Interleaved(Generic[Made_co]):
    """Batches of two sources by turns, `share` of the steps those of the first, spread evenly."""

    first: Source[Made_co]
    share: float
    then: Source[Made_co]

    def at(self, step: int) -> Made_co:
        """The batch of `step`; each kind counts its own steps from 0."""
        before, after = int(step * self.share), int((step + 1) * self.share)
        return self.first.at(before) if after > before else self.then.at(step - before)


def rows_to_batch(rows: Rows, chosen: NDArray[np.int64]) -> Batch:
    """These rows as inputs and targets."""
    part = Rows(rows.ids[chosen], rows.segment[chosen], rows.loss[chosen])
    ids = part.ids.astype(np.int64)
    return Batch(ids[:, :-1], ids[:, 1:], part.segment[:, :-1], part.learnt)


def shuffled(first: int, count: int, rows: int, seed: int) -> NDArray[np.int64]:
    """`count` of `rows` from place `first` on, where each epoch visits every row once in an order of its own."""
    epochs, places = np.divmod(np.arange(first, first + count), rows)
    chosen = np.empty_like(places)
    for epoch in np.unique(epochs):
        order = np.random.default_rng(derive_seed(seed, "order", int(epoch))).permutation(rows)
        chosen[epochs == epoch] = order[places[epochs == epoch]]
    return chosen

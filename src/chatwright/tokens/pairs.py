"""Packed pairs: source and target rows that hold the same pairs side by side, none cut.

R rows, S source places, T target places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatwright.core.errors import DataError
from chatwright.core.seeds import derive_seed
from chatwright.tokens.arrays import map_arrays, save_arrays

Pair = tuple[list[int], list[int]]  # ids of source and target, control tokens included
_ARRAYS = ("source", "source_segment", "target", "target_segment")


@dataclass(frozen=True)
class PairRows:
    """source [R, S] with its segments, target [R, T + 1] with its; segment -1 is padding.

    Pair n of a row is segment n on both sides.
    """

    source: NDArray[np.uint16]
    source_segment: NDArray[np.int16]
    target: NDArray[np.uint16]
    target_segment: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.source)

    def save(self, folder: Path, name: str) -> None:
        """Write four .npy files that `load` maps into memory."""
        save_arrays(self, folder, name, _ARRAYS)

    @classmethod
    def load(cls, folder: Path, name: str) -> PairRows:
        """Map the arrays of `save`."""
        return cls(*map_arrays(folder, name, _ARRAYS))


@dataclass(frozen=True)
class PairBatch:
    """B rows: source [B, S], inputs and targets [B, T], segments of both sides, learnt [B, T]."""

    source: NDArray[np.int64]
    source_segment: NDArray[np.int16]
    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    segment: NDArray[np.int16]
    learnt: NDArray[np.bool_]


@dataclass(frozen=True)
class PairBatches:
    """Batches as a pure function of (seed, step): each epoch visits every row once, in an order of its own."""

    rows: PairRows
    rows_per_batch: int
    seed: int

    def at(self, step: int) -> PairBatch:
        """The batch of `step`."""
        first = step * self.rows_per_batch
        epochs, places = np.divmod(np.arange(first, first + self.rows_per_batch), len(self.rows))
        chosen = np.empty_like(places)
        for epoch in np.unique(epochs):
            order = np.random.default_rng(derive_seed(self.seed, "order", int(epoch))).permutation(len(self.rows))
            chosen[epochs == epoch] = order[places[epochs == epoch]]
        return rows_to_pair_batch(self.rows, chosen)


def rows_to_pair_batch(rows: PairRows, chosen: NDArray[np.int64]) -> PairBatch:
    """These rows as sources, inputs and targets."""
    target, segment = rows.target[chosen].astype(np.int64), rows.target_segment[chosen]
    learnt = (segment[:, 1:] == segment[:, :-1]) & (segment[:, 1:] >= 0)
    source = rows.source[chosen].astype(np.int64)
    return PairBatch(source, rows.source_segment[chosen], target[:, :-1], target[:, 1:], segment[:, :-1], learnt)


def pair_batches(rows: PairRows, rows_per_batch: int) -> Iterator[PairBatch]:
    """Every row once, in order."""
    for start in range(0, len(rows), rows_per_batch):
        yield rows_to_pair_batch(rows, np.arange(start, min(start + rows_per_batch, len(rows))))


def pack_pairs(pairs: Sequence[Pair], source_places: int, target_places: int, pad: int, open_rows: int) -> PairRows:
    """Lay whole pairs into rows, each where it fits best; `DataError` if one is longer than a row.

    The order is kept up to `open_rows` rows.
    """
    rows: list[list[Pair]] = []
    opened: list[tuple[int, int, list[Pair]]] = []  # room left on both sides, contents
    for number, pair in enumerate(pairs):
        needs = len(pair[0]), len(pair[1])
        if needs[0] > source_places or needs[1] > target_places + 1:
            raise DataError(
                f"pair {number + 1} has {needs[0]} and {needs[1]} tokens, rows {source_places} and {target_places}",
                remedy="raise packing.source_tokens and packing.row_tokens, or leave it out",
            )
        fitting = [at for at, (room, place, _) in enumerate(opened) if room >= needs[0] and place >= needs[1]]
        if fitting:
            at = min(fitting, key=lambda index: opened[index][0] + opened[index][1])
            room, place, contents = opened.pop(at)
        else:
            room, place, contents = source_places, target_places + 1, []
        contents.append(pair)
        opened.append((room - needs[0], place - needs[1], contents))
        if len(opened) > open_rows:
            fullest = min(range(len(opened)), key=lambda index: opened[index][0] + opened[index][1])
            rows.append(opened.pop(fullest)[2])
    rows += [contents for _, _, contents in opened]
    if not rows:
        raise DataError("there are no pairs to train on", remedy="give more text")
    source, source_segment = _side([[pair[0] for pair in row] for row in rows], source_places, pad)
    target, target_segment = _side([[pair[1] for pair in row] for row in rows], target_places + 1, pad)
    return PairRows(source, source_segment, target, target_segment)


def _side(rows: list[list[list[int]]], places: int, pad: int) -> tuple[NDArray[np.uint16], NDArray[np.int16]]:
    ids = np.full((len(rows), places), pad, dtype=np.uint16)
    segment = np.full((len(rows), places), -1, dtype=np.int16)
    for row, pieces in enumerate(rows):
        start = 0
        for number, piece in enumerate(pieces):
            end = start + len(piece)
            ids[row, start:end], segment[row, start:end] = piece, number
            start = end
    return ids, segment

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
from chatwright.tokens.arrays import map_arrays, save_arrays
from chatwright.tokens.batches import Source, shuffled
from chatwright.tokens.packing import fill_rows

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


PairSource = Source[PairBatch]


@dataclass(frozen=True)
class PairBatches:
    """Batches as a pure function of (seed, step): each epoch visits every row once, in an order of its own."""

    rows: PairRows
    rows_per_batch: int
    seed: int

    def at(self, step: int) -> PairBatch:
        """The batch of `step`."""
        first = step * self.rows_per_batch
        return rows_to_pair_batch(self.rows, shuffled(first, self.rows_per_batch, len(self.rows), self.seed))


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
    places = source_places, target_places + 1
    sizes = [(len(source), len(target)) for source, target in pairs]
    for number, size in enumerate(sizes):
        if size[0] > places[0] or size[1] > places[1]:
            raise DataError(
                f"pair {number + 1} has {size[0]} and {size[1]} tokens, rows {source_places} and {target_places}",
                remedy="raise packing.source_tokens and packing.row_tokens, or leave it out",
            )
    if not pairs:
        raise DataError("there are no pairs to train on", remedy="give more text")
    rows = [[pairs[index] for index in row] for row in fill_rows(sizes, places, open_rows)]
    source, source_segment = lay_side([[pair[0] for pair in row] for row in rows], source_places, pad)
    target, target_segment = lay_side([[pair[1] for pair in row] for row in rows], target_places + 1, pad)
    return PairRows(source, source_segment, target, target_segment)


def lay_side(
    rows: Sequence[Sequence[Sequence[int]]], places: int, pad: int
) -> tuple[NDArray[np.uint16], NDArray[np.int16]]:
    """The sequences of each row one behind the other: ids and segments [R, places]."""
    ids = np.full((len(rows), places), pad, dtype=np.uint16)
    segment = np.full((len(rows), places), -1, dtype=np.int16)
    for row, pieces in enumerate(rows):
        start = 0
        for number, piece in enumerate(pieces):
            end = start + len(piece)
            ids[row, start:end], segment[row, start:end] = piece, number
            start = end
    return ids, segment

"""Labelled texts as rows: whole texts side by side, each with a label of its own.

R rows, T places, S texts in a row at most, N texts in a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatwright.core.errors import DataError
from chatwright.tokens.arrays import map_arrays, save_arrays
from chatwright.tokens.batches import Source, shuffled
from chatwright.tokens.masking import Text
from chatwright.tokens.packing import fill_rows

_ARRAYS = ("ids", "begins", "starts")


@dataclass(frozen=True)
class EncodedTexts:
    """Texts as ids, one behind the other, and where words begin: text n is `ids[starts[n]:starts[n + 1]]`."""

    ids: NDArray[np.uint16]
    begins: NDArray[np.bool_]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @classmethod
    def of(cls, texts: Sequence[Text]) -> EncodedTexts:
        """From ids and word beginnings of each text."""
        starts = np.cumsum([0, *(len(ids) for ids, _ in texts)])
        ids = np.fromiter((token for ids, _ in texts for token in ids), np.uint16, int(starts[-1]))
        begins = np.fromiter((first for _, begins in texts for first in begins), np.bool_, int(starts[-1]))
        return cls(ids, begins, starts)

    def text(self, number: int) -> Text:
        """Ids of one text, and which of them begin a word."""
        part = slice(int(self.starts[number]), int(self.starts[number + 1]))
        return self.ids[part].tolist(), self.begins[part].tolist()

    def save(self, folder: Path, name: str) -> None:
        """Write three .npy files that `load` maps into memory."""
        save_arrays(self, folder, name, _ARRAYS)

    @classmethod
    def load(cls, folder: Path, name: str) -> EncodedTexts:
        """Map the arrays of `save`."""
        return cls(*map_arrays(folder, name, _ARRAYS))


@dataclass(frozen=True)
class LabelRows:
    """ids [R, T], segment [R, T] (-1: padding), and for each segment of a row its text's number and label [R, S]."""

    ids: NDArray[np.uint16]
    segment: NDArray[np.int16]
    text: NDArray[np.int64]
    label: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class LabelBatch:
    """B rows: inputs, segment and group [B, T]; labels and numbers of the N texts.

    `group` says which of the N texts a place belongs to (-1: none).
    """

    inputs: NDArray[np.int64]
    segment: NDArray[np.int16]
    group: NDArray[np.int64]
    labels: NDArray[np.int64]
    texts: NDArray[np.int64]


LabelSource = Source[LabelBatch]


def pack_labels(
    texts: EncodedTexts,
    chosen: Sequence[int],
    labels: Sequence[int],
    row_tokens: int,
    pad: int,
    open_rows: int,
) -> LabelRows:
    """The `chosen` texts with their labels in rows; of one that is longer than a row the beginning is kept."""
    if not chosen:
        raise DataError("there are no labelled texts", remedy="give more text")
    pieces = [texts.text(number)[0][:row_tokens] for number in chosen]
    rows = fill_rows([(len(piece),) for piece in pieces], (row_tokens,), open_rows)
    most = max(map(len, rows))
    ids = np.full((len(rows), row_tokens), pad, dtype=np.uint16)
    segment = np.full((len(rows), row_tokens), -1, dtype=np.int16)
    text, label = (np.full((len(rows), most), -1, dtype=np.int64) for _ in range(2))
    for row, contents in enumerate(rows):
        start = 0
        for number, index in enumerate(contents):
            end = start + len(pieces[index])
            ids[row, start:end], segment[row, start:end] = pieces[index], number
            text[row, number], label[row, number] = chosen[index], labels[index]
            start = end
    return LabelRows(ids, segment, text, label)


def label_weights(rows: LabelRows, labels: int, balance: float) -> tuple[float, ...]:
    """What a text of each label counts: its frequency to the power of -`balance`; 1 on average over the texts."""
    counts = np.bincount(rows.label[rows.label >= 0], minlength=labels).clip(min=1)
    weights = counts.astype(np.float64) ** -balance
    return tuple((weights * counts.sum() / (weights * counts).sum()).tolist())


@dataclass(frozen=True)
class LabelBatches:
    """Batches as a pure function of (seed, step); each epoch visits every row once, in an order of its own."""

    rows: LabelRows
    rows_per_batch: int
    seed: int

    def at(self, step: int) -> LabelBatch:
        """The batch of `step`."""
        first = step * self.rows_per_batch
        return rows_to_label_batch(self.rows, shuffled(first, self.rows_per_batch, len(self.rows), self.seed))


def rows_to_label_batch(rows: LabelRows, chosen: NDArray[np.int64]) -> LabelBatch:
    """These rows as one batch."""
    segment, text = rows.segment[chosen], rows.text[chosen]
    first = np.cumsum([0, *(text >= 0).sum(axis=1)])[:-1]
    group = np.where(segment >= 0, segment + first[:, None], -1)
    there = text >= 0
    return LabelBatch(rows.ids[chosen].astype(np.int64), segment, group, rows.label[chosen][there], text[there])

"""Packing: sequences laid into rows of one length, and rows on the disk as memory-mapped arrays.

R rows, T tokens that a row predicts. A row has T + 1 places: the first T are inputs, the last T are
targets. `segment` says which sequence a place belongs to (-1: padding); attention and loss stay
inside a segment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import ge, sub
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatwright.core.errors import DataError
from chatwright.tokens.arrays import map_arrays, save_arrays, token_type

_ARRAYS = ("ids", "segment", "loss")
Ids = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Rows:
    """Packed rows: ids [R, T + 1], segment [R, T + 1], loss [R, T + 1] (true: this token is learnt)."""

    ids: Ids
    segment: NDArray[np.int16]
    loss: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def row_tokens(self) -> int:
        """T, tokens that a row predicts."""
        return int(self.ids.shape[1]) - 1

    @property
    def learnt(self) -> NDArray[np.bool_]:
        """[R, T]: the target is learnt, and the place before it is in the same sequence."""
        inside: NDArray[np.bool_] = self.segment[:, 1:] == self.segment[:, :-1]
        return self.loss[:, 1:] & inside

    def save(self, folder: Path, name: str) -> None:
        """Write three .npy files that `load` maps into memory."""
        save_arrays(self, folder, name, _ARRAYS)

    @classmethod
    def load(cls, folder: Path, name: str) -> Rows:
        """Map the arrays of `save`; nothing is read before it is used."""
        return cls(*map_arrays(folder, name, _ARRAYS))


def pack_documents(documents: Iterable[list[int]], row_tokens: int, pad: int) -> Rows:
    """Cut the stream of documents into rows; every token but a document's first is a target once.

    Rows overlap by one place, so the last target of a row is the first input of the next.
    Example: documents [1 2 3] [4 5] at T = 3 give the rows [1 2 3 4] and [4 5 . .].
    """
    arrays = [np.asarray(document, np.int32) for document in documents]
    lengths = [len(array) for array in arrays]
    if sum(lengths) < 2:
        raise DataError("there are no tokens to train on", remedy="give more text")
    ids = np.concatenate(arrays)
    count = -(-(len(ids) - 1) // row_tokens)
    missing = count * row_tokens + 1 - len(ids)

    def rows(values: NDArray[np.int32], filler: int) -> NDArray[np.int32]:
        filled = np.concatenate((values, np.full(missing, filler, np.int32)))
        return np.lib.stride_tricks.sliding_window_view(filled, row_tokens + 1)[::row_tokens]

    segment = rows(np.repeat(np.arange(len(arrays), dtype=np.int32), lengths), -1)
    real = segment >= 0
    segment = np.where(real, segment - segment[:, :1], -1)  # counted from each row's start: they fit in 16 bits
    return Rows(rows(ids, pad).astype(token_type(int(ids.max()) + 1)), segment.astype(np.int16), real)


def pack_conversations(
    conversations: Sequence[tuple[list[int], list[bool]]], row_tokens: int, pad: int, open_rows: int
) -> Rows:
    """Lay whole conversations into rows, each where the least room is left.

    The order is kept up to `open_rows` rows. One that is longer than a row is cut into pieces that
    overlap by one place, so that no learnt token is lost.
    """
    pieces = list(_pieces(conversations, row_tokens + 1))
    if not pieces:
        raise DataError("there are no conversations to train on", remedy="give more text")
    rows = fill_rows([(len(ids),) for ids, _ in pieces], (row_tokens + 1,), open_rows)
    return _rows([[pieces[index] for index in row] for row in rows], row_tokens + 1, pad)


def fill_rows(sizes: Sequence[tuple[int, ...]], places: tuple[int, ...], open_rows: int) -> list[list[int]]:
    """Which pieces lie in which row: each in the open row that it leaves the least room in.

    A row has `places` for each side of a piece; the order is kept up to `open_rows` rows.
    Example: pieces of 3, 4, 2 and 1 in rows of 5 give the rows [0 2] and [1 3].
    """
    finished: list[list[int]] = []
    opened: list[tuple[tuple[int, ...], list[int]]] = []  # room left on each side, contents
    for number, size in enumerate(sizes):
        fitting = [at for at, (room, _) in enumerate(opened) if all(map(ge, room, size))]
        if fitting:
            room, contents = opened.pop(min(fitting, key=lambda at: sum(opened[at][0])))
        else:
            room, contents = places, []
        contents.append(number)
        opened.append((tuple(map(sub, room, size)), contents))
        if len(opened) > open_rows:
            finished.append(opened.pop(min(range(len(opened)), key=lambda at: sum(opened[at][0])))[1])
    return finished + [contents for _, contents in opened]


def _pieces(
    conversations: Sequence[tuple[list[int], list[bool]]], places: int
) -> Iterable[tuple[list[int], list[bool]]]:
    for ids, loss in conversations:
        for start in range(0, max(1, len(ids) - 1), places - 1):
            yield ids[start : start + places], loss[start : start + places]


def _rows(contents: list[list[tuple[list[int], list[bool]]]], places: int, pad: int) -> Rows:
    most = max(max(piece, default=0) for pieces in contents for piece, _ in pieces)
    ids = np.full((len(contents), places), pad, dtype=token_type(most + 1))
    segment = np.full((len(contents), places), -1, dtype=np.int16)
    loss = np.zeros((len(contents), places), dtype=np.bool_)
    for row, pieces in enumerate(contents):
        start = 0
        for number, (piece_ids, piece_loss) in enumerate(pieces):
            end = start + len(piece_ids)
            ids[row, start:end], segment[row, start:end], loss[row, start:end] = piece_ids, number, piece_loss
            start = end
    return Rows(ids, segment, loss)

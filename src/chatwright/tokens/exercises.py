"""Copying exercises: rows of random tokens, each stretch said twice; the second time can be copied.

Chat lives on copying: a name from the question, an answer from a turn before; so do titles and answers out of a
text. The attention heads that do it form late when known names can be answered from memory, and within some dozen
steps when only copying helps (docs/log.md, "Copying"). B rows, T tokens in a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatwright.core.seeds import derive_seed
from chatwright.tokens.batches import Batch
from chatwright.tokens.pairs import PairBatch
from chatwright.tokens.tokenizer import BEGIN, CONTROL, END

_EASY_SHARE = 0.6  # of the steps: few tokens and short stretches, on which the heads form; then they serve all
_EASY_TOKENS, _EASY_LENGTHS = 200, (4, 20)
_LENGTHS = (4, 40)  # tokens in a stretch: at least, fewer than


@dataclass(frozen=True)
class Exercises:
    """Batches of exercises, as a pure function of (seed, step)."""

    steps: int
    rows_per_batch: int
    row_tokens: int
    vocabulary_size: int
    seed: int

    def at(self, step: int) -> Batch:
        """The batch of `step`: every stretch and its copy are a segment, and only the copy is learnt."""
        random = np.random.default_rng(derive_seed(self.seed, "exercise", step))
        shape = (self.rows_per_batch, self.row_tokens + 1)
        ids, segment = np.zeros(shape, np.int64), np.full(shape, -1, np.int16)
        learnt = np.zeros(shape, np.bool_)
        for row in range(self.rows_per_batch):
            start, number = 0, 0
            while (room := (shape[1] - start) // 2) >= 2:
                stretch = _stretch(
                    random, (len(CONTROL), self.vocabulary_size), room, easy=step < _EASY_SHARE * self.steps
                )
                again, end = start + len(stretch), start + 2 * len(stretch)
                ids[row, start:again] = ids[row, again:end] = stretch
                segment[row, start:end] = number
                learnt[row, again + 1 : end] = True  # where the copy begins cannot be known
                start, number = end, number + 1
        return Batch(ids[:, :-1], ids[:, 1:], segment[:, :-1], learnt[:, 1:])


@dataclass(frozen=True)
class PairExercises:
    """The same for an encoder-decoder: the source is a stretch, the target what follows some place of it to its end.

    What stands at that place is given, all after it is learnt. Both sides have T places.
    """

    steps: int
    rows_per_batch: int
    row_tokens: int
    vocabulary_size: int
    first: int  # the first id that is no control token and no gap
    seed: int

    def at(self, step: int) -> PairBatch:
        """The batch of `step`, as many stretches in a row as there is room for."""
        random = np.random.default_rng(derive_seed(self.seed, "exercise", step))
        shapes = (self.rows_per_batch, self.row_tokens), (self.rows_per_batch, self.row_tokens + 1)
        source, target = (np.zeros(shape, np.int64) for shape in shapes)
        source_segment, segment = (np.full(shape, -1, np.int16) for shape in shapes)
        learnt = np.zeros(shapes[1], np.bool_)
        begin, end = CONTROL.index(BEGIN), CONTROL.index(END)
        for row in range(self.rows_per_batch):
            read, written, number = 0, 0, 0
            while (room := self.row_tokens - max(read, written) - 1) >= 2:
                stretch = _stretch(
                    random, (self.first, self.vocabulary_size), room, easy=step < _EASY_SHARE * self.steps
                )
                again = stretch[int(random.integers(len(stretch))) :]
                read_to, written_to = read + len(stretch) + 1, written + len(again) + 2
                source[row, read:read_to] = [*stretch, end]
                target[row, written:written_to] = [begin, *again, end]
                source_segment[row, read:read_to] = segment[row, written:written_to] = number
                learnt[row, written + 2 : written_to] = True
                read, written, number = read_to, written_to, number + 1
        return PairBatch(source, source_segment, target[:, :-1], target[:, 1:], segment[:, :-1], learnt[:, 1:])


def _stretch(random: np.random.Generator, among: tuple[int, int], most: int, *, easy: bool) -> NDArray[np.int64]:
    """Random tokens from the first of `among` up to the last, which is not one of them; at most so many."""
    first, last = among[0], min(among[1], among[0] + _EASY_TOKENS) if easy else among[1]
    length = min(int(random.integers(*(_EASY_LENGTHS if easy else _LENGTHS))), most)
    return random.integers(first, last, length)

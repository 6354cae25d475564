"""Copying exercises: rows of random tokens, each stretch said twice; the second time can be copied.

Chat lives on copying: a name from the question, an answer from a turn before. The attention heads
that do it form late when known names can be answered from memory, and within some dozen steps when
only copying helps (docs/log.md, "Copying"). B rows, T tokens in a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatwright.core.seeds import derive_seed
from chatwright.tokens.batches import Batch
from chatwright.tokens.tokenizer import CONTROL

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
        easy, first = step < _EASY_SHARE * self.steps, len(CONTROL)
        last = min(self.vocabulary_size, first + _EASY_TOKENS) if easy else self.vocabulary_size
        lengths = _EASY_LENGTHS if easy else _LENGTHS
        shape = (self.rows_per_batch, self.row_tokens + 1)
        ids, segment = np.zeros(shape, np.int64), np.full(shape, -1, np.int16)
        learnt = np.zeros(shape, np.bool_)
        for row in range(self.rows_per_batch):
            start, number = 0, 0
            while (room := (shape[1] - start) // 2) >= 2:
                length = min(int(random.integers(*lengths)), room)
                again, end = start + length, start + 2 * length
                ids[row, start:again] = ids[row, again:end] = random.integers(first, last, length)
                segment[row, start:end] = number
                learnt[row, again + 1 : end] = True  # where the copy begins cannot be known
                start, number = end, number + 1
        return Batch(ids[:, :-1], ids[:, 1:], segment[:, :-1], learnt[:, 1:])

"""Of several drawn answers the one that agrees most with the others: minimum Bayes risk (arXiv 2005.10283, 2310.01387).

The likeliest text as a whole is often too short, or goes round in circles; what many draws have in common seldom is.
N answers of up to L units.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray


def most_agreeing(answers: Sequence[Sequence[Hashable]]) -> int:
    """The place of the answer that shares most with all, by the mean F-measure of what two have in common in order
    (ROUGE-L, Lin 2004); of equals the first."""
    longest = max(map(len, answers))
    numbers = {unit: number for number, unit in enumerate(dict.fromkeys(unit for answer in answers for unit in answer))}
    units = np.full((len(answers), longest), -1)
    for row, answer in enumerate(answers):
        units[row, : len(answer)] = [numbers[unit] for unit in answer]
    lengths = np.array([len(answer) for answer in answers])
    both = np.maximum(1, lengths[:, None] + lengths)  # two empty answers share nothing
    return int((2 * _in_common(units) / both).mean(axis=1).argmax())


def _in_common(units: NDArray[np.int64]) -> NDArray[np.int16]:
    """The length of the longest common subsequence of any two rows: [N, N]; -1 is no unit."""
    count, longest = units.shape
    others = np.where(units < 0, -2, units)
    before = np.zeros((longest + 1, count, count), np.int16)
    for row in range(longest):
        now = np.zeros_like(before)
        for column in range(longest):
            same = units[:, None, row] == others[None, :, column]
            now[column + 1] = np.where(same, before[column] + 1, np.maximum(now[column], before[column + 1]))
        before = now
    return before[longest]

"""How much a text repeats itself (Gopher, arXiv 2112.11446, table A1).

All documents of a batch are looked at together: their n-grams are hashed and sorted as numbers. Longer ones are looked
for only where shorter ones are repeated, of which there are fewer and fewer. N documents, W words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatwright.corpus.judging.characters import Spans

TOP, DUPLICATED = (2, 3, 4), (5, 6, 7, 8, 9, 10)
_HASH_BITS = np.uint64(44)  # of an n-gram; the bits above hold the document's number, so that one sort serves all
_MOST_CHARACTERS = 2**20 - 1  # of an n-gram
_FACTORS = np.random.default_rng(2112_11446).integers(1, 2**63, max(DUPLICATED), dtype=np.int64).astype(np.uint64) | 1


def repetition(words: Spans, documents: int) -> dict[str, NDArray[np.float64]]:
    """Shares of the words' characters, [N] each, between 0 and 1.

    `top_2_gram` … `top_4_gram`: in all occurrences of the most frequent n-gram, of equally frequent ones the longest;
    0 if none occurs twice. `repeated_5_grams` … `repeated_10_grams`: in n-grams that stood there before, characters
    of overlapping ones counted once.
    """
    lengths, owner = words.lengths, words.owner
    before = np.concatenate(([0], np.cumsum(lengths)))  # characters in front of each word
    starts = np.searchsorted(owner, np.arange(documents + 1))
    total = np.maximum(1, before[starts[1:]] - before[starts[:-1]])
    shares = {f"top_{n}_gram": np.zeros(documents) for n in TOP}
    shares |= {f"repeated_{n}_grams": np.zeros(documents) for n in DUPLICATED}
    places = np.arange(len(lengths))
    for n in range(TOP[0], DUPLICATED[-1] + 1):
        grams = _Grams.of(n, places, words.hashes, owner)
        if not len(grams.counts):
            break
        if n in TOP:
            shares[f"top_{n}_gram"] = _top(grams, before, documents) / total
        if n in DUPLICATED:
            covered = np.concatenate(([0], np.cumsum(lengths * grams.covers_again(len(lengths)))))
            shares[f"repeated_{n}_grams"] = (covered[starts[1:]] - covered[starts[:-1]]) / total
        places = grams.repeated()  # what is repeated with one word more is repeated without it
    return shares


@dataclass(frozen=True)
class _Grams:
    """The n-grams that begin at certain words and stay inside their document, equal ones side by side.

    `first` [G] are the words they begin with, in each run of equal ones in order; `runs` and `counts` [R] say where
    runs begin and how long they are, `owner` [R] which document each is of.
    """

    n: int
    first: NDArray[np.int64]
    runs: NDArray[np.int64]
    counts: NDArray[np.int64]
    owner: NDArray[np.int64]

    @classmethod
    def of(cls, n: int, places: NDArray[np.int64], hashes: NDArray[np.uint64], owner: NDArray[np.int64]) -> _Grams:
        places = places[places + n <= len(owner)]
        places = places[owner[places] == owner[places + n - 1]]
        mixed = np.zeros(len(places), np.uint64)
        for place in range(n):
            mixed += hashes[places + place] * _FACTORS[place]
        keys = (owner[places].astype(np.uint64) << _HASH_BITS) | (mixed >> (np.uint64(64) - _HASH_BITS))
        order = np.argsort(keys)
        keys = keys[order]
        runs = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else places
        counts = np.diff(np.append(runs, len(keys)))
        return cls(n, places[order], runs, counts, (keys[runs] >> _HASH_BITS).astype(np.int64))

    def repeated(self) -> NDArray[np.int64]:
        """The words that begin n-grams which their document holds twice, in order."""
        return np.sort(self.first[np.repeat(self.counts > 1, self.counts)])

    def covers_again(self, words: int) -> NDArray[np.bool_]:
        """Which words are in an n-gram that stood there before: [W]."""
        again = np.bincount(self.first, minlength=words + 1)
        again[np.minimum.reduceat(self.first, self.runs)] = 0  # the first of equal ones
        edges = again.copy()
        edges[self.n :] -= again[: -self.n]
        inside: NDArray[np.bool_] = np.cumsum(edges)[:words] > 0
        return inside


def _top(grams: _Grams, before: NDArray[np.int64], documents: int) -> NDArray[np.float64]:
    """Characters in the occurrences of each document's most frequent n-gram: [N]."""
    found = np.zeros(documents)
    first = grams.first[grams.runs]
    characters = np.minimum(before[first + grams.n] - before[first], _MOST_CHARACTERS)
    begins = np.flatnonzero(np.concatenate(([True], grams.owner[1:] != grams.owner[:-1])))
    best = np.maximum.reduceat(grams.counts * (_MOST_CHARACTERS + 1) + characters, begins)
    count, length = np.divmod(best, _MOST_CHARACTERS + 1)
    found[grams.owner[begins]] = np.where(count > 1, count * length, 0)
    return found

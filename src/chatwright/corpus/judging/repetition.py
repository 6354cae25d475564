"""How much a text repeats itself (Gopher, arXiv 2112.11446, table A1).

All documents of a batch are looked at together: their n-grams are hashed and sorted as numbers. That counts them, and
finds the few documents that repeat longer ones, which are then looked at word by word. N documents, W words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TOP, DUPLICATED = (2, 3, 4), (5, 6, 7, 8, 9, 10)
_HASH_BITS = np.uint64(44)  # of an n-gram; the bits above hold the document's number, so that one sort serves all
_MOST_CHARACTERS = 2**20 - 1  # of an n-gram
_FACTORS = np.random.default_rng(2112_11446).integers(1, 2**63, max(DUPLICATED), dtype=np.int64).astype(np.uint64) | 1


@dataclass(frozen=True)
class Words:
    """The words of N documents one behind the other: [W] each, and where each document starts, [N + 1]."""

    words: list[str]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, documents: Sequence[list[str]]) -> Words:
        """From the words of each document."""
        starts = np.cumsum([0, *map(len, documents)])
        return cls([word for words in documents for word in words], starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def document(self, number: int) -> list[str]:
        """The words of one document."""
        return self.words[int(self.starts[number]) : int(self.starts[number + 1])]


def repetition(words: Words) -> dict[str, NDArray[np.float64]]:
    """Shares of the words' characters, [N] each, between 0 and 1.

    `top_2_gram` … `top_4_gram`: in all occurrences of the most frequent n-gram, of equally frequent ones the longest;
    0 if none occurs twice. `repeated_5_grams` … `repeated_10_grams`: in n-grams that stood there before, characters
    of overlapping ones counted once.
    """
    lengths = np.fromiter(map(len, words.words), np.int64, len(words.words))
    hashes = np.fromiter(map(hash, words.words), np.int64, len(words.words)).astype(np.uint64)
    before = np.concatenate(([0], np.cumsum(lengths)))  # characters in front of each word
    total = np.maximum(1, before[words.starts[1:]] - before[words.starts[:-1]])
    shares = {f"top_{n}_gram": _top(_Grams.of(words, hashes, n), before, len(words)) / total for n in TOP}
    shares |= {f"repeated_{n}_grams": np.zeros(len(words)) for n in DUPLICATED}
    for number in np.unique(_Grams.of(words, hashes, DUPLICATED[0]).repeated_owners()):
        own = words.document(int(number))
        for n in DUPLICATED:
            share = _repeated(own, n) / total[number]
            shares[f"repeated_{n}_grams"][number] = share
            if not share:  # nothing longer is repeated either
                break
    return shares


@dataclass(frozen=True)
class _Grams:
    """The G n-grams inside documents: a key each (document and hash), and the word they begin with, [G]."""

    n: int
    keys: NDArray[np.uint64]
    first: NDArray[np.int64]

    @classmethod
    def of(cls, words: Words, hashes: NDArray[np.uint64], n: int) -> _Grams:
        count = max(0, len(hashes) - n + 1)
        mixed = np.zeros(count, np.uint64)
        for place in range(n):
            mixed += hashes[place : place + count] * _FACTORS[place]
        owner = np.repeat(np.arange(len(words), dtype=np.uint64), np.diff(words.starts))
        first = np.flatnonzero(owner[:count] == owner[len(owner) - count :])
        keys = (owner[first] << _HASH_BITS) | (mixed[first] >> (np.uint64(64) - _HASH_BITS))
        return cls(n, keys, first)

    def repeated_owners(self) -> NDArray[np.int64]:
        """The documents of n-grams that stand in their document again, with repetitions."""
        keys = np.sort(self.keys)
        owners: NDArray[np.int64] = (keys[1:][keys[1:] == keys[:-1]] >> _HASH_BITS).astype(np.int64)
        return owners


def _top(grams: _Grams, before: NDArray[np.int64], documents: int) -> NDArray[np.float64]:
    """Characters in the occurrences of each document's most frequent n-gram: [N]."""
    found = np.zeros(documents)
    if not len(grams.keys):
        return found
    order = np.argsort(grams.keys, kind="stable")
    keys = grams.keys[order]
    runs = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    counts = np.diff(np.append(runs, len(keys)))
    first = grams.first[order[runs]]
    characters = np.minimum(before[first + grams.n] - before[first], _MOST_CHARACTERS)
    owner = (keys[runs] >> _HASH_BITS).astype(np.int64)
    begins = np.flatnonzero(np.concatenate(([True], owner[1:] != owner[:-1])))
    best = np.maximum.reduceat(counts * (_MOST_CHARACTERS + 1) + characters, begins)
    count, length = np.divmod(best, _MOST_CHARACTERS + 1)
    found[owner[begins]] = np.where(count > 1, count * length, 0)
    return found


def _repeated(words: list[str], n: int) -> int:
    """Characters in n-grams that stood in the text before."""
    seen = set[tuple[str, ...]]()
    characters, counted = 0, 0  # words before `counted` are in the sum, or in no repeated n-gram
    for start, gram in enumerate(zip(*(words[place:] for place in range(n)), strict=False)):
        if gram in seen:
            first = max(start, counted)
            characters += sum(map(len, words[first : start + n]))
            counted = start + n
        else:
            seen.add(gram)
    return characters

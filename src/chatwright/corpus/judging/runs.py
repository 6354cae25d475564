"""Runs of words and characters as numbers: what a text is made of, as features for a linear model.

Many texts are hashed together, and every process finds the same numbers. A word is a run of letters and digits; in
scripts without spaces each character is one. Runs do not reach beyond their text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from chatwright.corpus.judging.characters import Hashes, Numbers, codes_of, hashes_between, prefix_hashes

BITS = 18  # a feature is a number below 2^18
_PIECE = 1 << 16  # characters that are hashed at once: what fits into a processor's cache
_PRIME = 0x9E3779B97F4A7C15
_MIX = np.uint64(0xD6E8FEB86659FD93)
_ONE, _SQUARE = np.uint64(_PRIME), np.uint64(_PRIME**2 % 2**64)
_KINDS = {"characters": np.uint64(4), "word": np.uint64(1), "pair": np.uint64(2)}  # added, so that they stay apart
_CHARACTERS = 4  # in a run
_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0x20000, 0x3FFFF),
)


@dataclass(frozen=True)
class Runs:
    """The features [F] of some pieces of text, P: piece p, of text `texts[p]`, has those from `starts[p]` to `ends[p]`.

    Features between one piece's end and the next one's start belong to nobody.
    """

    features: NDArray[np.int32]
    texts: Numbers
    starts: Numbers
    ends: Numbers

    def sums(self, weights: NDArray[np.float32]) -> NDArray[np.float64]:
        """The sum of each piece's weights, [P]; the same whatever pieces stand beside it."""
        held = np.append(weights[self.features], np.float32(0))
        bounds = np.stack((self.starts, self.ends), axis=1).ravel()
        found = np.add.reduceat(held, bounds, dtype=np.float64)[::2]
        return np.where(self.ends > self.starts, found, 0.0)


def runs_of(texts: Sequence[str]) -> Iterator[Runs]:
    """Every run of four characters, of one word and of two, small and capital letters alike; long texts in pieces."""
    pieces, numbers, size = list[str](), list[int](), 0
    for number, text in enumerate(texts):
        for start in range(0, len(text), _PIECE):
            pieces.append(text[start : start + _PIECE].lower())
            numbers.append(number)
            size += len(pieces[-1])
            if size >= _PIECE:
                yield from _hashed(pieces, numbers)
                pieces, numbers, size = [], [], 0
    if pieces:
        yield from _hashed(pieces, numbers)


def _hashed(pieces: list[str], numbers: list[int]) -> Iterator[Runs]:
    codes = codes_of("\n".join([*pieces, ""]))
    lengths, texts = np.array([len(piece) for piece in pieces]), np.array(numbers)
    starts = np.cumsum(np.append(0, lengths[:-1] + 1))
    ends = starts + lengths
    wide = codes.astype(np.uint64)
    pairs = wide[:-1] * _ONE + wide[1:]
    fours = pairs[:-2] * _SQUARE + pairs[2:]
    last = np.maximum(starts, ends - _CHARACTERS + 1)
    yield Runs(_features(fours, "characters"), texts, np.minimum(starts, len(fours)), np.minimum(last, len(fours)))
    words, begins = _words(codes)
    first, behind = np.searchsorted(begins, starts), np.searchsorted(begins, ends)
    yield Runs(_features(words, "word"), texts, first, behind)
    two = words[:-1] * _ONE + words[1:]
    behind = np.maximum(first, behind - 1)
    yield Runs(_features(two, "pair"), texts, np.minimum(first, len(two)), np.minimum(behind, len(two)))


def _words(codes: NDArray[np.uint32]) -> tuple[Hashes, Numbers]:
    """A hash of each word, and where it begins."""
    kinds = _kinds()[codes]
    edges = np.flatnonzero((kinds[1:] != kinds[:-1]) | (kinds[1:] == _ALONE)) + 1
    begins, ends = np.append(0, edges), np.append(edges, len(codes))
    words = kinds[begins] > 0
    begins, ends = begins[words], ends[words]
    return hashes_between(prefix_hashes(codes), begins, ends), begins


def _features(hashes: Hashes, kind: str) -> NDArray[np.int32]:
    mixed = hashes + _KINDS[kind]
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIX
    return (mixed >> np.uint64(64 - BITS)).astype(np.int32)


_PART, _ALONE = 1, 2  # kinds of characters: part of a word, or a word by itself; 0: neither


@cache
def _kinds() -> NDArray[np.int8]:
    """The kind of each code point."""
    kinds = np.fromiter(map(str.isalnum, map(chr, range(0x110000))), np.int8, 0x110000)
    for first, last in _UNSPACED:
        kinds[first : last + 1] *= _ALONE
    return kinds

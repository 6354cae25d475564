"""Texts as numbers: the characters, words and lines of many texts at once, without an object for any of them.

Python makes a hundred nanoseconds of work out of every word; numpy, which goes over all characters of a block together,
one or two. Words and lines are told apart by hashes (polynomials over their characters, modulo 2^64).
C characters, W words, L lines, P texts in a block.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Hashes = NDArray[np.uint64]

WORD, LETTER, ALPHANUMERIC, SPACE, JOINER, CLOSER, BULLET, LINE_END = (1 << bit for bit in range(8))
_KINDS = {  # as Python's re and str.isspace see them
    WORD: r"\w+",
    LETTER: r"[^\W\d_]+",
    ALPHANUMERIC: r"[^\W_]+",
    SPACE: r"\s+",
    JOINER: "['’-]",  # between two parts of a word
    CLOSER: "[\"'”’)]",  # behind the end of a sentence
    BULLET: "[•‣▪●◦·]",
    LINE_END: "[.!?\"'。！？；”’」』…）)]",  # what a sentence ends with, closing quotes and brackets behind it included
}
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_MIX = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True)
class Spans:
    """Words or lines, in order: the characters of each, their hash, and the text that it is of."""

    lengths: Numbers
    hashes: Hashes
    owner: Numbers

    @classmethod
    def joined(cls, parts: Sequence[Spans]) -> Spans:
        """Those of several blocks that are of the same texts."""
        together = (np.concatenate([getattr(part, name) for part in parts]) for name in ("lengths", "hashes", "owner"))
        return cls(*together)


class Block:
    """Some texts, one behind the other, each followed by a line feed."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.text = "\n".join([*texts, ""])
        self.codes = codes_of(self.text)  # [C]
        self.kinds: NDArray[np.uint8] = _table()[self.codes]  # [C]
        self.starts = np.cumsum([0, *(len(text) + 1 for text in texts)])  # [P + 1]
        self._hashes = prefix_hashes(self.codes)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def count(self, places: Numbers) -> Numbers:
        """How many of these places, which are in order, each text has: [P]."""
        counts: Numbers = np.diff(np.searchsorted(places, self.starts))
        return counts

    def of_kind(self, kind: int) -> Flags:
        """Which characters are of a kind: [C]."""
        return (self.kinds & kind).astype(np.bool_)

    def spans(self, start: Numbers, end: Numbers) -> Spans:
        """Stretches of the block with their hashes."""
        owner = np.repeat(np.arange(len(self)), self.count(start))
        return Spans(end - start, hashes_between(self._hashes, start, end), owner)

    def words(self) -> tuple[Numbers, Numbers]:
        """Where runs of letters and digits start and end, with what joins them: don't, e-mail."""
        inner = self.of_kind(WORD)
        joined = np.flatnonzero(self.of_kind(JOINER)[1:-1] & inner[:-2] & inner[2:]) + 1
        inner[joined] = True
        return _runs(inner)

    def dictionary_words(self, cut: Callable[[str], list[str]]) -> tuple[Numbers, Numbers]:
        """Where the words start and end that `cut` makes of a text, without those that begin with a sign."""
        pieces = cut(self.text)
        edges = np.cumsum([0, *map(len, pieces)])
        real = self.of_kind(ALPHANUMERIC)[edges[:-1]]
        return edges[:-1][real], edges[1:][real]

    def lines(self) -> tuple[Spans, Numbers, Numbers]:
        """Lines that are not blank, and the first and last character of each that is no white space."""
        ends = np.flatnonzero(self.codes == ord("\n"))
        starts = np.concatenate(([0], ends[:-1] + 1))
        inked = np.flatnonzero(~self.of_kind(SPACE))
        low, high = np.searchsorted(inked, starts), np.searchsorted(inked, ends)
        real = high > low
        return self.spans(starts[real], ends[real]), inked[low[real]], inked[high[real] - 1]

    def pieces(self) -> tuple[Numbers, Numbers]:
        """Where what stands between white space starts and ends."""
        return _runs(~self.of_kind(SPACE))

    def any_in(self, flags: Flags, start: Numbers, end: Numbers) -> Flags:
        """Which of the stretches hold a character that is flagged."""
        before = np.zeros(len(flags) + 1, np.int32)
        np.cumsum(flags, out=before[1:])
        inside: Flags = before[end] > before[start]
        return inside

    def sentence_ends(self) -> Numbers:
        """Places of white space before which a sentence ends: . ! or ?, and closing quotes and brackets behind it."""
        open_ = np.where(self.of_kind(CLOSER), 0, np.arange(len(self.codes)))
        before = np.maximum.accumulate(open_)  # the last character, up to each, that closes nothing
        space = np.flatnonzero(self.of_kind(SPACE)[1:]) + 1
        return space[np.isin(self.codes[before[space - 1]], _points(".!?"))]

    def han_sentence_ends(self) -> Numbers:
        """Where runs of marks start that end a Chinese sentence."""
        return _runs(np.isin(self.codes, _points("。！？；!?")))[0]


def hash_of(word: str) -> np.uint64:
    """The hash that a word has in every block."""
    codes = codes_of(word)
    found: np.uint64 = hashes_between(prefix_hashes(codes), np.array([0]), np.array([len(codes)]))[0]
    return found


def _runs(flags: Flags) -> tuple[Numbers, Numbers]:
    """Starts and ends of the runs of what is flagged."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    return edges[::2], edges[1::2]


def codes_of(text: str) -> NDArray[np.uint32]:
    """The code points of a text, lone surrogates too."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))


def _points(characters: str) -> NDArray[np.uint32]:
    return np.array([ord(character) for character in characters], np.uint32)


@cache
def _table() -> NDArray[np.uint8]:
    """For every code point of Unicode what it is."""
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    table = np.zeros(len(everything), np.uint8)
    for kind, pattern in _KINDS.items():
        for found in re.finditer(pattern, everything):
            table[found.start() : found.end()] |= kind
    return table


def prefix_hashes(codes: NDArray[np.uint32]) -> Hashes:
    """Of every beginning of these characters: the sum of (code + 1) · base^place, [C + 1] (Karp and Rabin 1987)."""
    terms = codes.astype(np.uint64)
    terms += np.uint64(1)
    terms *= _powers_for(len(codes))[0]
    prefixes = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(terms, out=prefixes[1:])
    return prefixes


def hashes_between(prefixes: Hashes, start: Numbers, end: Numbers) -> Hashes:
    """Hashes of stretches, the same wherever they stand."""
    inverse = _powers_for(len(prefixes))[1]
    found = prefixes[end]
    found -= prefixes[start]
    found *= inverse[start]
    found ^= found >> np.uint64(32)
    found *= _MIX
    found ^= found >> np.uint64(29)
    return found


def _powers_for(count: int) -> tuple[Hashes, Hashes]:
    """The base's powers 1, base, base² … modulo 2^64, and their inverses: [count]."""
    powers, inverses = _powers(1 << max(16, (count - 1).bit_length()))
    return powers[:count], inverses[:count]


@cache
def _powers(count: int) -> tuple[Hashes, Hashes]:
    tables = []
    for factor in (_BASE, pow(_BASE, -1, 2**64)):
        steps = np.full(count, factor, np.uint64)
        steps[0] = 1
        tables.append(np.cumprod(steps, dtype=np.uint64))
    return tables[0], tables[1]

"""Texts that hold what a model will be asked: found by runs of words that they share with evaluation sets.

As for GPT-3 (arXiv 2005.14165, appendix C) a run is 13 words; a shorter item of an evaluation set is one run as a
whole, if it has enough words to be no chance.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")  # each Han character is a word
Runs = NDArray[np.uint64]
_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
_BETWEEN = np.array([1 << 40], np.uint64)  # no word's: these have 32 bits


@dataclass(frozen=True)
class Asked:
    """The runs of evaluation sets: for each number of words the sorted hashes of runs so long."""

    runs: dict[int, Runs]

    @classmethod
    def of(cls, items: Iterable[str], words: int, least: int) -> Asked:
        """The runs of `words` words of each item; of a shorter one all its words, if they are `least` or more."""
        found = defaultdict[int, list[Runs]](list)
        for item in items:
            for long, runs in item_runs(item, words, least):
                found[long].append(runs)
        return cls({long: np.unique(np.concatenate(runs)) for long, runs in found.items()})

    def save(self, path: Path) -> None:
        """Write an .npz that `load` reads."""
        with path.open("wb") as file:
            np.savez(file, **{str(long): runs for long, runs in self.runs.items()})  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path) -> Asked:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            return cls({int(long): file[long] for long in file.files})

    def met(self, *texts: str) -> set[tuple[int, int]]:
        """The runs of these texts that are asked too: the number of words and the hash of each.

        No run reaches from one text into the next. Many short texts are looked through sooner together.
        """
        hashes = np.concatenate([part for text in texts for part in (_hashes(text), _BETWEEN)])
        own = ((long, runs_of(hashes, long), runs) for long, runs in self.runs.items())
        return {(long, run) for long, some, runs in own for run in some[_among(some, runs)].tolist()}

    def share(self, text: str) -> float:
        """The share of a text's words that are in runs which are asked too."""
        hashes = _hashes(text)
        asked = np.zeros(len(hashes) + 1, np.int64)
        for long, runs in self.runs.items():
            starts = np.flatnonzero(_among(runs_of(hashes, long), runs))
            asked += np.bincount(starts, minlength=len(asked)) - np.bincount(starts + long, minlength=len(asked))
        return float((np.cumsum(asked)[:-1] > 0).mean()) if len(hashes) else 0.0


def _among(some: Runs, runs: Runs) -> NDArray[np.bool_]:
    """Which of some are among the sorted runs; these are many, so they are not sorted again."""
    found: NDArray[np.bool_] = runs[np.minimum(np.searchsorted(runs, some), len(runs) - 1)] == some
    return found


class Holders:
    """Which items hold a run: for each number of words the sorted runs, and beside them the numbers of the items.

    An item is some texts; `long_enough` are the numbers of those that hold any run.
    """

    def __init__(self, items: Iterable[Sequence[str]], words: int, least: int) -> None:
        held = defaultdict[int, list[tuple[int, Runs]]](list)
        for number, texts in enumerate(items):
            for long, runs in (told for text in texts for told in item_runs(text, words, least)):
                held[long].append((number, runs))
        self.long_enough = {number for own in held.values() for number, _ in own}
        self._runs: dict[int, tuple[Runs, NDArray[np.int64]]] = {}
        for long, own in held.items():
            hashes = np.concatenate([runs for _, runs in own])
            numbers = np.repeat([number for number, _ in own], [len(runs) for _, runs in own])
            order = np.argsort(hashes, kind="stable")
            self._runs[long] = hashes[order], numbers[order]

    def items(self, met: Iterable[tuple[int, int]]) -> set[int]:
        """The numbers of the items that hold any of these runs (`Asked.met`)."""
        found = set[int]()
        for long, run in met:
            runs, numbers = self._runs[long]
            start, end = (int(np.searchsorted(runs, np.uint64(run), side)) for side in _SIDES)
            found.update(numbers[start:end].tolist())
        return found


def item_runs(item: str, words: int, least: int) -> Iterator[tuple[int, Runs]]:
    """How many words the runs of an item have, and the runs; nothing of an item that is too short."""
    hashes = _hashes(item)
    if len(hashes) >= least:
        long = min(words, len(hashes))
        yield long, runs_of(hashes, long)


def _hashes(text: str) -> Runs:
    """A hash of each word, the same in every process."""
    return np.array([zlib.crc32(word.encode()) for word in _WORD.findall(text.lower())], np.uint64)


def runs_of(hashes: Runs, long: int) -> Runs:
    """Hashes of all runs of so many words, in order."""
    count = max(0, len(hashes) - long + 1)
    runs = np.zeros(count, np.uint64)
    for place in range(long):
        runs = runs * np.uint64(0x9E3779B97F4A7C15) + hashes[place : place + count]
        runs ^= runs >> np.uint64(29)
    return runs

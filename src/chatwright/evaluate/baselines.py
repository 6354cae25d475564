"""What needs no model: the target of the nearest training source, and how a text begins.

A score says something only beside what is had for nothing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chatwright.evaluate.scorers import token_f1
from chatwright.evaluate.text import Unit

_ORDERS = 6  # character n-grams of 1 to 6, as in chrF
_RECALL_WEIGHT = 2.0 * 2.0  # chrF2: beta squared
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def nearest(texts: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """For each wanted text the number of the one in `texts` with the highest chrF against it (the first, of equals).

    chrF2 (Popović 2015) as sacrebleu computes it for a sentence: whitespace left out, the mean over the orders
    that both texts are long enough for.
    """
    stripped = ["".join(text.split()) for text in texts]
    lengths = np.array([len(text) for text in stripped])
    postings = [_postings(stripped, order) for order in range(1, _ORDERS + 1)]
    return [int(_scores(postings, lengths, "".join(text.split())).argmax()) for text in wanted]


def _postings(texts: Sequence[str], order: int) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Of each n-gram the texts that hold it, and how often."""
    places: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for number, text in enumerate(texts):
        for gram, count in _grams(text, order).items():
            places[gram][0].append(number)
            places[gram][1].append(count)
    return {gram: (np.array(where), np.array(counts)) for gram, (where, counts) in places.items()}


def _grams(text: str, order: int) -> Counter[str]:
    return Counter(text[start : start + order] for start in range(len(text) - order + 1))


def _scores(
    postings: Sequence[dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]],
    lengths: NDArray[np.int64],
    reference: str,
) -> NDArray[np.float64]:
    """chrF of every text against one reference."""
    total, orders = np.zeros(len(lengths)), np.zeros(len(lengths))
    for order, table in enumerate(postings, 1):
        asked = max(0, len(reference) - order + 1)
        given = np.maximum(0, lengths - order + 1)
        shared = np.zeros(len(lengths))
        for gram, count in _grams(reference, order).items():
            if gram in table:
                where, counts = table[gram]
                shared[where] += np.minimum(counts, count)
        counted = (given > 0) & (asked > 0)
        precision, recall = shared / np.maximum(given, 1), shared / max(asked, 1)
        below = _RECALL_WEIGHT * precision + recall
        scores = (1 + _RECALL_WEIGHT) * precision * recall / np.where(below > 0, below, 1)
        total += np.where(counted, scores, 0)
        orders += counted
    return total / np.maximum(orders, 1)


def lead(text: str, size: int, unit: Unit) -> str:
    """How a text begins: its first `size` lines, sentences if it has no lines, characters where those are the unit."""
    if unit == "characters":
        return text[:size]
    parts = text.split("\n") if "\n" in text else _SENTENCE_END.split(text)
    return " ".join([part.strip() for part in parts if part.strip()][:size])


def nearest_sentence(question: str, text: str, unit: Unit) -> str:
    """The sentence of a text that shares most with a question (F1 of tokens); the first, of equals."""
    sentences = [part.strip() for part in re.split(r"(?<=[.!?。！？；])\s*", text) if part.strip()] or [text]
    return max(sentences, key=lambda sentence: token_f1(question, sentence, unit))

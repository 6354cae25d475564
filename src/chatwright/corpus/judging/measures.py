"""Numbers about texts that rules compare with their limits; computed for many texts at once.

Words are runs of letters and digits; in Chinese those of a dictionary (rjieba). N documents.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from chatwright.corpus.judging.repetition import Words, repetition

Measures = dict[str, NDArray[np.float64]]  # [N] each

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_WITHOUT_LETTERS = re.compile(r"(?<!\S)(?:[^\w\s]|[\d_])+(?!\S)")
_HAN_WITHOUT_LETTERS = re.compile(r"[\W\d_]+")
_PARAGRAPHS = re.compile(r"\n{2,}")
_BULLETS = ("•", "‣", "▪", "●", "◦", "·", "- ", "* ")
_ELLIPSIS = ("...", "…")
# What a sentence ends with, closing quotes and brackets behind it included.
_END_MARKS = (".", "!", "?", '"', "'", "。", "！", "？", "；", "”", "’", "」", "』", "…", "）", ")")
_SENTENCE_END = {
    "zh": re.compile(r"[。！？；!?]+"),
    "": re.compile(r"[.!?]+[\"'”’)]*(?=\s|$)"),
}
_SHORT_LINE = 30  # characters
_HAN_SHORT_LINE = 10  # about as much text as 30 Latin letters

STOP_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(("the", "be", "to", "of", "and", "that", "have", "with")),
    "de": frozenset(("der", "die", "das", "und", "ist", "nicht", "mit", "von", "zu", "den", "in")),
    "zh": frozenset("的年在月是和日了於·為有被人中为他與後也而由"),
}


def measure(texts: Sequence[str], language: str) -> Measures:
    """All measures of texts in one language (its two letters; "": unknown), [N] each.

    Counts: characters, words, sentences, stop_words (different ones; infinite where none are known), and what C4
    refuses, curly_brackets and lorem_ipsum. Means: word_length. To the words: hash_share, ellipsis_share,
    new_line_share (line ends). Shares: letter_share (of what stands between spaces, what holds a letter); of the lines
    bullet_lines, ellipsis_lines, ended_lines, short_lines, repeated_lines; of the characters repeated_line_characters,
    repeated_paragraph_characters, and those of `repetition`.
    """
    if not texts:
        return {}
    split = _han_words if language == "zh" else _WORD.findall
    words = [split(text) for text in texts]
    columns = [_of_one(text, own, language) for text, own in zip(texts, words, strict=True)]
    found = {name: np.array([column[name] for column in columns], np.float64) for name in columns[0]}
    return {**found, **repetition(Words.of(words))}


def _of_one(text: str, words: list[str], language: str) -> dict[str, float]:
    han, count, lowered = language == "zh", max(1, len(words)), text.lower()
    lines = [line for line in text.split("\n") if line.strip()] or [""]
    ends = _SENTENCE_END.get(language, _SENTENCE_END[""])
    stops = STOP_WORDS.get(language)
    return {
        "characters": len(text),
        "words": len(words),
        "sentences": len(ends.findall(text)),
        "stop_words": len(stops.intersection(word.lower() for word in words)) if stops else math.inf,
        "word_length": sum(map(len, words)) / count,
        "hash_share": text.count("#") / count,
        "ellipsis_share": (text.count("...") + text.count("…")) / count,
        "letter_share": _letter_share(text, han),
        "new_line_share": text.count("\n") / count,
        "bullet_lines": sum(line.lstrip().startswith(_BULLETS) for line in lines) / len(lines),
        "ellipsis_lines": sum(line.rstrip().endswith(_ELLIPSIS) for line in lines) / len(lines),
        "ended_lines": sum(line.rstrip().endswith(_END_MARKS) for line in lines) / len(lines),
        "short_lines": sum(len(line) <= (_HAN_SHORT_LINE if han else _SHORT_LINE) for line in lines) / len(lines),
        "repeated_lines": _repeated(lines)[0] / len(lines),
        "repeated_line_characters": _repeated(lines)[1] / max(1, len(text)),
        "repeated_paragraph_characters": _repeated(_PARAGRAPHS.split(text.strip()))[1] / max(1, len(text)),
        "curly_brackets": text.count("{"),
        "lorem_ipsum": lowered.count("lorem ipsum"),
    }


def _letter_share(text: str, han: bool) -> float:
    """The share of what stands between spaces that holds a letter; in Chinese of the characters."""
    if han:
        visible = len(text) - sum(map(len, re.findall(r"\s+", text)))
        return 1 - sum(len(run.strip()) for run in _HAN_WITHOUT_LETTERS.findall(text)) / max(1, visible)
    return 1 - len(_WITHOUT_LETTERS.findall(text)) / max(1, len(text.split()))


def _repeated(pieces: Sequence[str]) -> tuple[int, int]:
    """How many pieces stood there before, and their characters."""
    if len(set(pieces)) == len(pieces):
        return 0, 0
    seen, count, characters = set[str](), 0, 0
    for piece in pieces:
        if piece in seen:
            count, characters = count + 1, characters + len(piece)
        seen.add(piece)
    return count, characters


def _han_words(text: str) -> list[str]:
    return [word for word in _cut()(text) if word[0].isalnum()]


@cache
def _cut() -> Callable[[str], list[str]]:
    import rjieba

    cut: Callable[[str], list[str]] = rjieba.cut
    return cut

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
_LETTERS = re.compile(r"[^\W\d_]+")
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
    han, count, ends = language == "zh", max(1, len(words)), _SENTENCE_END.get(language, _SENTENCE_END[""])
    stops = STOP_WORDS.get(language)
    repeated_paragraphs = _repeated(_PARAGRAPHS.split(text))[1] if "\n\n" in text else 0
    return {
        "characters": len(text),
        "words": len(words),
        "sentences": len(ends.findall(text)),
        "stop_words": len(stops.intersection([word.lower() for word in set(words)])) if stops else math.inf,
        "word_length": len("".join(words)) / count,
        "hash_share": text.count("#") / count,
        "ellipsis_share": (text.count("...") + text.count("…")) / count,
        "letter_share": _letter_share(text, han),
        "new_line_share": text.count("\n") / count,
        "repeated_paragraph_characters": repeated_paragraphs / max(1, len(text)),
        "curly_brackets": text.count("{"),
        "lorem_ipsum": text.lower().count("lorem ipsum"),
        **_of_lines(text, _HAN_SHORT_LINE if han else _SHORT_LINE),
    }


def _of_lines(text: str, short: int) -> dict[str, float]:
    lines = [line for line in text.split("\n") if line.strip()] or [""]
    bullets = ellipses = ended = shorter = 0
    for line in lines:
        inner = line.strip()
        bullets += inner.startswith(_BULLETS)
        ellipses += inner.endswith(_ELLIPSIS)
        ended += inner.endswith(_END_MARKS)
        shorter += len(line) <= short
    repeated, characters = _repeated(lines)
    return {
        "bullet_lines": bullets / len(lines),
        "ellipsis_lines": ellipses / len(lines),
        "ended_lines": ended / len(lines),
        "short_lines": shorter / len(lines),
        "repeated_lines": repeated / len(lines),
        "repeated_line_characters": characters / max(1, len(text)),
    }


def _letter_share(text: str, han: bool) -> float:
    """The share of what stands between spaces that holds a letter; in Chinese of the characters."""
    pieces = text.split()
    if han:
        return len("".join(_LETTERS.findall(text))) / max(1, len("".join(pieces)))
    return 1 - len(_WITHOUT_LETTERS.findall(text)) / max(1, len(pieces))


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
    return [word for word in cut_words(text) if word[0].isalnum()]


def cut_words(text: str) -> list[str]:
    """A Chinese text as the words of a dictionary and what stands between them; joined they are the text."""
    return _cut()(text)


@cache
def _cut() -> Callable[[str], list[str]]:
    import rjieba

    cut: Callable[[str], list[str]] = rjieba.cut
    return cut

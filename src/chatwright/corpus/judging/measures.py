"""Numbers about texts that rules compare with their limits; computed for many texts at once.

Words are runs of letters and digits; in Chinese those of a dictionary (rjieba). N documents.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from chatwright.corpus.judging.characters import (
    BULLET,
    LETTER,
    LINE_END,
    SPACE,
    Block,
    Flags,
    Hashes,
    Numbers,
    Spans,
    hash_of,
)
from chatwright.corpus.judging.repetition import repetition

Measures = dict[str, NDArray[np.float64]]  # [N] each

_PARAGRAPHS = re.compile(r"\n{2,}")
_SHORT_LINE = 30  # characters
_HAN_SHORT_LINE = 10  # about as much text as 30 Latin letters
_BLOCK = 500_000  # characters that are looked at together; each takes some 60 bytes for that time

STOP_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(("the", "be", "to", "of", "and", "that", "have", "with")),
    "de": frozenset(("der", "die", "das", "und", "ist", "nicht", "mit", "von", "zu", "den", "in")),
    "zh": frozenset("的年在月是和日了於·為有被人中为他與後也而由"),
}
_MOST_STOP_WORDS = 64
_LOREM_IPSUM = ("lorem ipsum", "Lorem ipsum", "Lorem Ipsum", "LOREM IPSUM")


def measure(texts: Sequence[str], language: str) -> Measures:
    """All measures of texts in one language (its two letters; "": unknown), [N] each.

    Counts: characters, words, sentences, stop_words (different ones; infinite where none are known), and what C4
    refuses, curly_brackets and lorem_ipsum. Means: word_length. To the words: hash_share, ellipsis_share,
    new_line_share (line ends). Shares: letter_share (of what stands between spaces, what holds a letter; in Chinese of
    the characters); of the lines bullet_lines, ellipsis_lines, ended_lines, short_lines, repeated_lines; of the
    paragraphs repeated_paragraphs; of the characters repeated_line_characters, repeated_paragraph_characters, and those
    of `repetition`. Words and lines of more than half a million characters count as several.
    """
    if not texts:
        return {}
    groups = [_of_group(group, language) for group in _groups(texts)]
    return {name: np.concatenate([group[name] for group in groups]) for name in groups[0]}


def _groups(texts: Sequence[str]) -> Iterator[list[str]]:
    """Neighbours that are no longer than a block, or one text that is."""
    group, size = list[str](), 0
    for text in texts:
        if group and size + len(text) > _BLOCK:
            yield group
            group, size = [], 0
        group.append(text)
        size += len(text)
    yield group


def _of_group(texts: list[str], language: str) -> Measures:
    if len(texts) == 1:
        read = _Read.joined([_Read.of([piece], language) for piece in _pieces(texts[0])])
    else:
        read = _Read.of(texts, language)
    return {
        **_of_texts(texts, read, language),
        **_of_lines(texts, read, language),
        **repetition(read.words, len(texts)),
    }


def _pieces(text: str) -> Iterator[str]:
    """A text in pieces no longer than a block, cut at the end of a line or of a word where there is one."""
    start = 0
    while len(text) - start > _BLOCK:
        within = start + _BLOCK // 2, start + _BLOCK
        end = max(text.rfind("\n", *within), -1)
        end = end if end >= 0 else text.rfind(" ", *within)
        yield text[start : end if end >= 0 else within[1]]
        start = end + 1 if end >= 0 else within[1]
    yield text[start:]


@dataclass(frozen=True)
class _Read:
    """What a block holds: counts by text, [N]; words; lines that are not blank, and what begins or ends them, [L]."""

    sentences: Numbers
    inked: Numbers  # stretches between white space; in Chinese characters
    lettered: Numbers  # those that hold a letter
    words: Spans
    stops: Numbers  # the stop words of each text, each once: the text's number · 64 + the word's
    lines: Spans
    bullets: Flags
    ellipses: Flags
    ended: Flags

    @classmethod
    def of(cls, texts: Sequence[str], language: str) -> _Read:
        block = Block(texts)
        if language == "zh":
            start, end = block.dictionary_words(cut_words)
            sentences = block.han_sentence_ends()
            inked, lettered = (np.flatnonzero(flags) for flags in (~block.of_kind(SPACE), block.of_kind(LETTER)))
        else:
            start, end = block.words()
            sentences = block.sentence_ends()
            inked, ends = block.pieces()
            lettered = inked[block.any_in(block.of_kind(LETTER), inked, ends)]
        words = block.spans(start, end)
        lines, first, last = block.lines()
        code, before = block.codes, np.maximum(last - 1, 0)
        listed = (code[first] == ord("-")) | (code[first] == ord("*"))
        listed &= code[np.minimum(first + 1, last)] == ord(" ")
        dots = (last - first >= 2) & (code[last] == ord(".")) & (code[before] == ord("."))
        dots &= code[np.maximum(last - 2, 0)] == ord(".")
        return cls(
            sentences=block.count(sentences),
            inked=block.count(inked),
            lettered=block.count(lettered),
            words=words,
            stops=_stops(words, language),
            lines=lines,
            bullets=block.of_kind(BULLET)[first] | listed,
            ellipses=dots | (code[last] == ord("…")),
            ended=block.of_kind(LINE_END)[last],
        )

    @classmethod
    def joined(cls, parts: Sequence[_Read]) -> _Read:
        """The pieces of one text as one."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            sentences=np.sum([part.sentences for part in parts], axis=0),
            inked=np.sum([part.inked for part in parts], axis=0),
            lettered=np.sum([part.lettered for part in parts], axis=0),
            words=Spans.joined([part.words for part in parts]),
            stops=np.unique(np.concatenate([part.stops for part in parts])),
            lines=Spans.joined([part.lines for part in parts]),
            bullets=np.concatenate([part.bullets for part in parts]),
            ellipses=np.concatenate([part.ellipses for part in parts]),
            ended=np.concatenate([part.ended for part in parts]),
        )


def _stops(words: Spans, language: str) -> Numbers:
    hashes, numbers, longest = _stop_hashes(language)
    short = np.flatnonzero(words.lengths <= longest)
    if not len(short):
        return short
    looked = words.hashes[short]
    which = np.minimum(np.searchsorted(hashes, looked), len(hashes) - 1)
    found = hashes[which] == looked
    return np.unique(words.owner[short[found]] * _MOST_STOP_WORDS + numbers[which[found]])


@cache
def _stop_hashes(language: str) -> tuple[Hashes, Numbers, int]:
    """Hashes of stop words as they are, with a capital, in capitals, in order; which word each is; the longest."""
    stops = sorted(STOP_WORDS.get(language, ()))
    spelt = {str(form): number for number, word in enumerate(stops) for form in (word, word.title(), word.upper())}
    hashes = np.array([hash_of(form) for form in spelt], np.uint64)
    order = np.argsort(hashes)
    return hashes[order], np.array(list(spelt.values()), np.int64)[order], max(map(len, stops), default=0)


def _of_texts(texts: Sequence[str], read: _Read, language: str) -> Measures:
    characters = np.array([len(text) for text in texts], np.float64)
    words = np.bincount(read.words.owner, minlength=len(texts)).astype(np.float64)
    count = np.maximum(1, words)
    if language in STOP_WORDS:
        stops = np.bincount(read.stops // _MOST_STOP_WORDS, minlength=len(texts)).astype(np.float64)
    else:
        stops = np.full(len(texts), math.inf)
    repeated = np.array([_repeated_paragraphs(text) for text in texts], np.float64)
    nothing = read.inked == 0 if language != "zh" else np.zeros(len(texts), np.bool_)  # counts as letters elsewhere
    return {
        "characters": characters,
        "words": words,
        "sentences": read.sentences.astype(np.float64),
        "stop_words": stops,
        "word_length": np.bincount(read.words.owner, read.words.lengths, len(texts)) / count,
        "hash_share": _counted(texts, "#") / count,
        "ellipsis_share": (_counted(texts, "...") + _counted(texts, "…")) / count,
        "letter_share": (read.lettered + nothing) / np.maximum(1, read.inked),
        "new_line_share": _counted(texts, "\n") / count,
        "repeated_paragraphs": repeated[:, 0],
        "repeated_paragraph_characters": repeated[:, 1] / np.maximum(1, characters),
        "curly_brackets": _counted(texts, "{"),
        "lorem_ipsum": np.sum([_counted(texts, form) for form in _LOREM_IPSUM], axis=0),
    }


def _counted(texts: Sequence[str], what: str) -> NDArray[np.float64]:
    return np.array([text.count(what) for text in texts], np.float64)


def _of_lines(texts: Sequence[str], read: _Read, language: str) -> Measures:
    lines, total = read.lines, len(texts)
    there = np.bincount(lines.owner, minlength=total)
    count = np.maximum(1, there)
    short = lines.lengths <= (_HAN_SHORT_LINE if language == "zh" else _SHORT_LINE)
    order = np.lexsort((lines.hashes, lines.owner))
    same = (np.diff(lines.hashes[order]) == 0) & (np.diff(lines.owner[order]) == 0)
    again = order[1:][same]  # stood there before, or stands there later: equal lines count the same
    characters = np.bincount(lines.owner[again], lines.lengths[again], total)

    def share(flags: Flags) -> NDArray[np.float64]:
        return np.bincount(lines.owner[flags], minlength=total) / count

    return {
        "bullet_lines": share(read.bullets),
        "ellipsis_lines": share(read.ellipses),
        "ended_lines": share(read.ended),
        "short_lines": share(short) + (there == 0),
        "repeated_lines": np.bincount(lines.owner[again], minlength=total) / count,
        "repeated_line_characters": characters / np.array([max(1, len(text)) for text in texts]),
    }


def _repeated_paragraphs(text: str) -> tuple[float, int]:
    """Of the paragraphs those that stood there before: which share they are, and their characters."""
    if "\n\n" not in text:
        return 0.0, 0
    paragraphs = _PARAGRAPHS.split(text)
    different = set(paragraphs)
    if len(different) == len(paragraphs):
        return 0.0, 0
    again = len(paragraphs) - len(different)
    return again / len(paragraphs), sum(map(len, paragraphs)) - sum(map(len, different))


def cut_words(text: str) -> list[str]:
    """A Chinese text as the words of a dictionary and what stands between them; joined they are the text."""
    return _cut()(text)


@cache
def _cut() -> Callable[[str], list[str]]:
    import rjieba

    cut: Callable[[str], list[str]] = rjieba.cut
    return cut

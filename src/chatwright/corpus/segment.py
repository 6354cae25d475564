"""Texts cut into what a reader of them may want apart: a sentence a line, or words with spaces between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from chatwright.corpus.collection.settings import Segment
from chatwright.corpus.judging.measures import cut_words
from chatwright.corpus.private.kinds import KINDS

_PIECE = 5_000  # characters that are cut at once: finding sentences costs the square of what is looked at
_PLACEHOLDER = re.compile(f"(<(?:{'|'.join(KINDS)})>)")


def segmented(text: str, language: str, segment: Segment) -> str:
    """The text with each sentence on a line of its own, or with a space between words; "": as it is.

    Promises: nothing but white space changes, and blank lines stay. Sentences are those of sentencex, which has rules
    for many languages and general ones for the others. Words are cut in Chinese (rjieba); other languages stay as
    they are. `language`: two letters; "": unknown.
    """
    if segment == "sentences":
        return _by_line(text, lambda line: "\n".join(_sentences(line, language or "en")))
    if segment == "words" and language == "zh":
        return _by_line(text, lambda line: " ".join(_words(line)))
    return text


def _by_line(text: str, change: Callable[[str], str]) -> str:
    return "\n".join(change(line) for line in text.split("\n"))


def _sentences(line: str, language: str) -> Iterator[str]:
    import sentencex

    rest = ""
    for start in range(0, len(line), _PIECE):
        found = sentencex.segment(language, rest + line[start : start + _PIECE])
        unfinished = start + _PIECE < len(line) and len(found[-1]) < _PIECE
        rest = found.pop() if unfinished else ""  # a sentence may go on in the next piece
        yield from (sentence.strip() for sentence in found if sentence.strip())


def _words(line: str) -> Iterator[str]:
    for part in _PLACEHOLDER.split(line):
        if _PLACEHOLDER.fullmatch(part):
            yield part
        else:
            yield from (word.strip() for word in cut_words(part) if word.strip())

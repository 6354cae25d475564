"""Where words are in a text: letters and digits by the run; Han by the segmented word (jieba's dictionary)."""

from __future__ import annotations

from collections.abc import Iterator

import regex
import rjieba

_RUNS = regex.compile(r"(?P<han>\p{Han}+)|[^\W\p{Han}]+|[^\w\s]")


def word_spans(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each word and each sign, in characters; whitespace belongs to none.

    >>> text = "It's 北京大学!"
    >>> [text[start:end] for start, end in word_spans(text)]
    ['It', "'", 's', '北京大学', '!']
    """
    for found in _RUNS.finditer(text):
        if found.group("han") is None:
            yield found.span()
            continue
        start = found.start()
        for word in rjieba.cut(found.group()):
            yield start, start + len(word)
            start += len(word)


def words_of(text: str) -> list[int]:
    """For each character the number of its word, -1 for whitespace: [len(text)]."""
    numbers = [-1] * len(text)
    for number, (start, end) in enumerate(word_spans(text)):
        numbers[start:end] = [number] * (end - start)
    return numbers

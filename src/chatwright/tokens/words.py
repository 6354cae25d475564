"""Where words are in a text: letters by the run; Han by the segmented word (jieba's dictionary), or one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex
import rjieba

# Kana and Han: scripts that put no spaces between words.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_CHARACTERS = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")
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


def characters(text: str) -> list[str]:
    """Han and kana one by one, other letters and digits by the run, in lower case; no punctuation.

    >>> characters("用 Python 3 学习。")
    ['用', 'python', '3', '学', '习']
    """
    return _CHARACTERS.findall(text.lower())

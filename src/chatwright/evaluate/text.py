"""How text is made comparable before it is scored."""

from __future__ import annotations

import re
import string
from typing import Literal

Unit = Literal["words", "characters"]

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
# Kana and Han: scripts that put no spaces between words.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_CHARACTERS = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")


def squeeze(text: str) -> str:
    """The text with each run of whitespace as one space, and none at the ends."""
    return " ".join(text.split())


def characters(text: str) -> list[str]:
    """Han and kana one by one, other letters and digits by the run, in lower case; no punctuation.

    >>> characters("用 Python 3 学习。")
    ['用', 'python', '3', '学', '习']
    """
    return _CHARACTERS.findall(text.lower())


def answer_tokens(text: str, unit: Unit) -> list[str]:
    """What a short answer is made of, for its token F1.

    Words are normalised as SQuAD's evaluation does (Rajpurkar et al. 2016, section 6.1): lower
    case, no ASCII punctuation, no English articles. Characters: see `characters`.

    >>> answer_tokens("The answer, an int.", "words")
    ['answer', 'int']
    """
    if unit == "characters":
        return characters(text)
    return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()

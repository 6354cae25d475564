"""How text is made comparable before it is scored."""

from __future__ import annotations

import re
import string
from typing import Literal

from chatwright.tokens.words import characters

Unit = Literal["words", "characters"]

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def squeeze(text: str) -> str:
    """The text with each run of whitespace as one space, and none at the ends."""
    return " ".join(text.split())


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

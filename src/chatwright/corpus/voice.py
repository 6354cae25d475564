"""A voice: how a template becomes what somebody types, with greetings, haste and slips around the name."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from chatwright.corpus import evaluation_phrasings, training_phrasings

Template = tuple[str, str]  # (phrasing id, text with placeholders)

_WORD = re.compile(r"(?<![{\w])[A-Za-z]{4,}(?![\w}])")
_STRIDE = 7_919  # a prime above every count of templates: steps of it visit all of them
_BARE_TAIL = "?.!"


@dataclass(frozen=True)
class Habits:
    """How often a voice does something to a question."""

    opener: float
    closer: float
    lower_case: float
    no_stop: float
    slip: float


@dataclass(frozen=True)
class Voice:
    """Templates of one side, training or evaluation, and how they are spoken."""

    mark: str
    phrasings: Mapping[str, tuple[str, ...]]
    openers: tuple[tuple[str, bool], ...]
    closers: tuple[str, ...]
    habits: Habits

    def templates(self, *groups: str) -> tuple[Template, ...]:
        """All templates of the groups, each with its id such as ``what/t12``."""
        return _numbered(self.mark, tuple((group, self.phrasings[group]) for group in groups))

    def pick(self, offset: int, turn: int, *groups: str) -> Template:
        """The template of the `turn`-th use: each comes once before one comes again."""
        templates = self.templates(*groups)
        return templates[(offset + turn * _STRIDE) % len(templates)]

    def any(self, rng: random.Random, *groups: str) -> Template:
        """A random template of the groups."""
        return rng.choice(self.templates(*groups))

    def say(self, template: str, rng: random.Random, *, alone: bool = True, **slots: str) -> str:
        """Fill a template as somebody would type it. Only the words around the slots are touched.

        `alone` allows a greeting before and a closing after it.
        """
        text, habits = template, self.habits
        if alone and rng.random() < habits.closer and text[-1] in _BARE_TAIL:
            text = f"{text} {rng.choice(self.closers)}"
        if alone and rng.random() < habits.opener:
            text = _opened(text, *rng.choice(self.openers))
        if rng.random() < habits.slip:
            text = slip(text, rng)
        if rng.random() < habits.lower_case:
            text = text.lower()
        if rng.random() < habits.no_stop and len(text) > 1 and text[-1] in _BARE_TAIL:
            text = text[:-1]
        for slot, value in slots.items():
            text = text.replace("{" + slot + "}", value)
        return text


@cache
def _numbered(mark: str, groups: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[Template, ...]:
    return tuple((f"{group}/{mark}{number}", text) for group, texts in groups for number, text in enumerate(texts))


def _opened(text: str, opener: str, goes_on: bool) -> str:
    keep_case = not goes_on or text.startswith(("{", "I ", "I'", "TL"))
    return f"{opener} {text if keep_case else text[0].lower() + text[1:]}"


def slip(text: str, rng: random.Random) -> str:
    """One slip of the finger in one word of at least four letters; placeholders are never touched."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    match = rng.choice(words)
    word = match.group()
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(3)
    if kind == 0:
        word = word[:at] + word[at + 1 :]
    elif kind == 1:
        word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    else:
        word = word[:at] + word[at] + word[at:]
    return text[: match.start()] + word + text[match.end() :]


TRAINING = Voice(
    "t",
    training_phrasings.PHRASINGS,
    training_phrasings.OPENERS,
    training_phrasings.CLOSERS,
    Habits(opener=0.22, closer=0.08, lower_case=0.2, no_stop=0.15, slip=0.08),
)
EVALUATION = Voice(
    "e",
    evaluation_phrasings.PHRASINGS,
    evaluation_phrasings.OPENERS,
    evaluation_phrasings.CLOSERS,
    Habits(opener=0.2, closer=0.1, lower_case=0.2, no_stop=0.15, slip=0.04),
)

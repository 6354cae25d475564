"""A voice: how a template becomes what somebody types, with greetings, haste and slips around the name."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache

from chatwright.corpus.pools import CLOSERS, OPENERS, Side, sides

Template = tuple[str, str]  # (phrasing id, text with placeholders)

_WORD = re.compile(r"(?<![{\w])[A-Za-z]{4,}(?![\w}])")
_STRIDE = 7_919  # a prime above every count of templates: steps of it visit all of them
_BARE_TAIL = "?.!"
_GOES_ON = (",", ":")  # after an opener that ends so, the question goes on in lower case
_KEEPS_CASE = re.compile(r"\{|I\b|Python\b|[A-Z]{2}")


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
    side: Side
    habits: Habits

    def templates(self, *groups: str) -> tuple[Template, ...]:
        """All templates of the groups, each with its id such as ``what/t12``."""
        return _numbered(self.mark, self.side, groups)

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
        text, habits, pools = template, self.habits, sides()[self.side]
        if alone and rng.random() < habits.closer and text[-1] in _BARE_TAIL:
            text = f"{text} {rng.choice(pools[CLOSERS])}"
        if alone and rng.random() < habits.opener:
            text = _opened(text, rng.choice(pools[OPENERS]))
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
def _numbered(mark: str, side: Side, groups: tuple[str, ...]) -> tuple[Template, ...]:
    pools = sides()[side]
    return tuple((f"{group}/{mark}{number}", text) for group in groups for number, text in enumerate(pools[group]))


def _opened(text: str, opener: str) -> str:
    keep_case = not opener.endswith(_GOES_ON) or _KEEPS_CASE.match(text)
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


TRAINING = Voice("t", "training", Habits(opener=0.22, closer=0.08, lower_case=0.2, no_stop=0.15, slip=0.08))
EVALUATION = Voice("e", "evaluation", Habits(opener=0.2, closer=0.1, lower_case=0.2, no_stop=0.15, slip=0.04))

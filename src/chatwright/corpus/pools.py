"""How people ask: pools of phrasings kept as text, one a line, and their split into two sides.

Each file of `phrasings/` is a pool, named by the group of questions: `{name}` in it stands for a name,
`{description}` for a description, `{text}` for a text to sum up. After an opener that ends with a comma
or a colon the question goes on in lower case. `asks` and `clauses` are combined, for training alone.

A phrasing is either trained on or asked in the evaluation, whatever the seed of a run: its side is a
hash of its words, without the openers and closers around them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

from chatwright.core.files import hash_json
from chatwright.core.seeds import share

Side = Literal["training", "evaluation"]
Pools = Mapping[str, tuple[str, ...]]

OPENERS, CLOSERS, SMALL_TALK = "openers", "closers", "small-talk."
EVALUATION_SHARE = 0.12
_FEWEST, _FEWEST_SMALL_TALK = 3, 2  # phrasings of a group in the evaluation
_ASKS, _CLAUSES, _COMBINED = "asks", "clauses", "what"  # "Can you tell me" + "what {name} does."

_WORD = re.compile(r"[\w{}]+")
_SHORT_FORMS = (
    (re.compile(r"['’]"), ""),
    (re.compile(r"\b(what|where|who|how|that|it)s\b"), r"\1 is"),
    (re.compile(r"\b(i)m\b"), r"\1 am"),
    (re.compile(r"\b(do|does|did|is|could|would)nt\b"), r"\1 not"),
)


def normalised(text: str) -> str:
    """The words alone, in lower case, short forms written out.

    >>> normalised("What's {name}, please?")
    'what is {name} please'
    """
    text = text.lower()
    for short, full in _SHORT_FORMS:
        text = short.sub(full, text)
    return " ".join(_WORD.findall(text))


def _read() -> dict[str, tuple[str, ...]]:
    folder = files("chatwright.corpus").joinpath("phrasings")
    texts = {
        entry.name.removesuffix(".txt"): entry.read_text(encoding="utf-8").split("\n")
        for entry in folder.iterdir()
        if entry.name.endswith(".txt")
    }
    return {group: tuple(filter(None, texts[group])) for group in sorted(texts)}


class Kernels:
    """What remains of a phrasing without the greetings and closings that may be put around it."""

    def __init__(self, pools: Pools) -> None:
        self._before = _longest_first(pools.get(OPENERS, ()))
        self._behind = _longest_first(pools.get(CLOSERS, ()))

    def of(self, text: str, group: str) -> str:
        """The words by which a phrasing is sorted to a side: "So what is {name}?" and "What is {name}?" are one."""
        kernel = normalised(text)
        if group in {OPENERS, CLOSERS} or group.startswith(SMALL_TALK):
            return kernel
        while kernel != (shorter := self._shorter(kernel)):
            kernel = shorter
        return kernel

    def _shorter(self, text: str) -> str:
        text = next((text[len(one) + 1 :] for one in self._before if text.startswith(f"{one} ")), text)
        return next((text[: -len(one) - 1] for one in self._behind if text.endswith(f" {one}")), text)


def _longest_first(texts: Iterable[str]) -> list[str]:
    return sorted({normalised(text) for text in texts}, key=lambda text: (-len(text), text))


def split(pools: Pools) -> dict[Side, dict[str, tuple[str, ...]]]:
    """Both sides of all pools. Phrasings of the same words go to the same side, in whatever pool they are.

    About `EVALUATION_SHARE` of the phrasings go to the evaluation; where too few of a pool would, those
    whose hash is lowest do.
    """
    kernels = Kernels(pools)
    keys = {group: [kernels.of(text, group) for text in texts] for group, texts in pools.items()}
    shares = {key: share(key, 0, "phrasing") for group in keys for key in keys[group]}
    asked = {key for key, value in shares.items() if value < EVALUATION_SHARE}
    for group in keys:
        fewest = _FEWEST_SMALL_TALK if group.startswith(SMALL_TALK) else _FEWEST
        asked.update(sorted(set(keys[group]), key=shares.__getitem__)[:fewest])
    sides: dict[Side, dict[str, tuple[str, ...]]] = {"training": {}, "evaluation": {}}
    for group, texts in pools.items():
        pairs = list(zip(texts, keys[group], strict=True))
        sides["training"][group] = tuple(text for text, key in pairs if key not in asked)
        sides["evaluation"][group] = tuple(text for text, key in pairs if key in asked)
    return sides


def phrasings_identity() -> str:
    """The hash of all that people are made to say: other phrasings make other conversations."""
    return hash_json([{group: list(texts) for group, texts in _read().items()}, list(_read_outside())])


def _read_outside() -> tuple[str, ...]:
    text = files("chatwright.corpus").joinpath("outside_phrasings.txt").read_text(encoding="utf-8")
    return tuple(filter(None, text.split("\n")))


@cache
def outside() -> tuple[str, ...]:
    """Ways of asking what {name} is, by somebody who had seen no phrasing of the pools.

    Everybody asks "What is {name}?". So those in whose words training asks too are left out, whatever
    is put around them.
    """
    kernels = Kernels(_read())
    trained = {kernels.of(text, group) for group, texts in sides()["training"].items() for text in texts}
    return tuple(text for text in _read_outside() if kernels.of(text, _COMBINED) not in trained)


@cache
def sides() -> dict[Side, dict[str, tuple[str, ...]]]:
    """Side to group to phrasings.

    Beyond its share of the pools, training has every beginning of `asks` with every clause of
    `clauses`, but for those that the evaluation asks.
    """
    pools = _read()
    asks, clauses = pools.pop(_ASKS), pools.pop(_CLAUSES)
    combined = [f"{ask} {clause}." for ask in asks for clause in clauses]
    both, kernels = split(pools), Kernels(pools)
    known = {normalised(text) for text in both["training"][_COMBINED]}
    known |= {kernels.of(text, group) for group, texts in both["evaluation"].items() for text in texts}
    both["training"][_COMBINED] += tuple(
        text for text in combined if not known & {normalised(text), kernels.of(text, _COMBINED)}
    )
    return both

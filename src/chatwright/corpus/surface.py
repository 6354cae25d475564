"""The forms in which people write a name: bare, as a call, quoted, with its kind beside it."""

from __future__ import annotations

import keyword
import random

CALLABLE = frozenset({"function", "method", "class"})
_CALL_SHARE = {"function": 0.22, "method": 0.22, "class": 0.08}


def noun(name: str, kind: str) -> str:
    """The word for a kind of name: "keyword" for `lambda`, else the kind itself."""
    return "keyword" if kind == "topic" and keyword.iskeyword(name) else kind


def _beside(word: str, name: str, rng: random.Random) -> str:
    return f"the {name} {word}" if rng.random() < 0.65 else f"the {word} {name}"


def distinct(name: str, kind: str, rng: random.Random) -> str:
    """A form that tells the whole name from others that end like it: the built-in, the module."""
    if kind in CALLABLE and "." not in name:
        form = rng.choice(("the built-in {1} {0}", "the built-in {0}", "the {0} built-in", "the built-in {0} {1}"))
        return form.format(name, kind)
    return _beside(noun(name, kind), name, rng)


def surface(name: str, kind: str, rng: random.Random) -> str:
    """A random form of the name; the name in it is always spelt as it is (a heading may lose its capitals)."""
    dice = rng.random()
    if kind == "section":
        if dice < 0.5:
            return name
        if dice < 0.65:
            return name.lower()
        return f'"{name}"' if dice < 0.85 else _beside("section", name, rng)
    call = "()" if kind in _CALL_SHARE and rng.random() < _CALL_SHARE[kind] else ""
    if dice < 0.6:
        return name + call
    if dice < 0.73:
        return f"`{name}{call}`"
    if dice < 0.8:
        return f'"{name}{call}"'
    if dice < 0.85:
        return f"'{name}{call}'"
    return _beside(noun(name, kind), name + call, rng)


def capitalised(text: str, slot: str) -> str:
    """ "The" at the start of a question that begins with a form like "the json module"."""
    return slot[0].upper() + slot[1:] if text.startswith("{name}") and slot.startswith("the ") else slot


def described(summary: str, rng: random.Random) -> str:
    """A summary as part of a question: in quotes, or without its capital and its full stop."""
    if rng.random() < 0.5:
        return f'"{summary}"'
    bare = summary[:-1] if summary.endswith(".") and not summary.endswith("..") else summary
    first, second = bare[:1], bare[1:2]
    return first.lower() + bare[1:] if first.isupper() and (second.islower() or second == " ") else bare

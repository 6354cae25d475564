"""What the assistant answers: the one exact wording for each kind of question.

What a name stands for is said after the name itself, written out in full. So the model first settles
which name is meant, whatever the words of the question were, and then says what it knows of it. Every
other kind of answer begins with words of its own: what is wanted shows in the first token.
"""

from __future__ import annotations

from chatwright.corpus.knowledge import SECTION
from chatwright.corpus.tables import Fact

UNKNOWN = "I do not know that name."
UNKNOWN_HEADING = "I do not know that heading."

# How an answer shows which names it is about: at the start of a line, before its summary or its arguments.
NAME_CLAIM = r"^([\w.]+)(?:: |\()"
HEADING_CLAIM = r"^(?!As I said: )(.{1,120}?): "


def claim(kind: str) -> str:
    """The regular expression that finds what an answer is about."""
    return HEADING_CLAIM if kind == SECTION else NAME_CLAIM


def what_answer(fact: Fact) -> str:
    """What it is: ``json.dumps: Serialize obj to a JSON formatted str.``"""
    return f"{fact.name}: {fact.summary}"


def unknown_answer(kind: str) -> str:
    """That a name is none that was learnt."""
    return UNKNOWN_HEADING if kind == SECTION else UNKNOWN


def declines(answer: str) -> bool:
    """Does an answer say that a name is not known?"""
    return answer.strip() in (UNKNOWN, UNKNOWN_HEADING)


def signature_answer(fact: Fact) -> str:
    """``json.dumps(obj, *, indent=None)``."""
    return f"{fact.name}{fact.signature}"


def module_answer(fact: Fact) -> str:
    """Where it is."""
    if fact.kind == SECTION:
        return f"It is in {fact.module}."
    return "It is built in." if fact.module == "builtins" else f"It is in the {fact.module} module."


def kind_answer(fact: Fact) -> str:
    """What kind of thing it is."""
    if fact.kind in {"method", "property"}:
        return f"It is a {fact.kind} of the {fact.name.rpartition('.')[0]} class."
    return f"It is a {fact.kind}."


def difference_answer(one: Fact, other: Fact) -> str:
    """What each of the two is, one below the other."""
    return f"Side by side:\n{what_answer(one)}\n{what_answer(other)}"


def again_answer(before: str) -> str:
    """The answer before, once more."""
    return f"As I said: {before}"


def ambiguous_answer(short: str, meanings: list[Fact]) -> str:
    """Which names may be meant, and what the first of them is."""
    names = [fact.name for fact in meanings]
    return f"{short}: Do you mean {', '.join(names[:-1])} or {names[-1]}? {what_answer(meanings[0])}"

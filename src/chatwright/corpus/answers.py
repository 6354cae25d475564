"""What the assistant answers: the one exact wording for each kind of question.

Every answer about a name begins with that name, written out in full. So the model first settles
which name is meant, whatever the words of the question were, and only then says what it knows of it.
"""

from __future__ import annotations

from chatwright.corpus.knowledge import SECTION
from chatwright.corpus.tables import Fact

UNKNOWN = "I do not know that name."
UNKNOWN_HEADING = "I do not know that heading."


def what_answer(fact: Fact) -> str:
    """What it is: ``json.dumps: Serialize obj to a JSON formatted str.``"""
    return f"{fact.name}: {fact.summary}"


def unknown_answer(name: str, kind: str) -> str:
    """That a name is none that was learnt."""
    return f"{name}: {UNKNOWN_HEADING if kind == SECTION else UNKNOWN}"


def declines(answer: str) -> bool:
    """Does an answer say that the name is not known, whichever name it repeats?"""
    return answer.rstrip().endswith((UNKNOWN, UNKNOWN_HEADING))


def signature_answer(fact: Fact) -> str:
    """``json.dumps(obj, *, indent=None)``."""
    return f"{fact.name}{fact.signature}"


def module_answer(fact: Fact) -> str:
    """Where it is."""
    if fact.module == "builtins":
        return f"{fact.name} is built in."
    return (
        f"{fact.name} is in {fact.module}." if fact.kind == SECTION else f"{fact.name} is in the {fact.module} module."
    )


def kind_answer(fact: Fact) -> str:
    """What kind of thing it is."""
    if fact.kind in {"method", "property"}:
        return f"{fact.name} is a {fact.kind} of the {fact.name.rpartition('.')[0]} class."
    return f"{fact.name} is a {fact.kind}."


def difference_answer(one: Fact, other: Fact) -> str:
    """What each of the two is, one below the other."""
    return f"{what_answer(one)}\n{what_answer(other)}"


def ambiguous_answer(short: str, meanings: list[Fact]) -> str:
    """Which names may be meant, and what the first of them is."""
    names = [fact.name for fact in meanings]
    return f"{short}: Do you mean {', '.join(names[:-1])} or {names[-1]}? {what_answer(meanings[0])}"

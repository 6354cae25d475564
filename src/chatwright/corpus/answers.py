"""What the assistant answers: the one exact wording for each kind of question."""

from __future__ import annotations

from chatwright.corpus.knowledge import SECTION
from chatwright.corpus.tables import Fact

UNKNOWN = "I do not know that name."


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
    """The two summaries, one below the other."""
    return f"{one.name}: {one.summary}\n{other.name}: {other.summary}"


def ambiguous_answer(meanings: list[Fact]) -> str:
    """Which names may be meant, and what the first of them is."""
    names = [fact.name for fact in meanings]
    first = meanings[0]
    return f"Do you mean {', '.join(names[:-1])} or {names[-1]}? {first.name}: {first.summary}"

"""What examples are made of: the chosen facts, the names that exist, who is whose neighbour."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from chatwright.core.seeds import derive_seed, share
from chatwright.corpus.prose import sentences
from chatwright.corpus.settings import ChatSettings
from chatwright.corpus.tables import Fact

SECTION = "section"
_MOST_MEANINGS = 3  # listed in an ambiguous answer


def prefix_of(fact: Fact) -> str:
    """What a fact shares with its closest neighbours: the path before its name, or its document."""
    return fact.module if fact.kind == SECTION else fact.name.rpartition(".")[0]


def short_name(fact: Fact) -> str:
    """The last part of a name; of a section its heading without the document in brackets."""
    if fact.kind == SECTION:
        return fact.name.removesuffix(f" ({fact.module})")
    return fact.name.rpartition(".")[2]


@dataclass(frozen=True)
class Excerpt:
    """A body cut for the summary task, and the sentence that a trivial system would answer."""

    text: str
    first_sentence: str


def excerpt(body: str, limit: int) -> Excerpt | None:
    """Whole sentences from the start of a body, at most `limit` characters; None when not one fits."""
    taken, length, first = [], 0, ""
    for paragraph in body.split("\n\n"):
        fitting = []
        for sentence in sentences(paragraph):
            length += len(sentence) + 1
            if length > limit:
                break
            fitting.append(sentence)
            first = first or sentence
        if fitting:
            taken.append(" ".join(fitting))
        if length > limit:
            break
    return Excerpt("\n".join(taken), first) if first else None


@dataclass(frozen=True)
class Knowledge:
    """The facts that are taught, those held out, and what follows from them."""

    chosen: list[Fact]
    held_out: list[Fact]
    others: list[Fact]  # neither: they are read, but not asked for
    names: frozenset[str]
    settings: ChatSettings
    seed: int
    folded: frozenset[str] = field(init=False)
    last_parts: Counter[str] = field(init=False)
    neighbours: dict[str, list[Fact]] = field(init=False)
    modules: dict[str, list[Fact]] = field(init=False)
    ambiguous: dict[str, list[Fact]] = field(init=False)
    telling: frozenset[str] = field(init=False)
    offsets: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        """Everything derived is computed once, from the fields above."""
        everything = [*self.chosen, *self.held_out, *self.others]
        neighbours, modules = defaultdict(list), defaultdict(list)
        for fact in self.chosen:
            neighbours[prefix_of(fact)].append(fact)
            modules[fact.module].append(fact)
        summaries = Counter(fact.summary.casefold().rstrip(".") for fact in everything)
        derived = {
            "folded": frozenset(name.casefold() for name in self.names),
            "last_parts": Counter(name.rpartition(".")[2].casefold() for name in self.names),
            "neighbours": dict(neighbours),
            "modules": dict(modules),
            "ambiguous": _ambiguous(self.chosen, self.names, self.settings),
            "telling": frozenset(f.id for f in everything if summaries[f.summary.casefold().rstrip(".")] == 1),
            "offsets": {fact.id: derive_seed(self.seed, "phrasing", fact.id) for fact in everything},
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def is_told_by_summary(self, fact: Fact) -> bool:
        """Does the summary identify this fact among all?"""
        return fact.id in self.telling

    def has_arguments(self, fact: Fact) -> bool:
        """Is there a signature short enough to be asked for?"""
        return fact.signature is not None and len(fact.signature) <= self.settings.maximum_signature_characters

    def needs_distinction(self, fact: Fact) -> bool:
        """Would the whole name alone be taken for a short one?"""
        return fact.name in self.ambiguous

    def unique_short_name(self, fact: Fact) -> str | None:
        """The last part of the name when nothing else that exists ends in it."""
        short = short_name(fact)
        if fact.kind == SECTION or short == fact.name or self.last_parts[short.casefold()] != 1:
            return None
        return short

    def is_for_evaluation(self, one: Fact, other: Fact) -> bool:
        """Is this pair, in either order, one that only questions may compare?"""
        pair = "\x1f".join(sorted((one.id, other.id)))
        return share(pair, self.seed, "pair") < self.settings.evaluation_pair_share


def _ambiguous(chosen: list[Fact], names: frozenset[str], settings: ChatSettings) -> dict[str, list[Fact]]:
    """Short names with several meanings, those asked first before the others.

    A name that is whole by itself (`open`, `copy`) counts only when functions or classes share it
    that are well known themselves: `list` is the built-in, whatever methods are called `list`
    elsewhere, and `max` is not taken for `audioop.max`.
    """
    meanings: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in chosen:
        meanings[short_name(fact)].append(fact)
    found: dict[str, list[Fact]] = {}
    for short, facts in meanings.items():  # chosen facts come by rank, so this does too
        whole = [fact for fact in facts if fact.name == short]
        rivals = [fact for fact in facts if fact.name != short]
        if whole and whole[0].kind != SECTION:
            rivals = [
                fact for fact in rivals if fact.kind in {"function", "class"} and fact.rank < settings.well_known_facts
            ]
        elif short in names and not whole:
            continue  # it is the whole name of something that is no chosen fact
        if len(whole) + len(rivals) >= 2 and len(found) < settings.ambiguous_names:
            found[short] = [*whole, *rivals][:_MOST_MEANINGS]
    return found

"""Dialogues whose later turns mean nothing without the earlier ones."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from chatwright.corpus.answers import (
    again_answer,
    difference_answer,
    kind_answer,
    module_answer,
    signature_answer,
    what_answer,
)
from chatwright.corpus.knowledge import SECTION, Knowledge, prefix_of, short_name
from chatwright.corpus.questions import ask_about, name_form, what_groups, which_question, which_template
from chatwright.corpus.surface import surface
from chatwright.corpus.tables import Conversation, Fact
from chatwright.corpus.voice import EVALUATION, Voice

_THIRD_TURN_SHARE = {"training": 0.5, "evaluation": 0.1}  # twice that after "what about Y?"
_TRIES = 8
_WEIGHTS = {
    "arguments": 3.0,
    "module": 1.0,
    "kind": 3.0,
    "other": 3.0,
    "difference": 3.0,
    "again": 2.0,
    "does": 3.0,
    "name": 2.0,
}
_HARDEST = {"difference": 5.0, "arguments": 4.0}  # trained on more often than they are asked


@dataclass
class Dialogue:
    """A dialogue in the making: its turns, and the fact that "it" means now."""

    current: Fact
    knowledge: Knowledge
    voice: Voice
    rng: random.Random
    opening: str = ""  # the kind of the first question
    turns: list[str] = field(default_factory=list)
    phrasings: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    def open(self, turn: int) -> None:
        """The first question and its answer."""
        fact, knowledge = self.current, self.knowledge
        dice = self.rng.random()
        if dice < 0.25 and knowledge.is_told_by_summary(fact):
            self.opening = "which"
            phrasing, template = which_template(fact, turn, knowledge, self.voice)
            question, answer = which_question(fact, template, self.voice, self.rng), fact.name
        else:
            self.opening = "arguments" if dice > 0.85 and knowledge.has_arguments(fact) else "what"
            groups = what_groups(fact.kind) if self.opening == "what" else ("arguments",)
            phrasing, template = self.voice.pick(knowledge.offsets[fact.id], turn, *groups)
            question = ask_about(template, name_form(fact, knowledge, self.rng), self.voice, self.rng)
            answer = what_answer(fact) if self.opening == "what" else signature_answer(fact)
        self._add(phrasing, question, answer, fact)

    def _add(self, phrasing: str, question: str, answer: str, fact: Fact) -> None:
        self.phrasings.append(phrasing)
        self.turns += [question, answer]
        if fact.id not in self.facts:
            self.facts.append(fact.id)
        self.current = fact

    def partner(self) -> Fact | None:
        """Another fact, near ones preferred; training and evaluation never share a pair."""
        knowledge, fact = self.knowledge, self.current
        near, module = knowledge.neighbours.get(prefix_of(fact), []), knowledge.modules.get(fact.module, [])
        for _ in range(_TRIES):
            dice = self.rng.random()
            pool = near if dice < 0.6 else module if dice < 0.85 else knowledge.chosen
            if not pool:
                continue
            other = self.rng.choice(pool)
            for_evaluation = knowledge.is_for_evaluation(fact, other)
            if other.id != fact.id and for_evaluation == (self.voice is EVALUATION):
                return other
        return None

    def possible(self) -> list[str]:
        """The kinds of question that make sense now."""
        fact, steps = self.current, ["other", "difference"]
        if self.knowledge.has_arguments(fact) and self.opening != "arguments":
            steps.append("arguments")
        if fact.kind not in {"module", "topic"} and fact.module:
            steps.append("module")
        if fact.kind not in {"topic", SECTION}:
            steps.append("kind")
        if self.opening == "what":
            return [*steps, "again"]
        return [*steps, "does", "name"] if self.opening == "which" else [*steps, "does"]

    def follow(self, step: str) -> bool:
        """Add a turn of this kind; False when there is nothing to ask."""
        if step in {"other", "difference"}:
            return self._follow_to_other(step)
        fact = self.current
        section = "section." if step == "module" and fact.kind == SECTION else ""
        phrasing, template = self.voice.any(self.rng, f"{section}then.{step}")
        self._add(phrasing, self.voice.say(template, self.rng, alone=False), self._answer(step), fact)
        return True

    def _answer(self, step: str) -> str:
        match step:
            case "arguments":
                return signature_answer(self.current)
            case "module":
                return module_answer(self.current)
            case "kind":
                return kind_answer(self.current)
            case "does":
                return what_answer(self.current)
            case "name":
                return self.current.name
            case _:  # again
                return again_answer(self.turns[-1])

    def _follow_to_other(self, step: str) -> bool:
        fact, other = self.current, self.partner()
        if other is None:
            return False
        answer = what_answer(other) if step == "other" else difference_answer(fact, other)
        if step == "difference" and len(answer) > self.knowledge.settings.maximum_difference_characters:
            return False
        phrasing, template = self.voice.any(self.rng, f"then.{step}")
        self._add(
            phrasing,
            ask_about(template, self._near_form(other), self.voice, self.rng, alone=False),
            answer,
            other,
        )
        return True

    def _near_form(self, other: Fact) -> str:
        """The other's name; among neighbours often its last part alone ("and split?")."""
        before = self.current
        related = prefix_of(other) and prefix_of(other) == prefix_of(before)
        if related and self.rng.random() < 0.35:
            return surface(short_name(other), other.kind, self.rng)
        return name_form(other, self.knowledge, self.rng)


def follow_up(fact: Fact, turn: int, knowledge: Knowledge, voice: Voice, rng: random.Random) -> Conversation | None:
    """A dialogue of two or three turns that starts with `fact`; None when nothing can follow."""
    dialogue = Dialogue(fact, knowledge, voice, rng)
    dialogue.open(turn)
    steps = dialogue.possible()
    weights = _WEIGHTS if voice is EVALUATION else _WEIGHTS | _HARDEST
    step = rng.choices(steps, [weights[step] for step in steps])[0]
    if not dialogue.follow(step):
        rest = [other for other in steps if other not in {"other", "difference"}]
        if not rest or not dialogue.follow(rng.choice(rest)):
            return None
    elif rng.random() < _THIRD_TURN_SHARE[voice.side] * (2 if step == "other" else 1):
        _third_turn(dialogue, step)
    return Conversation("follow-up", " > ".join(dialogue.phrasings), tuple(dialogue.facts), tuple(dialogue.turns))


def _third_turn(dialogue: Dialogue, second: str) -> None:
    """One more question about what was spoken of last; after a comparison "it" would not be clear."""
    if second == "difference":
        return
    if second == "other":
        dialogue.opening = "what"
    steps = [step for step in dialogue.possible() if step in {"arguments", "module", "kind"} and step != second]
    if steps:
        dialogue.follow(dialogue.rng.choice(steps))

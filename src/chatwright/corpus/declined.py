"""Conversations about names that do not exist: the assistant says so and invents nothing."""

from __future__ import annotations

import random

from chatwright.corpus.answers import unknown_answer, what_answer
from chatwright.corpus.dialogues import Dialogue
from chatwright.corpus.knowledge import SECTION, Knowledge
from chatwright.corpus.made_up import MadeUp, NameMaker
from chatwright.corpus.questions import ask_about, what_groups
from chatwright.corpus.surface import CALLABLE, surface
from chatwright.corpus.tables import Conversation
from chatwright.corpus.voice import Voice


def _asked(made: MadeUp, template: str, voice: Voice, rng: random.Random, *, alone: bool = True) -> tuple[str, str]:
    """Question and answer."""
    form = surface(made.name, made.kind, rng)
    return ask_about(template, form, voice, rng, alone=alone), unknown_answer(made.kind)


def _first_turn(maker: NameMaker, voice: Voice, rng: random.Random) -> Conversation:
    made = maker.make(rng)
    asks_arguments = made.kind in CALLABLE and rng.random() < 0.25
    groups = ("arguments",) if asks_arguments else what_groups(made.kind)
    phrasing, template = voice.any(rng, *groups)
    question, answer = _asked(made, template, voice, rng)
    return Conversation("unknown", f"{phrasing}/{made.way}", (), (question, answer))


def _after_a_fact(knowledge: Knowledge, maker: NameMaker, turn: int, voice: Voice, rng: random.Random) -> Conversation:
    dialogue = Dialogue(rng.choice(knowledge.chosen), knowledge, voice, rng)
    dialogue.open(turn)
    made = maker.make(rng)
    phrasing, template = voice.any(rng, "then.other" if rng.random() < 0.7 else "then.difference")
    question, answer = _asked(made, template, voice, rng, alone=False)
    phrasings = " > ".join([*dialogue.phrasings, f"{phrasing}/{made.way}"])
    return Conversation("unknown", phrasings, tuple(dialogue.facts), (*dialogue.turns, question, answer))


def _twice(maker: NameMaker, voice: Voice, rng: random.Random) -> Conversation:
    first = _first_turn(maker, voice, rng)
    phrasing, template = voice.any(rng, "then.arguments", "then.does")
    question = voice.say(template, rng, alone=False)
    return Conversation("unknown", f"{first.phrasing} > {phrasing}", (), (*first.turns, question, first.turns[-1]))


def recovered(knowledge: Knowledge, maker: NameMaker, voice: Voice, rng: random.Random) -> Conversation:
    """A made-up name first, then a real one, which is answered as ever."""
    first = _first_turn(maker, voice, rng)
    fact = rng.choice(knowledge.chosen)
    phrasing, template = voice.any(rng, "then.other")
    form = f"the {fact.name} {fact.kind}" if knowledge.needs_distinction(fact) else surface(fact.name, fact.kind, rng)
    question = ask_about(template, form, voice, rng, alone=False)
    return Conversation(
        "follow-up", f"{first.phrasing} > {phrasing}", (fact.id,), (*first.turns, question, what_answer(fact))
    )


def unknown(knowledge: Knowledge, maker: NameMaker, turn: int, voice: Voice, rng: random.Random) -> Conversation:
    """A question about a made-up name, at once, after a real one, or asked on about."""
    dice = rng.random()
    if dice < 0.68:
        return _first_turn(maker, voice, rng)
    if dice < 0.92 or knowledge.chosen[0].kind == SECTION:
        return _after_a_fact(knowledge, maker, turn, voice, rng)
    return _twice(maker, voice, rng)

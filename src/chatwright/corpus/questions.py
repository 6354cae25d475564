"""Questions of one turn about one fact: what, which, arguments, summary, ambiguous."""

from __future__ import annotations

import random

from chatwright.corpus.answers import ambiguous_answer, signature_answer, what_answer
from chatwright.corpus.knowledge import SECTION, Excerpt, Knowledge
from chatwright.corpus.surface import CALLABLE, capitalised, described, distinct, surface
from chatwright.corpus.tables import Conversation, Fact
from chatwright.corpus.voice import Template, Voice


def what_groups(kind: str) -> tuple[str, ...]:
    """The groups of templates that ask what something of this kind is."""
    if kind == SECTION:
        return ("section.what",)
    if kind in CALLABLE:
        return ("what", "what.callable")
    return ("what", "what.module") if kind == "module" else ("what",)


def name_form(fact: Fact, knowledge: Knowledge, rng: random.Random) -> str:
    """How somebody writes the name of this fact so that it is clear which one is meant."""
    if knowledge.needs_distinction(fact):
        return f'"{fact.name}"' if fact.kind == SECTION else distinct(fact.name, fact.kind, rng)
    short = knowledge.unique_short_name(fact)
    if short and rng.random() < knowledge.settings.short_name_share:
        return surface(short, fact.kind, rng)
    return surface(fact.name, fact.kind, rng)


def ask_about(template: str, form: str, voice: Voice, rng: random.Random, *, alone: bool = True) -> str:
    """A template spoken with a name in it."""
    return voice.say(template, rng, alone=alone, name=capitalised(template, form))


def what(fact: Fact, turn: int, knowledge: Knowledge, voice: Voice, rng: random.Random) -> Conversation:
    """What does X do? Its name and its summary."""
    phrasing, template = voice.pick(knowledge.offsets[fact.id], turn, *what_groups(fact.kind))
    question = ask_about(template, name_form(fact, knowledge, rng), voice, rng)
    return Conversation("what", phrasing, (fact.id,), (question, what_answer(fact)))


def which_group(kind: str) -> str:
    """The pool of questions for the name of a thing of this kind."""
    return "section.which" if kind == SECTION else "which"


def which_template(fact: Fact, turn: int, knowledge: Knowledge, voice: Voice) -> Template:
    """A template that asks for the name of this fact."""
    return voice.pick(knowledge.offsets[fact.id], turn, which_group(fact.kind))


def which_question(fact: Fact, template: str, voice: Voice, rng: random.Random) -> str:
    """Ask for a name by its summary."""
    return voice.say(template, rng, description=described(fact.summary, rng)).replace('.".', '."')


def which(fact: Fact, turn: int, knowledge: Knowledge, voice: Voice, rng: random.Random) -> Conversation:
    """Which one does Y? The full name."""
    phrasing, template = which_template(fact, turn, knowledge, voice)
    return Conversation("which", phrasing, (fact.id,), (which_question(fact, template, voice, rng), fact.name))


def arguments(fact: Fact, turn: int, knowledge: Knowledge, voice: Voice, rng: random.Random) -> Conversation:
    """What arguments does X take? The name with its signature."""
    phrasing, template = voice.pick(knowledge.offsets[fact.id], turn, "arguments")
    question = ask_about(template, name_form(fact, knowledge, rng), voice, rng)
    return Conversation("arguments", phrasing, (fact.id,), (question, signature_answer(fact)))


def summary(
    fact: Fact, cut: Excerpt, turn: int, knowledge: Knowledge, voice: Voice, rng: random.Random
) -> Conversation:
    """Sum up the text after the summary line: the summary line."""
    phrasing, template = voice.pick(knowledge.offsets[fact.id], turn, "summary")
    text = voice.say(template, rng, alone=False)
    if rng.random() < 0.6:  # the text on lines of its own
        text = text.replace(" {text}", "\n{text}").replace("{text} ", "{text}\n")
    return Conversation(
        "summary", phrasing, (fact.id,), (text.replace("{text}", cut.text), fact.summary), cut.first_sentence
    )


def ambiguous(
    short: str, meanings: list[Fact], turn: int, knowledge: Knowledge, voice: Voice, rng: random.Random
) -> Conversation:
    """What does copy do? Which of them may be meant."""
    first = meanings[0]
    groups = ("section.what",) if first.kind == SECTION else ("what",)
    phrasing, template = voice.pick(knowledge.offsets[first.id], turn, *groups)
    kinds = {fact.kind for fact in meanings}
    call = "()" if kinds <= CALLABLE and rng.random() < 0.2 else ""
    mark = rng.choice(("", "", "", "`", '"', "'"))
    question = ask_about(template, f"{mark}{short}{call}{mark}", voice, rng)
    return Conversation(
        "ambiguous", phrasing, tuple(fact.id for fact in meanings), (question, ambiguous_answer(short, meanings))
    )

"""Greetings, thanks and questions about the assistant itself: what is answered, and the conversations."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from chatwright.corpus.pools import SMALL_TALK
from chatwright.corpus.tables import Conversation
from chatwright.corpus.voice import Template, Voice


@dataclass(frozen=True)
class Intent:
    """Something people say, and the one answer; the ways of saying it are a pool of phrasings."""

    name: str
    answer: str

    def templates(self, voice: Voice) -> tuple[Template, ...]:
        """The ways of saying it that this voice has."""
        return voice.templates(f"{SMALL_TALK}{self.name}")


INTENTS = (
    Intent("greeting", "Hello! What would you like to know?"),
    Intent("thanks", "You are welcome."),
    Intent("goodbye", "Goodbye!"),
    Intent("how-are-you", "I am a program, so I am always the same. What would you like to know?"),
    Intent("who", "I am Chatwright, {model}, trained on {trained} on {corpus}."),
    Intent("model", "I am {model}."),
    Intent("trained-when", "I was trained on {trained}."),
    Intent("trained-on", "I was trained on {corpus}."),
    Intent(
        "can-do",
        "I answer questions about {corpus}: what a name means, what something is called, and questions that follow.",
    ),
    Intent("maker", "I was trained from nothing with Chatwright, on the machine of the person who ran it."),
    Intent("human", "No, I am a language model."),
    Intent("machine", "Yes, I am a language model."),
    Intent("other-model", "No, I am Chatwright, {model}."),
    Intent("chinese", "No, I only know the language of the text I was trained on."),
    Intent("off-topic", "I cannot help with that: I only know {corpus}."),
)

_LOWER_SHARE, _BARE_SHARE = 0.25, 0.2


def _typed(text: str, rng: random.Random) -> str:
    if rng.random() < _LOWER_SHARE:
        text = text.lower()
    if rng.random() < _BARE_SHARE and len(text) > 1 and text[-1] in "?.!":
        text = text[:-1]
    return text


def small_talk(
    intent: Intent, number: int, identity: Mapping[str, str], voice: Voice, rng: random.Random
) -> Conversation:
    """The `number`-th way (counted round and round) of saying it, and the answer."""
    templates = intent.templates(voice)
    phrasing, text = templates[number % len(templates)]
    return Conversation("small-talk", phrasing, (), (_typed(text, rng), intent.answer.format(**identity)))

"""The check of answers: what is in doubt is thought over, and refused where nothing better comes.

An answer is in doubt when it refuses, when it is about a name that nobody mentioned, or when the model
itself holds it unlikely. docs/log.md, "Checked answers", has what each part of it brings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatwright.generate.grounding import Grounding, is_bare_name
from chatwright.generate.recall import recall
from chatwright.generate.settings import GenerateSettings
from chatwright.generate.written import Written
from chatwright.model.decoder import Decoder
from chatwright.tokens.template import Message, encode_prompt
from chatwright.tokens.tokenizer import Tokenizer

_WORDS_OF_A_TEXT = 30  # questions about names have fewer

Answer = tuple[str, float]  # a text, and the logarithm of its probability


@dataclass(frozen=True)
class Check:
    """One model's check. `write` goes on from prompts, as the answers were written."""

    model: Decoder
    tokenizer: Tokenizer
    grounding: Grounding
    settings: GenerateSettings
    write: Callable[[list[list[int]]], list[Answer]]

    def answers(
        self, conversations: Sequence[Sequence[Message]], prompts: list[list[int]], drafts: list[Answer]
    ) -> list[str]:
        """What is answered, given the drafts."""
        answers = self._thought_over(conversations, prompts, drafts)
        if self.grounding.asked_back is None:
            return [text for text, _ in answers]
        unsure = {
            index: text
            for index, ((text, likelihood), messages) in enumerate(zip(answers, conversations, strict=True))
            if likelihood < self._least
            and not (_gives_a_text(messages) or _repeats(text, messages) or is_bare_name(text))
        }
        called = {index: name for index, text in unsure.items() if (name := self.grounding.arguments_of(text))}
        described = {index: text for index, text in unsure.items() if index not in called}
        doubted = self._not_led_back(described) | self._not_described(called)
        return [self.grounding.refusal if index in doubted else text for index, (text, _) in enumerate(answers)]

    @property
    def _least(self) -> float:
        return math.log(self.settings.sure_from) if self.settings.sure_from > 0 else -math.inf

    def _thought_over(
        self, conversations: Sequence[Sequence[Message]], prompts: list[list[int]], drafts: list[Answer]
    ) -> list[Answer]:
        """Recall what a refusal may have missed and what a slip should have been; else refuse."""
        grounding, answers = self.grounding, list(drafts)
        kept = {
            index: beginning
            for index, ((draft, _), messages) in enumerate(zip(drafts, conversations, strict=True))
            if (beginning := grounding.kept(draft, messages)) is not None
        }
        begun = [prompts[index] + self.tokenizer.encode(beginning) for index, beginning in kept.items()]
        questions = [conversations[index][-1]["content"] for index in kept]
        seconds = self._recalled(begun, lambda at, text: grounding.turns_to(text, questions[at]))
        for (index, beginning), second in zip(kept.items(), seconds, strict=True):
            answers[index] = (grounding.refusal, 0.0)
            if second and grounding.kept(beginning + second[0], conversations[index]) is None:
                answers[index] = (beginning + second[0], second[1])
        return answers

    def _recalled(self, prompts: list[list[int]], met: Callable[[int, str], bool | None]) -> list[Answer | None]:
        """The likeliest answers whose beginnings meet a condition."""
        found = self._beginnings(prompts, met)
        rest = iter(self.write([prompt + one.tokens for prompt, one in zip(prompts, found, strict=True) if one]))
        return [self._joined(one, next(rest)) if one else None for one in found]

    def _joined(self, beginning: Written, rest: Answer) -> Answer:
        return self.tokenizer.decode(beginning.tokens) + rest[0], beginning.likelihood + rest[1]

    def _not_led_back(self, unsure: dict[int, str]) -> set[int]:
        """Whose name the model does not come to when it is asked what the answer describes."""
        backs = {index: back for index, text in unsure.items() if (back := self.grounding.asks_back(text))}
        asked = [
            encode_prompt(self.tokenizer, [{"role": "user", "content": question}]) for question, _ in backs.values()
        ]
        names = [name for _, name in backs.values()]

        def met(at: int, text: str) -> bool | None:
            return True if text == names[at] else None if names[at].startswith(text) else False

        found = self._beginnings(asked, met)
        led_back = {index for index, one in zip(backs, found, strict=True) if one}
        return unsure.keys() - led_back

    def _not_described(self, named: dict[int, str]) -> set[int]:
        """Whose name the model, asked what it is, has no description for that stands the same doubt."""
        asked: list[list[Message]] = [
            [{"role": "user", "content": self.grounding.asked_about.format(name=name)}] for name in named.values()
        ]
        prompts = [encode_prompt(self.tokenizer, messages) for messages in asked]
        told = dict(zip(named, self._thought_over(asked, prompts, self.write(prompts)), strict=True))
        described = {index: one for index, one in told.items() if one[0].startswith(f"{named[index]}: ")}
        unlikely = {index: text for index, (text, likelihood) in described.items() if likelihood < self._least}
        return (named.keys() - described.keys()) | self._not_led_back(unlikely)

    def _beginnings(self, prompts: list[list[int]], met: Callable[[int, str], bool | None]) -> list[Written | None]:
        control, decode = list(self.tokenizer.control.values()), self.tokenizer.decode
        least = self.settings.recalled_from
        return recall(self.model, prompts, least, control, lambda at, tokens: met(at, decode(tokens)))


def _repeats(text: str, messages: Sequence[Message]) -> bool:
    """Does an answer end in one that was given before? What was doubted then is not doubted again."""
    said = [message["content"] for message in messages if message["role"] == "assistant" and message["content"]]
    return any(text.endswith(before) for before in said)


def _gives_a_text(messages: Sequence[Message]) -> bool:
    """Does the last question hold a text to work on? Its answer is free: no wording of it is likely."""
    question = messages[-1]["content"].strip()
    return "\n" in question or len(question.split()) >= _WORDS_OF_A_TEXT

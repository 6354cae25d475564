"""A trained model with its tokenizer: text in, text out; conversations in, answers out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatwright.core.errors import UsageError
from chatwright.generate.engine import generate
from chatwright.generate.grounding import Grounding
from chatwright.generate.recall import recall
from chatwright.generate.settings import GenerateSettings
from chatwright.model.decoder import Decoder
from chatwright.model.files import CONFIG_FILE, load_model
from chatwright.tokens.template import Message, encode_prompt
from chatwright.tokens.tokenizer import BEGIN, Tokenizer


def model_folder(place: Path) -> Path:
    """The model folder behind a run or model folder: finetuned before only pretrained."""
    candidates = [place, place / "finetune", place / "pretrain"]
    found = next((folder for folder in candidates if (folder / CONFIG_FILE).exists()), None)
    if found is None:
        raise UsageError(
            "there is no trained model here" if place.exists() else "there is no such folder",
            where=str(place),
            remedy="name a run folder (see runs/) or a model folder, or train one with `chatwright run`",
        )
    return found


Answer = tuple[str, float]  # a text, and the logarithm of its probability


@dataclass(frozen=True)
class Reply:
    """What is answered, and what the model had written before it was checked."""

    text: str
    draft: str


@dataclass(frozen=True)
class Assistant:
    """A model that talks. `load` takes a run folder or a model folder."""

    model: Decoder
    tokenizer: Tokenizer
    grounding: Grounding | None = None

    @classmethod
    def load(cls, place: Path) -> Assistant:
        """Read the model, the tokenizer that lies beside it, and how its answers are checked."""
        folder = model_folder(place)
        return cls(load_model(folder), Tokenizer.load(folder), Grounding.load(folder))

    def complete(
        self, texts: Sequence[str], settings: GenerateSettings, on_text: Callable[[str], None] | None = None
    ) -> list[str]:
        """Continue each text as a document would go on. `on_text` hears the pieces of a single text."""
        begin = self.tokenizer.control[BEGIN]
        prompts = [[begin, *self.tokenizer.encode(text)] for text in texts]
        return [text for text, _ in self._write(prompts, settings, on_text)]

    def answer(
        self,
        conversations: Sequence[Sequence[Message]],
        settings: GenerateSettings,
        on_text: Callable[[str], None] | None = None,
    ) -> list[Reply]:
        """What the assistant says next in each conversation.

        `on_text` hears the pieces of a single answer; where answers are checked, the whole of it at once.
        """
        prompts = [encode_prompt(self.tokenizer, self._fitting(messages, settings)) for messages in conversations]
        if self.grounding is None or not settings.grounded:
            return [Reply(text, text) for text, _ in self._write(prompts, settings, on_text)]
        drafts = self._write(prompts, settings)
        texts = self._checked(self.grounding, conversations, prompts, drafts, settings)
        if on_text:
            for text in texts:
                on_text(text)
        return [Reply(text, draft) for text, (draft, _) in zip(texts, drafts, strict=True)]

    def _checked(
        self,
        grounding: Grounding,
        conversations: Sequence[Sequence[Message]],
        prompts: list[list[int]],
        drafts: list[Answer],
        settings: GenerateSettings,
    ) -> list[str]:
        """Think over what refuses, or is about a name that nobody mentioned; refuse what is still in doubt."""
        answers = list(drafts)
        kept = {
            index: beginning
            for index, ((draft, _), messages) in enumerate(zip(drafts, conversations, strict=True))
            if (beginning := grounding.kept(draft, messages)) is not None
        }
        begun = [prompts[index] + self.tokenizer.encode(beginning) for index, beginning in kept.items()]
        questions = [conversations[index][-1]["content"] for index in kept]
        seconds = self._recalled(begun, lambda at, text: grounding.turns_to(text, questions[at]), settings)
        for (index, beginning), (second, likelihood) in zip(kept.items(), seconds, strict=True):
            text = beginning + second
            stands = second and grounding.kept(text, conversations[index]) is None
            answers[index] = (text, likelihood) if stands else (grounding.refusal, 0.0)
        unsure = [index for index, (_, likelihood) in enumerate(answers) if likelihood < _log(settings.sure_from)]
        for index in self._doubted(grounding, {index: answers[index][0] for index in unsure}, settings):
            answers[index] = (grounding.refusal, 0.0)
        return [text for text, _ in answers]

    def _recalled(
        self, prompts: list[list[int]], met: Callable[[int, str], bool | None], settings: GenerateSettings
    ) -> list[Answer]:
        """The likeliest answers whose beginnings meet a condition; empty ones where there is none."""
        every_control = list(self.tokenizer.control.values())
        decode = self.tokenizer.decode
        found = recall(
            self.model, prompts, settings.recalled_from, every_control, lambda at, tokens: met(at, decode(tokens))
        )
        begun = [prompt + one.tokens for prompt, one in zip(prompts, found, strict=True) if one]
        rest = iter(self._write(begun, settings))
        answers: list[Answer] = []
        for one in found:
            text, likelihood = next(rest) if one else ("", 0.0)
            answers.append((decode(one.tokens) + text, one.likelihood + likelihood) if one else ("", 0.0))
        return answers

    def _doubted(self, grounding: Grounding, unsure: dict[int, str], settings: GenerateSettings) -> list[int]:
        """Which of these answers the model does not lead back to their name when it is asked what they describe."""
        backs = {index: back for index, text in unsure.items() if (back := grounding.asks_back(text))}
        asked = [encode_prompt(self.tokenizer, [{"role": "user", "content": back[0]}]) for back in backs.values()]
        names = [back[1] for back in backs.values()]

        def met(at: int, tokens: list[int]) -> bool | None:
            text = self.tokenizer.decode(tokens)
            return True if text == names[at] else None if names[at].startswith(text) else False

        every_control = list(self.tokenizer.control.values())
        found = recall(self.model, asked, settings.recalled_from, every_control, met)
        led_back = {index for index, one in zip(backs, found, strict=True) if one}
        return [index for index, text in unsure.items() if index not in led_back and not grounding.refuses(text)]

    def fits(self, messages: Sequence[Message]) -> bool:
        """Is there room in the context for the last question and an answer?"""
        return len(encode_prompt(self.tokenizer, messages[-1:])) < self.model.config.context

    def _fitting(self, messages: Sequence[Message], settings: GenerateSettings) -> Sequence[Message]:
        """Leave out the oldest turns of a conversation that has outgrown the context."""
        room = self.model.config.context - min(settings.max_new_tokens, self.model.config.context // 2)
        while len(messages) > 2 and len(encode_prompt(self.tokenizer, messages)) > room:
            messages = messages[2:]
        return messages

    def _write(
        self,
        prompts: list[list[int]],
        settings: GenerateSettings,
        on_text: Callable[[str], None] | None = None,
    ) -> list[Answer]:
        control = self.tokenizer.control
        heard: list[int] = []
        told = ""

        def tell(_: int, token: int) -> None:
            nonlocal told
            heard.append(token)
            text = self.tokenizer.decode(heard)
            if on_text and not text.endswith("\ufffd"):  # a character may take several tokens
                on_text(text[len(told) :])
                told = text

        every_control = list(control.values())
        written = generate(self.model, prompts, settings, every_control, tell if on_text else None)
        return [(self.tokenizer.decode(one.tokens), one.likelihood) for one in written]


def _log(share: float) -> float:
    return math.log(share) if share > 0 else -math.inf

"""A trained model with its tokenizer: text in, text out; conversations in, answers out."""

from __future__ import annotations

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
        return self._write([[begin, *self.tokenizer.encode(text)] for text in texts], settings, on_text)

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
            return [Reply(text, text) for text in self._write(prompts, settings, on_text)]
        drafts = self._write(prompts, settings)
        texts = self._checked(self.grounding, conversations, prompts, drafts, settings)
        if on_text:
            for text in texts:
                on_text(text)
        return [Reply(text, draft) for text, draft in zip(texts, drafts, strict=True)]

    def _checked(
        self,
        grounding: Grounding,
        conversations: Sequence[Sequence[Message]],
        prompts: list[list[int]],
        drafts: list[str],
        settings: GenerateSettings,
    ) -> list[str]:
        """Think over what refuses, or is about a name that nobody mentioned; refuse where nothing better comes."""
        texts = list(drafts)
        doubtful = {
            index: kept
            for index, (draft, messages) in enumerate(zip(drafts, conversations, strict=True))
            if (kept := grounding.kept(draft, messages)) is not None
        }
        begun = [prompts[index] + self.tokenizer.encode(kept) for index, kept in doubtful.items()]
        questions = [conversations[index][-1]["content"] for index in doubtful]

        def met(at: int, tokens: list[int]) -> bool | None:
            return grounding.turns_to(self.tokenizer.decode(tokens), questions[at])

        every_control = list(self.tokenizer.control.values())
        found = recall(self.model, begun, settings.recalled_from, every_control, met)
        recalled = [at for at, tokens in enumerate(found) if tokens]
        rest = self._write([begun[at] + (found[at] or []) for at in recalled], settings)
        seconds = {at: self.tokenizer.decode(found[at] or []) + text for at, text in zip(recalled, rest, strict=True)}
        for at, (index, kept) in enumerate(doubtful.items()):
            second = kept + seconds[at] if at in seconds else grounding.refusal
            texts[index] = second if grounding.kept(second, conversations[index]) is None else grounding.refusal
        return texts

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
    ) -> list[str]:
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
        ids = generate(self.model, prompts, settings, every_control, tell if on_text else None)
        return [self.tokenizer.decode(answer) for answer in ids]

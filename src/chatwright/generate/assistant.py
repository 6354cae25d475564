"""A trained model with its tokenizer: text in, text out; conversations in, answers out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatwright.core.errors import ArtifactError, UsageError
from chatwright.generate.check import Answer, Check
from chatwright.generate.engine import generate
from chatwright.generate.grounding import Grounding
from chatwright.generate.settings import GenerateSettings
from chatwright.model.decoder import Decoder
from chatwright.model.files import CONFIG_FILE, load_decoder
from chatwright.tokens.template import Message, encode_prompt
from chatwright.tokens.tokenizer import Tokenizer


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


def check_vocabulary(tokens: int, rows: int, folder: Path) -> None:
    """`ArtifactError` where a tokenizer has tokens that the model beside it has no rows for."""
    if tokens > rows:
        raise ArtifactError(
            f"the tokenizer has {tokens:,} tokens, the model {rows:,} rows",
            where=str(folder),
            remedy="take both from the same model",
        )


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
        model, tokenizer = load_decoder(folder), Tokenizer.load(folder)
        check_vocabulary(len(tokenizer), model.config.vocabulary_size, folder)
        return cls(model, tokenizer, Grounding.load(folder))

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
        check = Check(self.model, self.tokenizer, self.grounding, settings, lambda begun: self._write(begun, settings))
        texts = check.answers(conversations, prompts, drafts)
        if on_text:
            for text in texts:
                on_text(text)
        return [Reply(text, draft) for text, (draft, _) in zip(texts, drafts, strict=True)]

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
        heard: list[int] = []
        told = ""

        def tell(_: int, token: int) -> None:
            nonlocal told
            heard.append(token)
            text = self.tokenizer.decode(heard)
            if on_text and not text.endswith("\ufffd"):  # a character may take several tokens
                on_text(text[len(told) :])
                told = text

        written = generate(self.model, prompts, settings, self.tokenizer.ends, tell if on_text else None)
        return [(self.tokenizer.decode(one.tokens), one.likelihood) for one in written]

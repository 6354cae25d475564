"""A model with its tokenizer, from anywhere: a run, a folder of ours or Hugging Face's, a name on the hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatwright.core.errors import ArtifactError, UsageError
from chatwright.core.files import read_json
from chatwright.generate.assistant import model_folder
from chatwright.generate.classify import label_probabilities
from chatwright.generate.engine import generate
from chatwright.generate.settings import GenerateSettings
from chatwright.interop.hub import find_model
from chatwright.interop.text import Codec, load_codec
from chatwright.model.decoder import Decoder
from chatwright.model.encoder import Encoder
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.model.files import CONFIG_FILE, load_model


@dataclass(frozen=True)
class Pretrained:
    """A model that goes on from texts (a decoder) or answers them (an encoder-decoder)."""

    model: Decoder | Encoder | EncoderDecoder
    codec: Codec
    folder: Path

    @classmethod
    def load(cls, place: str | Path) -> Pretrained:
        """Read a run, a model folder or a hub name."""
        folder = model_folder(find_model(str(place)))
        model = load_model(folder)
        told, config = read_json(folder / CONFIG_FILE), model.config
        return cls(model, load_codec(folder, told, config.vocabulary_size, config.family), folder)

    @property
    def goes_on(self) -> bool:
        """Does it go on from a text, rather than answer it with another?"""
        return isinstance(self.model, Decoder)

    def generate(self, text: str, *, max_length: int | None = None, **options: Any) -> str:
        """A text and how it goes on, or what an encoder-decoder makes of it.

        `max_length` counts tokens, those of the text included; `options` are those of `GenerateSettings`. Greedy
        unless a temperature is given.

            load("gpt2").generate("Once upon a time", max_length=50)
        """
        settings = GenerateSettings.model_validate(options)
        if max_length is not None:
            settings = self.limited(text, max_length, settings)
        begun, rest = self.complete([text], settings)[0]
        return begun + rest

    def classify(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """How likely a classifier holds each of its labels, for each text."""
        if not isinstance(self.model, Encoder) or not self.model.config.labels:
            raise ArtifactError(
                "this model knows no labels", where=str(self.folder), remedy="train one: chatwright run classify-…"
            )
        said = label_probabilities(self.model, [self.codec.encode(text) for text in texts])
        return [dict(zip(self.model.config.labels, row, strict=True)) for row in said.tolist()]

    def limited(self, text: str, max_length: int, settings: GenerateSettings) -> GenerateSettings:
        """Settings under which text and continuation have at most `max_length` tokens together."""
        used = len(self.codec.encode(text)) if self.goes_on else 1
        if used >= max_length:
            raise UsageError(
                f"the text has {used} tokens already; the longest result is set to {max_length}",
                where="--max-length",
                remedy="raise it, or use --max-new-tokens",
            )
        return settings.model_copy(update={"max_new_tokens": max_length - used})

    def complete(
        self, texts: Sequence[str], settings: GenerateSettings, on_text: Callable[[str], None] | None = None
    ) -> list[tuple[str, str]]:
        """For each text what stands (a decoder's prompt, nothing of a source) and what was written.

        `on_text` hears the pieces of a single text as they come.
        """
        if isinstance(self.model, Encoder):
            raise ArtifactError(
                "an encoder does not write: it says what is missing in a text",
                where=str(self.folder),
                remedy="name a decoder or an encoder-decoder",
            )
        codec, prompts = self.codec, [self.codec.encode(text) for text in texts]
        stands = [prompt if self.goes_on else [] for prompt in prompts]
        heard, told = list(stands[0]), codec.decode(stands[0])

        def tell(_: int, token: int) -> None:
            nonlocal told
            heard.append(token)
            text = codec.decode(heard)
            if on_text and not text.endswith("\ufffd"):  # a character may take several tokens
                on_text(text[len(told) :])
                told = text

        written = generate(self.model, prompts, settings, codec.stop, tell if on_text else None, codec.start)
        done = []
        for begun, one in zip(stands, written, strict=True):
            before = codec.decode(begun)
            done.append((before, codec.decode([*begun, *one.tokens])[len(before) :]))
        return done

"""A model with its tokenizer, from anywhere: a run, a folder of ours or Hugging Face's, a name on the hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chatwright.core.errors import ArtifactError, UsageError
from chatwright.core.files import read_json
from chatwright.core.progress import Progress
from chatwright.corpus.preparation import Preparation
from chatwright.generate.assistant import model_folder
from chatwright.generate.classify import label_probabilities
from chatwright.generate.engine import generate
from chatwright.generate.likelihood import continuations_told, reply_likelihoods, text_likelihoods
from chatwright.generate.settings import GenerateSettings
from chatwright.generate.written import check_prompt, fitting_source, longest_prompt
from chatwright.interop.hub import find_model
from chatwright.interop.text import Codec, OwnCodec, StockCodec, load_codec
from chatwright.interop.writing import as_scored
from chatwright.model.decoder import Decoder
from chatwright.model.encoder import Encoder
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.model.files import CONFIG_FILE, load_model
from chatwright.tokens.template import Message

_DRAWN = ("candidates", "temperature", "top_k", "top_p")  # settings of generation that beams exclude


@dataclass(frozen=True)
class Pretrained:
    """A model that goes on from texts (a decoder) or answers them (an encoder-decoder)."""

    model: Decoder | Encoder | EncoderDecoder
    codec: Codec
    folder: Path
    preparation: Preparation | None = None  # how sources and targets stand before the model
    scored: Mapping[str, Any] = field(default_factory=dict)  # settings of generation under which its run was scored

    @classmethod
    def load(cls, place: str | Path) -> Pretrained:
        """Read a run, a model folder or a hub name."""
        folder = model_folder(find_model(str(place)))
        model = load_model(folder)
        told, config = read_json(folder / CONFIG_FILE), model.config
        codec = load_codec(folder, told, config.vocabulary_size, config.family)
        return cls(model, codec, folder, Preparation.load(folder), as_scored(folder, config))

    @property
    def goes_on(self) -> bool:
        """Does it go on from a text, rather than answer it with another?"""
        return isinstance(self.model, Decoder)

    def encode(self, text: str) -> list[int]:
        """A text's ids, prepared as those that the model learnt from."""
        return self.codec.encode(self.preparation.read(text) if self.preparation else text)

    def generate(self, text: str, *, max_length: int | None = None, **options: Any) -> str:
        """A text and how it goes on, or what an encoder-decoder makes of it.

        `max_length` counts tokens, those of the text included; `options` are those of `GenerateSettings`, see
        `settings`.

            load("gpt2").generate("Once upon a time", max_length=50)
        """
        settings = self.settings(**options)
        if max_length is not None:
            settings = self.limited(text, max_length, settings)
        begun, rest = self.complete([text], settings)[0]
        return begun + rest

    def settings(self, **options: Any) -> GenerateSettings:
        """Settings of generation: as given, otherwise as its run was scored, otherwise greedy.

        What excludes an option that is given is put aside: beams where answers are drawn, drawing where beams search.
        """
        given, aside = {name: value for name, value in options.items() if value is not None}, set[str]()
        if given.keys() & set(_DRAWN) or given.get("repetition_penalty", 1) > 1:
            aside.add("beams")
        if "beams" in given:
            aside.update(_DRAWN)
        if given.get("temperature") == 0:
            aside.add("candidates")
        scored = {name: value for name, value in self.scored.items() if name not in aside}
        return GenerateSettings.model_validate({**scored, **given})

    def classify(self, texts: Sequence[str], *, cut: bool = False) -> list[dict[str, float]]:
        """How likely a classifier holds each of its labels, for each text.

        A text that is longer than the context is a `DataError` unless it is `cut`: then its beginning is read, as in
        training.
        """
        if not isinstance(self.model, Encoder) or not self.labels:
            raise ArtifactError(
                "this model knows no labels", where=str(self.folder), remedy="train one: chatwright run classify-…"
            )
        encoded = [self.codec.encode(text) for text in texts]
        for number, ids in enumerate(() if cut else encoded):
            check_prompt(ids, self.model.config, f"text {number + 1}")
        said = label_probabilities(self.model, encoded)
        return [dict(zip(self.labels, row, strict=True)) for row in said.tolist()]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that it knows, of a classifier."""
        return self.model.config.labels if isinstance(self.model, Encoder) else ()

    def replies(self, talks: Sequence[Sequence[Message]], texts: Sequence[str]) -> NDArray[np.float64]:
        """log p(the assistant says this text next | talk) of each pair, in nats; a decoder's.

        By our chat template, or that of the model's own tokenizer; without one, a talk is a line for each turn.
        """
        if isinstance(self.model, Decoder) and isinstance(self.codec, OwnCodec):
            return reply_likelihoods(self.model, self.codec.tokenizer, talks, texts)
        if not isinstance(self.model, Decoder) or not isinstance(self.codec, StockCodec):
            raise self._cannot("say how likely an answer is")
        told, most = [self.codec.reply(*pair) for pair in zip(talks, texts, strict=True)], self.model.config.context
        return continuations_told(self.model, [heard for heard, _ in told], [said[:most] for _, said in told])[0]

    def likelihoods(self, prompts: Sequence[str], continuations: Sequence[str]) -> NDArray[np.float64]:
        """log p(continuation | prompt) of each pair, in nats; a decoder's.

        A continuation's tokens are those that it adds to its prompt's; of more than the context holds the first count.
        """
        return self.told(prompts, continuations, cut=True)[0]

    def told(
        self, prompts: Sequence[str], continuations: Sequence[str], *, cut: bool = False
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The same, and whether each continuation is what greedy decoding would write.

        A continuation that is longer than the context is a `DataError` unless it is `cut`.
        """
        if not isinstance(self.model, Decoder):
            raise self._cannot("say how likely a text goes on in some way")
        begun, endings = list[list[int]](), list[list[int]]()
        for prompt, continuation in zip(prompts, continuations, strict=True):
            encode = self.codec.encode if prompt else partial(self.codec.frame, ended=False)
            before, whole = encode(prompt), encode(prompt + continuation)
            while len(before) > 1 and whole[: len(before)] != before:  # a token that reaches into the continuation
                before = before[:-1]
            begun.append(before)
            ending = whole[len(before) :]
            endings.append(ending[: self.model.config.context] if cut else ending)
        return continuations_told(self.model, begun, endings)

    def rolling(self, texts: Sequence[str]) -> list[float]:
        """log p of each text, in nats, however long: one window of the context behind another, each token once."""
        if not isinstance(self.model, Decoder):
            raise self._cannot("say how likely a text is")
        size, begun, endings, owners = self.model.config.context, list[list[int]](), list[list[int]](), list[int]()
        for number, text in enumerate(texts):
            # As the harness has it: what begins texts, then all that the tokenizer makes of one, its own mark included.
            whole = [*self.codec.frame("", ended=False)[:1], *self.codec.encode(text)]
            ids = whole[1:]
            for start in range(0, len(ids), size):
                end = min(start + size, len(ids))
                begun.append(whole[max(0, end - size) : start + 1])  # the last window looks back as far as it can
                endings.append(ids[start:end])
                owners.append(number)
        told = continuations_told(self.model, begun, endings)[0] if begun else np.zeros(0)
        return np.bincount(owners, weights=told, minlength=len(texts)).tolist() if begun else [0.0] * len(texts)

    def sentences(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """The logarithm of the likelihood of each text, of an encoder the pseudo-likelihood, in nats."""
        mask = self.codec.mask
        if isinstance(self.model, Decoder) or (isinstance(self.model, Encoder) and mask is not None):
            return text_likelihoods(self.model, [self.codec.frame(text, ended=True) for text in texts], mask)
        raise self._cannot("say how likely a sentence is")

    def write(self, sources: Sequence[str], settings: GenerateSettings, progress: Progress) -> list[str]:
        """What an encoder-decoder makes of each source, or how a decoder goes on from it.

        Of a source that is longer than the context the beginning is read, as in training.
        """
        order = sorted(range(len(sources)), key=lambda at: len(sources[at]))
        written = [""] * len(sources)
        for start in range(0, len(order), settings.batch):
            chosen = order[start : start + settings.batch]
            done = self.complete([sources[at] for at in chosen], settings, keep="beginning")
            for at, (_, text) in zip(chosen, done, strict=True):
                written[at] = text
            progress.update((start + len(chosen)) / len(order), f"{start + len(chosen):,} of {len(order):,} sources")
        return written

    def _cannot(self, what: str) -> ArtifactError:
        kind = self.model.config.family
        return ArtifactError(f"this {kind} does not {what}", where=str(self.folder), remedy="ask another model or task")

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
        self,
        texts: Sequence[str],
        settings: GenerateSettings,
        on_text: Callable[[str], None] | None = None,
        *,
        keep: Literal["all", "beginning", "end"] = "all",
    ) -> list[tuple[str, str]]:
        """For each text what stands (a decoder's prompt, nothing of a source) and what was written.

        `on_text` hears the pieces of a single text as they come. `keep` says what is read of a text that is too long
        for the context: all, which `generate` refuses where it cannot be done; its end; its beginning, as in training.
        """
        if isinstance(self.model, Encoder):
            raise self._cannot("write: it says what is missing in a text")
        codec, prompts = self.codec, [self.encode(text) for text in texts]
        if keep == "beginning" and not self.goes_on and isinstance(codec, OwnCodec):
            prompts = [fitting_source(prompt, self.model.config) for prompt in prompts]
        elif keep != "all" and (most := longest_prompt(self.model.config)) is not None:
            room = most + 1 - settings.max_new_tokens if self.goes_on else most
            if room < 1:  # more than the context is asked for: half of it each
                room = (most + 1) // 2
            prompts = [prompt[:room] if keep == "beginning" else prompt[-room:] for prompt in prompts]
        stands = [prompt if self.goes_on else [] for prompt in prompts]
        heard, told = list(stands[0]), codec.decode(stands[0])

        def tell(_: int, token: int) -> None:
            nonlocal told
            heard.append(token)
            text = codec.decode(heard)
            if on_text and not text.endswith("\ufffd"):  # a character may take several tokens
                on_text(text[len(told) :])
                told = text

        # What is joined later, or chosen at the end, is told at the end.
        hears = on_text is not None and self.preparation is None and settings.candidates == 1
        told_by = tell if hears else None
        written = generate(self.model, prompts, settings, codec.stop, told_by, codec.start, codec.decode)
        done = []
        for begun, one in zip(stands, written, strict=True):
            before = codec.decode(begun)
            rest = codec.decode([*begun, *one.tokens])[len(before) :]
            done.append((before, self.preparation.running(rest) if self.preparation else rest))
        if on_text and hears and (unfinished := "".join(done[0])[len(told) :]):  # a character's first bytes
            on_text(unfinished)
        return done

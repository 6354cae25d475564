"""What a model looks at, and what it expects next: for people to see.

B = 1 here. T tokens, S tokens that are looked at, H heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from chatwright.generate.engine import generate
from chatwright.generate.settings import GenerateSettings
from chatwright.generate.written import check_prompt
from chatwright.model.decoder import Decoder
from chatwright.model.encoder import Encoder
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.model.language_model import LanguageModel
from chatwright.model.layers import Attention, CrossAttention

Spell = Callable[[int], str]  # a token's id to what people read
_LIKELY = 5
_WRITTEN = 24  # tokens that an encoder-decoder writes to be explained


@dataclass(frozen=True)
class Look:
    """One attention: shares [H, T, S] of who (T labels) looks at whom (S labels)."""

    name: str
    shares: Tensor
    queries: list[str]
    keys: list[str]


@dataclass(frozen=True)
class Explanation:
    """The tokens read or written, what was held likely after each (an encoder: at each), and every attention.

    A classifier judges its text as a whole: one row of labels in place of the tokens.
    """

    tokens: list[str]
    likely: list[list[tuple[str, float]]]
    looks: list[Look]


@torch.no_grad()
def explain(
    model: LanguageModel, ids: Sequence[int], spell: Spell, stop: Sequence[int] = (), start: int = 0
) -> Explanation:
    """Read a text's ids (an encoder-decoder: and write greedily), and tell what happened inside.

    Raises `DataError` for a text that is empty or longer than a prompt may be.
    """
    check_prompt(ids, model.config)
    read = torch.tensor([list(ids)])
    if isinstance(model, EncoderDecoder):
        settings = GenerateSettings(max_new_tokens=_WRITTEN)
        (written,) = generate(model, [list(ids)], settings, stop, start=start)
        target = torch.tensor([[start, *written.tokens]])
        with _watched(model) as seen:
            logits = model(read, target)
        sides = {"encoder": (read, read), "decoder": (target, target), "cross": (target, read)}
        return _explained(target, logits, seen, sides, spell)
    assert isinstance(model, Decoder | Encoder)
    with _watched(model) as seen:
        logits = model(read)
    if labels := model.config.labels:
        looks = _looks(seen, {"": (read, read)}, spell)
        return Explanation(["the whole text"], _likely(logits, labels.__getitem__), looks)
    return _explained(read, logits, seen, {"": (read, read)}, spell)


@contextmanager
def _watched(model: LanguageModel) -> Iterator[list[tuple[str, Tensor]]]:
    """Collect (name, shares) of every attention, in the order in which they happen."""
    seen: list[tuple[str, Tensor]] = []

    def watch(name: str) -> Callable[[Any, Any], None]:
        return lambda module, arguments: seen.append((name, module.looks(*arguments)[0]))

    hooks = [
        module.register_forward_pre_hook(watch(name))
        for name, module in model.named_modules()
        if isinstance(module, Attention | CrossAttention)
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _explained(
    tokens: Tensor,
    logits: Tensor,
    seen: list[tuple[str, Tensor]],
    sides: dict[str, tuple[Tensor, Tensor]],
    spell: Spell,
) -> Explanation:
    spelt = [spell(token) for token in tokens[0].tolist()]
    return Explanation(spelt, _likely(logits[0], spell), _looks(seen, sides, spell))


def _looks(seen: list[tuple[str, Tensor]], sides: dict[str, tuple[Tensor, Tensor]], spell: Spell) -> list[Look]:
    def labels(ids: Tensor) -> list[str]:
        return [spell(token) for token in ids[0].tolist()]

    looks = []
    for name, shares in seen:
        stack, _, rest = name.partition(".blocks.")
        number, kind = rest.split(".")[:2]
        side = "" if "" in sides else "cross" if kind == "cross" else stack
        queries, keys = sides[side]
        title = f"{side} block {int(number) + 1}".strip()
        looks.append(Look(title, shares, labels(queries), labels(keys)))
    return looks


def _likely(logits: Tensor, spell: Spell) -> list[list[tuple[str, float]]]:
    """The likeliest of each row of logits, best first."""
    chances, best = logits.softmax(dim=-1).topk(min(_LIKELY, logits.shape[-1]))
    return [
        [(spell(token), chance) for token, chance in zip(row, shares, strict=True)]
        for row, shares in zip(best.tolist(), chances.tolist(), strict=True)
    ]

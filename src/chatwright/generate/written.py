"""What generation returns, and how much it may write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatwright.core.errors import DataError
from chatwright.generate.settings import GenerateSettings
from chatwright.model.config import ModelConfig


@dataclass
class Written:
    """What a model wrote: its tokens, and the logarithm of the probability that it gave them, stop token included."""

    tokens: list[int]
    likelihood: float = 0.0


def longest_prompt(config: ModelConfig) -> int | None:
    """Tokens that a prompt may have; None where distances alone matter, as for sources of T5."""
    if config.family == "encoder-decoder" and config.positions == "relative":
        return None
    return config.context - 1 if config.family == "decoder" else config.context  # what a decoder writes stands behind


def check_prompt(ids: Sequence[int], config: ModelConfig, where: str = "", remedy: str = "shorten it") -> None:
    """`DataError` for a prompt that is empty or longer than the context lets it be."""
    most = longest_prompt(config)
    if not ids or (most is not None and len(ids) > most):
        room = "any number" if most is None else f"{most:,}"
        raise DataError(f"the text has {len(ids):,} tokens; this model takes 1 to {room}", where=where, remedy=remedy)


def fitting_source(ids: Sequence[int], config: ModelConfig) -> list[int]:
    """A source that is longer than the context as it is learnt: its beginning, and the token that ends it."""
    return list(ids) if len(ids) <= config.context else [*ids[: config.context - 1], ids[-1]]


def room_for(config: ModelConfig, prompt: Sequence[int], settings: GenerateSettings) -> int:
    """How many tokens may follow a prompt: what is asked for, as far as the context reaches."""
    used = 1 if config.family == "encoder-decoder" else len(prompt)  # sources take no room from targets
    return min(settings.max_new_tokens, config.context - used)

"""Choosing the next token. B sequences, V vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from chatwright.generate.settings import GenerateSettings


def penalise(logits: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """Make seen tokens less likely: positive logits divided, negative multiplied (arXiv 1909.05858).

    logits [B, V]; seen [B, V], true where a token occurred.
    """
    return torch.where(seen, torch.where(logits > 0, logits / penalty, logits * penalty), logits)


def forbid_repeats(logits: Tensor, so_far: Sequence[Sequence[int]], size: int) -> Tensor:
    """Make impossible what would repeat `size` tokens in a row (arXiv 1705.04304, 2.5).

    logits [B, V], probabilities' logarithms as well; so_far: the tokens of each sequence up to here.
    """
    forbidden = torch.zeros_like(logits, dtype=torch.bool)
    for row, tokens in enumerate(so_far):
        last = tuple(tokens[len(tokens) - size + 1 :])
        for first in range(len(tokens) - size + 1):
            if tuple(tokens[first : first + size - 1]) == last:
                forbidden[row, tokens[first + size - 1]] = True
    return logits.masked_fill(forbidden, -torch.inf)


def probabilities(logits: Tensor, settings: GenerateSettings) -> Tensor:
    """[B, V] after temperature, top-k and top-p (arXiv 1904.09751); what is cut has none."""
    logits = logits / settings.temperature
    if 0 < settings.top_k < logits.shape[-1]:
        least = logits.topk(settings.top_k, dim=-1).values[:, -1:]
        logits = logits.masked_fill(logits < least, -torch.inf)
    chances = logits.softmax(dim=-1)
    if settings.top_p < 1.0:
        ordered, order = chances.sort(dim=-1, descending=True, stable=True)
        before = ordered.cumsum(dim=-1) - ordered
        kept = torch.zeros_like(chances).scatter(-1, order, ordered.masked_fill(before >= settings.top_p, 0.0))
        chances = kept / kept.sum(dim=-1, keepdim=True)
    return chances


def choose(logits: Tensor, settings: GenerateSettings, draws: Tensor | None) -> Tensor:
    """The next token of each sequence: [B, V] to [B].

    Greedy at temperature 0; otherwise `draws` [B], uniform in [0, 1), pick by the cumulative
    distribution, so a sequence's choice does not depend on who shares its batch.
    """
    if settings.temperature == 0 or draws is None:
        return logits.argmax(dim=-1)
    cumulative = probabilities(logits, settings).double().cumsum(dim=-1)
    wanted = draws[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, wanted, right=True).squeeze(1).clamp(max=logits.shape[-1] - 1)

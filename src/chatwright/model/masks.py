"""Who may look at whom: masks that are true where attention may look. B batch, T time, S places."""

from __future__ import annotations

import torch
from torch import Tensor


def packed_mask(segment: Tensor, *, causal: bool = True) -> Tensor:
    """[B, T] to [B, 1, T, T]: a place looks at itself and at (earlier) places of its own sequence.

    Example: segments [0 0 1] give the rows [1 0 0], [1 1 0], [0 0 1]; both ways [1 1 0], [1 1 0], [0 0 1].
    """
    time = segment.shape[1]
    same = segment[:, None, :, None] == segment[:, None, None, :]
    return same & torch.ones(time, time, dtype=torch.bool, device=segment.device).tril() if causal else same


def cross_mask(segment: Tensor, source_segment: Tensor) -> Tensor:
    """[B, T] and [B, S] to [B, 1, T, S]: a target's place looks at the source of its own pair.

    Padding (segment -1) looks everywhere: softmax over nothing gives no number.
    """
    places = segment[:, None, :, None]
    return (places == source_segment[:, None, None, :]) | (places < 0)


def padding_mask(real: Tensor) -> Tensor:
    """[B, S], true where there is a token, to [B, 1, 1, S]: padding is not looked at.

    A row of padding alone sees all of itself: softmax over nothing gives no number.
    """
    return (real | ~real.any(dim=1, keepdim=True))[:, None, None]


def earlier(queries: int, keys: int, device: torch.device) -> Tensor:
    """[queries, keys]: the last query sees every key, each one before it one key less."""
    return torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)


def near(queries: Tensor, keys: Tensor, window: int) -> Tensor:
    """Places [T] and [S] to [1, 1, T, S]: true where they are at most `window` apart."""
    return ((queries[:, None] - keys[None]).abs() <= window)[None, None]

"""Dropout (arXiv 1207.0580) from bytes that are drawn in one go.

One random number a place costs more than the arithmetic of a small block (docs/log.md, "Dropout");
eight places share one here, a byte each, so the share that is left out comes in steps of 1/256.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def dropout_factors(shape: tuple[int, ...], share: float, like: Tensor) -> Tensor:
    """What each place is multiplied with: zero for about this `share` of them, and for the others what keeps the mean.

    In the type and on the device of `like`.

    Example: share .25 gives zeros for the bytes 0 to 63, and 4/3 for 64 to 255.
    """
    count = math.prod(shape)
    drawn = torch.empty((count + 7) // 8, dtype=torch.int64, device=like.device).random_(-(2**63), None)
    left_out = min(255, max(1, round(256 * share)))
    kept = drawn.view(torch.uint8)[:count].view(shape) >= left_out
    return kept.to(like.dtype).mul_(256 / (256 - left_out))

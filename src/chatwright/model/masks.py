"""Who may look at whom. B batch, T time."""

from __future__ import annotations

import torch
from torch import Tensor


def packed_mask(segment: Tensor) -> Tensor:
    """[B, T] to [B, 1, T, T]: a place looks at itself and at earlier places of its own sequence.

    Example: segments [0 0 1] give the rows [1 0 0], [1 1 0], [0 0 1].
    """
    time = segment.shape[1]
    same = segment[:, None, :, None] == segment[:, None, None, :]
    return same & torch.ones(time, time, dtype=torch.bool, device=segment.device).tril()

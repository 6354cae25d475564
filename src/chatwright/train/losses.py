"""The loss over a large vocabulary, computed and differentiated piece by piece.

N positions, D model width, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_PIECE = 512  # positions at a time: their logits stay in the processor's cache


class HeadCrossEntropy(torch.autograd.Function):
    """Sum of -log softmax(hidden @ head.T)[target] over N positions.

    The logits of all positions at once would be the largest tensor of a step (N x V), written and
    read several times. Here each piece's logits become their own gradient in place, so they are
    touched while they are in the cache, and nothing of size N x V is kept. The same idea as in
    "Cut Your Losses" (arXiv 2411.09009).
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
        """hidden [N, D], head [V, D] (float32 weights), targets [N]; returns a float32 scalar."""
        weight = head.detach().to(hidden.dtype)
        hidden_gradient = torch.empty_like(hidden)
        head_gradient = torch.zeros_like(head)
        total = torch.zeros((), dtype=torch.float32)
        for start in range(0, hidden.shape[0], _PIECE):
            piece, wanted = hidden[start : start + _PIECE], targets[start : start + _PIECE, None]
            logits = (piece @ weight.T).float()
            log_sum = logits.logsumexp(dim=-1, keepdim=True)
            total += (log_sum - logits.gather(-1, wanted)).sum()
            slope = logits.sub_(log_sum).exp_()
            slope.scatter_add_(-1, wanted, torch.full_like(wanted, -1, dtype=slope.dtype))
            slope = slope.to(hidden.dtype)
            hidden_gradient[start : start + _PIECE] = slope @ weight
            head_gradient += slope.T @ piece
        ctx.save_for_backward(hidden_gradient, head_gradient)
        return total

    @staticmethod
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor, Tensor, None]:
        hidden_gradient, head_gradient = ctx.saved_tensors
        return hidden_gradient * scale.to(hidden_gradient.dtype), head_gradient * scale, None

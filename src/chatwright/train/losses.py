"""The loss over a large vocabulary, computed and differentiated piece by piece.

N positions, D model width, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_PIECE = 512  # positions at a time: their logits stay in the processor's cache


class HeadCrossEntropy(torch.autograd.Function):
    """Sum of -log softmax(hidden @ head.T + bias)[target] over N positions.

    The logits of all positions at once would be the largest tensor of a step (N x V), written and
    read several times. Here each piece's logits become their own gradient in place, so they are
    touched while they are in the cache, and nothing of size N x V is kept. The same idea as in
    "Cut Your Losses" (arXiv 2411.09009).

    With `smoothing` s, what is asked for is 1 - s on the target and s spread over the whole vocabulary
    (label smoothing, arXiv 1512.00567, section 7).
    """

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, head: Tensor, targets: Tensor, bias: Tensor | None = None, smoothing: float = 0.0
    ) -> Tensor:
        """hidden [N, D], head [V, D] and bias [V] (float32 weights), targets [N]; returns a float32 scalar."""
        weight = head.detach().to(hidden.dtype)
        hidden_gradient = torch.empty_like(hidden)
        head_gradient = torch.zeros_like(head) if ctx.needs_input_grad[1] else None
        bias_gradient = None if bias is None else torch.zeros_like(bias)
        total = torch.zeros((), dtype=torch.float32)
        for start in range(0, hidden.shape[0], _PIECE):
            piece, wanted = hidden[start : start + _PIECE], targets[start : start + _PIECE, None]
            logits = (piece @ weight.T).float()
            if bias is not None:
                logits += bias
            log_sum = logits.logsumexp(dim=-1, keepdim=True)
            total += (log_sum - (1.0 - smoothing) * logits.gather(-1, wanted)).sum()
            if smoothing:
                total -= smoothing * logits.mean(dim=-1).sum()
            slope = logits.sub_(log_sum).exp_()
            if smoothing:
                slope -= smoothing / slope.shape[-1]
            slope.scatter_add_(-1, wanted, torch.full_like(wanted, -1, dtype=slope.dtype) * (1.0 - smoothing))
            if bias_gradient is not None:
                bias_gradient += slope.sum(dim=0)
            slope = slope.to(hidden.dtype)
            hidden_gradient[start : start + _PIECE] = slope @ weight
            if head_gradient is not None:
                head_gradient += slope.T @ piece
        ctx.save_for_backward(hidden_gradient, head_gradient, bias_gradient)
        return total

    @staticmethod
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        hidden_gradient, head_gradient, bias_gradient = ctx.saved_tensors
        bias, head = (None if each is None else each * scale for each in (bias_gradient, head_gradient))
        return hidden_gradient * scale.to(hidden_gradient.dtype), head, None, bias, None

"""Muon for the matrices inside the blocks, AdamW for everything else.

Matrices of one shape are updated together as one stack: a product of [n, r, c] keeps the
processor's matrix units busy where n small ones leave them waiting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

# Five quintic steps towards the nearest semi-orthogonal matrix; each is fitted to the interval
# of singular values that the step before leaves.
# Source: "The Polar Express" (arXiv 2505.16932), computed for 5 steps, safety factor 2e-2, cushion 2.
_POLAR_EXPRESS = (
    (8.156554524902461, -22.48329292557795, 15.878769915207462),
    (4.042929935166739, -2.808917465908714, 0.5000178451051316),
    (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
    (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
    (2.3465413258596377, -1.7097828382687081, 0.42323551169305323),
)
_SAFETY = 1.02  # the first step's interval ends this far above the largest singular value


def orthogonalise(matrices: Tensor, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """The nearest semi-orthogonal matrices of a stack [n, r, c], approximately, computed in `dtype`.

    All singular values of the result lie near 1. Works on the smaller side's Gram matrix.
    """
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = (x / (x.norm(dim=(-2, -1), keepdim=True) * _SAFETY + 1e-7)).to(dtype)
    for a, b, c in _POLAR_EXPRESS:  # x becomes a x + (b G + c G²) x; sums inside the products are rounded once
        gram = torch.bmm(x, x.mT)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised per matrix. Source: K. Jordan, "Muon" (2024).

    The step is scaled by sqrt(max(1, rows / columns)); weight decay is decoupled.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        learning_rate: float,
        momentum: float,
        decay: float,
        dtype: torch.dtype = torch.bfloat16,
    ) -> None:
        self.dtype = dtype
        super().__init__(list(matrices), {"lr": learning_rate, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every matrix from its gradient."""
        for group in self.param_groups:
            shapes: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for weight in group["params"]:
                shapes[weight.shape].append(weight)
            for weights in shapes.values():
                self._step_stack(weights, group["lr"], group["momentum"], group["decay"])

    def _step_stack(self, weights: list[nn.Parameter], rate: float, momentum: float, decay: float) -> None:
        gradients, averages = [], []
        for weight in weights:
            assert weight.grad is not None
            state = self.state[weight]
            if not state:
                state["momentum"] = torch.zeros_like(weight)
            gradients.append(weight.grad)
            averages.append(state["momentum"])
        torch._foreach_lerp_(averages, gradients, 1 - momentum)
        looked_ahead = torch._foreach_lerp(gradients, averages, momentum)
        updates = orthogonalise(torch.stack(looked_ahead), self.dtype)
        rows, columns = weights[0].shape
        size = max(1.0, rows / columns) ** 0.5
        tensors: list[Tensor] = list(weights)
        torch._foreach_mul_(tensors, 1 - rate * decay)
        torch._foreach_add_(tensors, list(updates.to(weights[0].dtype).unbind()), alpha=-rate * size)

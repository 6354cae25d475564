"""The mean of the weights over the last steps, in place of the last weights (checkpoint averaging).

Source: "Attention Is All You Need" (arXiv 1706.03762, section 6.1) averages its last checkpoints; here
every step of the last share counts.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn


class WeightAverage(torch.optim.Optimizer):
    """Keeps the running mean of weights. It is an optimizer by form only, so that checkpoints hold its state."""

    def __init__(self, weights: Iterable[nn.Parameter], first_step: int) -> None:
        super().__init__(list(weights), {})
        self.first_step = first_step
        self.now = 0  # the step that is being done; the learner says it

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Count the weights as they are after this step."""
        if self.now < self.first_step:
            return
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                if not state:
                    state["mean"], state["count"] = torch.zeros_like(weight), torch.zeros(())
                state["count"] += 1
                state["mean"].lerp_(weight, 1.0 / float(state["count"]))

    @torch.no_grad()
    def settle(self) -> None:
        """Give every weight its mean."""
        for weight, state in self.state.items():
            weight.copy_(state["mean"])

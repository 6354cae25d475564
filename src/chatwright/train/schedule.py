"""The learning rate over a run: warm up, stay, decay. It reads steps, never a clock."""

from __future__ import annotations


def rate_share(step: int, steps: int, *, warmup_share: float, decay_share: float, final_rate: float) -> float:
    """The rate of `step` (from 0) as a share of its peak.

    Source: the warmup-stable-decay schedule of MiniCPM (arXiv 2404.06395), with a linear decay.
    """
    warmup = warmup_share * steps
    if step + 1 < warmup:
        return (step + 1) / warmup
    decay = decay_share * steps
    left = steps - step
    if left >= decay:
        return 1.0
    return final_rate + (1.0 - final_rate) * (left / decay)

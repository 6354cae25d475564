"""Where a token stands: tables of rotary positions, and T5's biases by distance. H heads, K head width."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from chatwright.model.config import RopeScaling


def rotary_table(positions: int, head_width: int, base: float, scaling: RopeScaling | None = None) -> Tensor:
    """Cosines and sines of rotary positions (arXiv 2104.09864): [2, positions, K]."""
    frequencies = base ** (-torch.arange(0, head_width, 2, dtype=torch.float32) / head_width)
    if scaling is not None:
        frequencies = _scaled(frequencies, scaling)
    angles = torch.outer(torch.arange(positions, dtype=torch.float32), frequencies)
    angles = torch.cat((angles, angles), dim=-1)
    return torch.stack((angles.cos(), angles.sin()))


def _scaled(frequencies: Tensor, scaling: RopeScaling) -> Tensor:
    if scaling.kind == "linear":
        return frequencies / scaling.factor
    turns = scaling.original_context * frequencies / (2 * math.pi)  # in the context that was trained on
    low, high = scaling.low_frequency_factor, scaling.high_frequency_factor
    kept = ((turns - low) / (high - low)).clamp(0.0, 1.0)  # 1: fast, as it was; 0: slow, divided
    return frequencies * (kept + (1.0 - kept) / scaling.factor)


def distance_buckets(queries: Tensor, keys: Tensor, buckets: int, furthest: int, *, both_ways: bool) -> Tensor:
    """Bucket of each distance from queries [T] to keys [S] (T5, arXiv 1910.10683, section 2.1): [T, S].

    Half of the buckets hold one distance each, the others ever more, up to `furthest`; looking `both_ways`,
    half of all are for what comes after.
    """
    distance = keys[None, :] - queries[:, None]
    offset = torch.zeros_like(distance)
    if both_ways:
        buckets //= 2
        offset = (distance > 0) * buckets
        distance = distance.abs()
    else:
        distance = (-distance).clamp(min=0)
    exact = buckets // 2
    share = torch.log(distance.clamp(min=1).float() / exact) / math.log(furthest / exact)
    far = (exact + (share * (buckets - exact)).long()).clamp(max=buckets - 1)
    return offset + torch.where(distance < exact, distance, far)

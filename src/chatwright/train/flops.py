"""Arithmetic: what a step costs, and what the machine could do at best."""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray

from chatwright.model.config import ModelConfig


def count_pairs(segment: NDArray[np.int16]) -> int:
    """Pairs (query, key) that causal attention inside the segments of [B, T] looks at."""
    pairs = 0
    for row in segment:
        lengths = np.unique(row[row >= 0], return_counts=True)[1].astype(np.int64)
        pairs += int((lengths * (lengths + 1) // 2).sum())
    return pairs


def training_flops(config: ModelConfig, tokens: int, learnt: int, pairs: int) -> float:
    """Floating-point operations of forward and backward that the result needs.

    6 per matrix weight and token that uses it (blocks: every token; the head, and what follows the
    attention of the last block: learnt positions only), and 12 per layer, pair (query, key) and
    attention width. Padding, recomputation, what attention masks away and the optimizer's own
    operations do not count.
    """
    late = config.parameters_behind_attention
    matrices = 6 * ((config.block_matrix_parameters - late) * tokens + (late + config.head_parameters) * learnt)
    attention = 12 * config.layers * config.heads * config.head_width * pairs
    return float(matrices + attention)


def measure_peak(dtype: torch.dtype, repeats: int = 5) -> float:
    """FLOP/s of the best matrix product of this moment, over a few sizes that fit the caches."""
    best = 0.0
    for rows, inner, columns in ((1024, 1024, 1024), (2048, 512, 1024)):
        left, right = torch.randn(rows, inner).to(dtype), torch.randn(inner, columns).to(dtype)
        for _ in range(repeats):
            started = time.perf_counter()
            torch.matmul(left, right)
            best = max(best, 2 * rows * inner * columns / (time.perf_counter() - started))
    return best

"""Arithmetic: what a step costs, and what the machine could do at best."""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray

from chatwright.model.config import ModelConfig
from chatwright.tokens.batches import Batch
from chatwright.tokens.labels import LabelBatch
from chatwright.tokens.pairs import PairBatch

_NO_KERNELS = 2e9  # FLOP/s: what a processor without instructions for a type stays below


def count_pairs(segment: NDArray[np.int16]) -> int:
    """Pairs (query, key) that causal attention inside the segments of [B, T] looks at."""
    pairs = 0
    for row in segment:
        lengths = np.unique(row[row >= 0], return_counts=True)[1].astype(np.int64)
        pairs += int((lengths * (lengths + 1) // 2).sum())
    return pairs


def batch_work(config: ModelConfig, batch: Batch | PairBatch | LabelBatch, learnt: int) -> tuple[int, float]:
    """Tokens of a batch, padding left out, and the FLOPs that its gradient needs."""
    tokens = int((batch.segment >= 0).sum())
    if isinstance(batch, LabelBatch):
        return tokens, label_flops(config, tokens, learnt, _squares(batch.segment, batch.segment))
    if isinstance(batch, PairBatch):
        source = int((batch.source_segment >= 0).sum())
        return source + tokens, pair_flops(config, batch, source, tokens, learnt)
    pairs = count_pairs(batch.segment) if batch.causal else _squares(batch.segment, batch.segment)
    return tokens, training_flops(config, tokens, learnt, pairs)


def label_flops(config: ModelConfig, tokens: int, texts: int, pairs: int) -> float:
    """The same for a classifier: every token passes every block, the head is asked once a text."""
    matrices = config.block_matrix_parameters * tokens + config.head_parameters * texts
    return float(6 * matrices + 12 * config.layers * config.heads * config.head_width * pairs)


def pair_flops(config: ModelConfig, batch: PairBatch, source: int, tokens: int, learnt: int) -> float:
    """The same for an encoder-decoder: each side's matrices by that side's tokens.

    Keys and values of cross-attention are made of source tokens; the last block's feed-forward is done
    for learnt places only.
    """
    memory = config.layers * config.width * 2 * config.key_value_heads * config.head_width
    late = config.feed_forward_matrix_parameters
    matrices = (config.encoder_matrix_parameters + memory) * source
    matrices += (config.decoder_matrix_parameters - memory - late) * tokens + (late + config.head_parameters) * learnt
    own = config.encoder_layers * _squares(batch.source_segment, batch.source_segment)
    own += config.layers * (count_pairs(batch.segment) + _squares(batch.segment, batch.source_segment))
    return float(6 * matrices + 12 * config.heads * config.head_width * own)


def _squares(queries: NDArray[np.int16], keys: NDArray[np.int16]) -> int:
    """Pairs (query, key) of the same segment, both ways, over the rows of [B, T] and [B, S]."""
    pairs = 0
    for query, key in zip(queries, keys, strict=True):
        most = int(max(query.max(), key.max())) + 1
        counts = [np.bincount(side[side >= 0], minlength=most).astype(np.int64) for side in (query, key)]
        pairs += int((counts[0] * counts[1]).sum())
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
    small = _best_product(dtype, (512, 512, 512), 3)
    if small < _NO_KERNELS:  # large products would take seconds, and be no faster
        return small
    return max(_best_product(dtype, size, repeats) for size in ((1024, 1024, 1024), (2048, 512, 1024)))


def _best_product(dtype: torch.dtype, size: tuple[int, int, int], repeats: int) -> float:
    rows, inner, columns = size
    left, right = torch.randn(rows, inner).to(dtype), torch.randn(inner, columns).to(dtype)
    seconds = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        torch.matmul(left, right)
        seconds = min(seconds, time.perf_counter() - started)
    return 2 * rows * inner * columns / seconds

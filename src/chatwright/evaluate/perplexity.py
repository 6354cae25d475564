"""Perplexity and bits per byte of packed rows."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from chatwright.model.decoder import Decoder
from chatwright.model.masks import packed_mask
from chatwright.tokens.batches import rows_to_batch
from chatwright.tokens.packing import Rows


@torch.no_grad()
def negative_log_likelihood(model: Decoder, rows: Rows, dtype: torch.dtype, rows_per_batch: int = 32) -> float:
    """Sum over all learnt targets of -ln p(target | what stands before it in its sequence), in nats."""
    total = 0.0
    for start in range(0, len(rows), rows_per_batch):
        batch = rows_to_batch(rows, np.arange(start, min(start + rows_per_batch, len(rows))))
        mask = packed_mask(torch.from_numpy(batch.segment))
        hidden = model.hidden(torch.from_numpy(batch.inputs), mask, dtype=dtype)
        learnt = torch.from_numpy(batch.learnt)
        logits = model.logits(hidden[learnt]).float()
        total += float(F.cross_entropy(logits, torch.from_numpy(batch.targets)[learnt], reduction="sum"))
    return total


def language_scores(nats: float, tokens: int, byte_count: int) -> dict[str, float]:
    """Perplexity per token, and bits per byte of the text behind the tokens.

    Bits per byte compare models of any tokenizer: nats / ln 2 / bytes.
    """
    return {"perplexity": math.exp(min(nats / tokens, 700.0)), "bits_per_byte": nats / math.log(2) / byte_count}

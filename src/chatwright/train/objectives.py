"""Objectives: what a batch asks of a model, as a summed loss and a count.

Causal pretraining and supervised finetuning are the same question, "which token comes next?",
asked of every position or of the assistant's words only; the rows' loss mask says which.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from chatwright.model.decoder import Decoder
from chatwright.model.masks import packed_mask
from chatwright.tokens.batches import Batch
from chatwright.train.losses import HeadCrossEntropy

# Learnt places are padded to a multiple of this many: sizes that come again find memory that fits, where
# ever new ones scatter it and slow a step by a tenth within a hundred (docs/log.md, "The last block").
_PLACES = 256


@dataclass(frozen=True)
class Objective:
    """The summed loss in nats (a scalar that can be differentiated) and the positions it sums."""

    loss: Tensor
    positions: int


def next_token(model: Decoder, batch: Batch, dtype: torch.dtype) -> Objective:
    """-log p(next token), summed over the learnt positions of the batch."""
    device = model.embedding.device
    segment = torch.from_numpy(batch.segment).to(device)
    learnt = torch.from_numpy(batch.learnt).reshape(-1).nonzero().squeeze(1).to(device)
    targets = torch.from_numpy(batch.targets).to(device).reshape(-1)[learnt]
    wanted = F.pad(learnt, (0, -len(learnt) % _PLACES))
    hidden = model.hidden(torch.from_numpy(batch.inputs).to(device), packed_mask(segment), dtype=dtype, wanted=wanted)
    chosen = hidden[: len(learnt)]
    head = model.embedding if model.head is None else model.head
    if torch.is_grad_enabled():
        loss: Tensor = HeadCrossEntropy.apply(chosen, head, targets)  # type: ignore[no-untyped-call]
    else:
        loss = F.cross_entropy(model.logits(chosen).float(), targets, reduction="sum")
    return Objective(loss, len(learnt))

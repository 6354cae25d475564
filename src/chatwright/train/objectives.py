"""Objectives: what a batch asks of a model, as a summed loss and a count.

Causal pretraining and supervised finetuning are the same question, "which token comes next?",
asked of every position or of the assistant's words only; the rows' loss mask says which. Denoising and
translating are the same too, of a target with a source beside it. Masked pretraining asks which token a place
hides, classification which label a text has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from chatwright.model.decoder import Decoder
from chatwright.model.encoder import Encoder
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.model.language_model import LanguageModel
from chatwright.model.masks import cross_mask, packed_mask
from chatwright.tokens.batches import Batch
from chatwright.tokens.labels import LabelBatch
from chatwright.tokens.pairs import PairBatch
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
    return _tokens(model, batch, dtype)


def masked_tokens(model: Encoder, batch: Batch, dtype: torch.dtype) -> Objective:
    """-log p(hidden token | all that is shown of its text), summed over the hidden places of the batch.

    In a batch that is causal, -log p(next token | those before it).
    """
    return _tokens(model, batch, dtype)


def text_labels(
    model: Encoder, batch: LabelBatch, dtype: torch.dtype, smoothing: float = 0.0, weights: Sequence[float] = ()
) -> Objective:
    """-log p(label | text), summed over the texts of the batch; `weights` say what a text of each label counts."""
    mask = packed_mask(_put(model, batch.segment), causal=False)
    hidden = model.hidden(_put(model, batch.inputs), mask, dtype=dtype)
    labels = _put(model, batch.labels)
    logits = model.label_logits(hidden, _put(model, batch.group), len(labels))
    weight = torch.tensor(weights, device=logits.device) if weights else None
    loss = F.cross_entropy(logits, labels, weight, reduction="sum", label_smoothing=smoothing)
    return Objective(loss, len(labels))


def sequence_to_sequence(
    model: EncoderDecoder, batch: PairBatch, dtype: torch.dtype, smoothing: float = 0.0
) -> Objective:
    """-log p(next target token | source, target so far), summed over the targets of the batch."""
    source_segment, segment = _put(model, batch.source_segment), _put(model, batch.segment)
    learnt, wanted, targets = _learnt(model, batch)
    memory = model.encode(_put(model, batch.source), packed_mask(source_segment, causal=False), dtype)
    hidden = model.hidden(
        _put(model, batch.inputs),
        memory,
        cross_mask(segment, source_segment),
        packed_mask(segment),
        dtype=dtype,
        wanted=wanted,
    )
    return Objective(_head_loss(model, hidden[:learnt], targets, smoothing), learnt)


def _tokens(model: Decoder | Encoder, batch: Batch, dtype: torch.dtype) -> Objective:
    learnt, wanted, targets = _learnt(model, batch)
    mask = packed_mask(_put(model, batch.segment), causal=batch.causal)
    hidden = model.hidden(_put(model, batch.inputs), mask, dtype=dtype, wanted=wanted)
    return Objective(_head_loss(model, hidden[:learnt], targets), learnt)


def _put(model: LanguageModel, array: NDArray[Any]) -> Tensor:
    """An array where the model is."""
    return torch.from_numpy(array).to(model.embedding.device)


def _learnt(model: LanguageModel, batch: Batch | PairBatch) -> tuple[int, Tensor, Tensor]:
    """How many places are learnt; their numbers over B x T, padded to a size that comes again; their targets."""
    places = torch.from_numpy(batch.learnt).reshape(-1).nonzero().squeeze(1)
    targets = torch.from_numpy(batch.targets).reshape(-1)[places]
    wanted = F.pad(places, (0, -len(places) % _PLACES))
    return len(places), wanted.to(model.embedding.device), targets.to(model.embedding.device)


def smoothed_labels(
    smoothing: float, weights: Sequence[float] = ()
) -> Callable[[Encoder, LabelBatch, torch.dtype], Objective]:
    """`text_labels` with label smoothing, and with what a text of each label counts."""
    return partial(text_labels, smoothing=smoothing, weights=weights)


def smoothed_pairs(smoothing: float) -> Callable[[EncoderDecoder, PairBatch, torch.dtype], Objective]:
    """`sequence_to_sequence` with label smoothing."""
    return partial(sequence_to_sequence, smoothing=smoothing)


def _head_loss(model: LanguageModel, hidden: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """Summed cross-entropy of hidden states [N, D] with targets [N]."""
    if not torch.is_grad_enabled():
        return F.cross_entropy(model.logits(hidden).float(), targets, reduction="sum", label_smoothing=smoothing)
    head = model.embedding if model.head is None else model.head
    read = model.before_head(hidden)
    loss: Tensor = HeadCrossEntropy.apply(read, head, targets, model.head_bias, smoothing)  # type: ignore[no-untyped-call]
    return loss

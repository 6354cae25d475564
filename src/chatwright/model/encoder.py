"""The encoder: every place sees both sides; its head says which token a masked place hides, or a text's label.

B batch, T time, D model width, V vocabulary, N texts, C labels.
"""

from __future__ import annotations

import torch
from torch import Tensor

from chatwright.model.config import ModelConfig
from chatwright.model.language_model import LanguageModel
from chatwright.model.layers import Linear
from chatwright.model.stack import Stack


class Encoder(LanguageModel):
    """A bidirectional model (BERT, arXiv 1810.04805) with a head for masked tokens or, with labels, for texts."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.stack = Stack(config, layers=config.layers, causal=False)
        self.classifier = Linear(config.width, len(config.labels), bias=True) if config.labels else None

    def hidden(
        self,
        ids: Tensor,
        mask: Tensor | None = None,
        positions: Tensor | None = None,
        dtype: torch.dtype = torch.float32,
        wanted: Tensor | None = None,
    ) -> Tensor:
        """Hidden states after the last norm: ids [B, T] to [B, T, D], or to [N, D] of the `wanted` places.

        mask [B, 1, 1 or T, T] is true where attention may look; none: everywhere.
        """
        hidden: Tensor = self.stack(self.embed(ids, dtype), mask, positions, None, wanted)
        return hidden

    def label_logits(self, hidden: Tensor, group: Tensor, texts: int) -> Tensor:
        """Of N texts from hidden states [B, T, D], whose places `group` [B, T] counts (-1: none): [N, C], in float32.

        A text is the mean of its places.
        """
        assert self.classifier is not None
        there = group.flatten() >= 0
        group, places = group.flatten()[there], hidden.flatten(0, 1)[there].float()
        summed = torch.zeros(texts, places.shape[-1], device=places.device).index_add_(0, group, places)
        mean = summed / torch.bincount(group, minlength=texts).clamp(min=1)[:, None]
        logits: Tensor = self.classifier(self.before_head(mean))
        return logits

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits in float32: of every position, [B, T] to [B, T, V]; with labels of every row, [B, C].

        `mask` [B, 1, 1, T] says which places of a row belong to its text; none: all.
        """
        hidden = self.hidden(ids, mask)
        if self.classifier is None:
            return self.logits(hidden)
        group = torch.arange(len(ids), device=ids.device)[:, None].expand(ids.shape)
        if mask is not None:
            group = group.masked_fill(~mask[:, 0, 0], -1)
        return self.label_logits(hidden, group, len(ids))

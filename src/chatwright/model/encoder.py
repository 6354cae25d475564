"""The encoder: every place sees both sides; its head says which token a masked place hides.

B batch, T time, D model width, V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor

from chatwright.model.config import ModelConfig
from chatwright.model.language_model import LanguageModel
from chatwright.model.stack import Stack


class Encoder(LanguageModel):
    """A bidirectional model (BERT, arXiv 1810.04805) with a head for masked tokens."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.stack = Stack(config, layers=config.layers, causal=False)

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

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits of every position: [B, T] to [B, T, V], in float32."""
        return self.logits(self.hidden(ids, mask))

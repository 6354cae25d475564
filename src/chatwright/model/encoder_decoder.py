"""The encoder-decoder: an encoder reads the source, a decoder writes the target and looks back at it.

B batch, S source tokens, T target tokens, D model width, V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor

from chatwright.model.cache import Cache
from chatwright.model.config import ModelConfig
from chatwright.model.language_model import LanguageModel
from chatwright.model.stack import Stack


class EncoderDecoder(LanguageModel):
    """A sequence-to-sequence model (arXiv 1706.03762); both sides share one embedding."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.encoder = Stack(config, layers=config.encoder_layers, causal=False)
        self.decoder = Stack(config, layers=config.layers, causal=True, cross=True)

    def encode(self, ids: Tensor, mask: Tensor | None = None, dtype: torch.dtype = torch.float32) -> Tensor:
        """The source's hidden states: ids [B, S] to [B, S, D]; mask [B, 1, 1 or S, S], none: everything is seen."""
        memory: Tensor = self.encoder(self.embed(ids, dtype), mask)
        return memory

    def hidden(
        self,
        ids: Tensor,
        memory: Tensor | None,
        memory_mask: Tensor | None = None,
        mask: Tensor | None = None,
        cache: Cache | None = None,
        dtype: torch.dtype = torch.float32,
        wanted: Tensor | None = None,
    ) -> Tensor:
        """Hidden states of the target: ids [B, T] to [B, T, D], or to [N, D] of the `wanted` places.

        memory [B, S, D] comes from `encode` (None: the cache has seen it), memory_mask [B, 1, 1 or T, S].
        """
        hidden: Tensor = self.decoder(self.embed(ids, dtype), mask, None, cache, wanted, memory, memory_mask)
        return hidden

    def forward(self, source: Tensor, target: Tensor, source_mask: Tensor | None = None) -> Tensor:
        """Logits of every target place: [B, S] and [B, T] to [B, T, V], in float32."""
        return self.logits(self.hidden(target, self.encode(source, source_mask), source_mask))

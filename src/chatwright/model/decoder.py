"""The decoder: tokens in, hidden states out, and the head that turns them into logits.

B batch, T time, S places that may be looked at, D model width, V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor

from chatwright.model.cache import Cache
from chatwright.model.config import ModelConfig
from chatwright.model.language_model import LanguageModel
from chatwright.model.stack import Stack


class Decoder(LanguageModel):
    """A causal language model (GPT): every place sees itself and what is before it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.stack = Stack(config, layers=config.layers, causal=True)

    def hidden(
        self,
        ids: Tensor,
        mask: Tensor | None = None,
        positions: Tensor | None = None,
        cache: Cache | None = None,
        dtype: torch.dtype = torch.float32,
        wanted: Tensor | None = None,
    ) -> Tensor:
        """Hidden states after the last norm.

        ids [B, T]; mask [B, 1, T, S], true where attention may look (none: causal);
        positions [B, T] (none: counted from the cache's length); returns [B, T, D] of `dtype`.
        With `wanted` [N], places counted over B x T, it returns theirs only, [N, D].
        """
        hidden: Tensor = self.stack(self.embed(ids, dtype), mask, positions, cache, wanted)
        return hidden

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits of every position: [B, T] to [B, T, V], in float32."""
        return self.logits(self.hidden(ids, mask))

"""The decoder: tokens in, hidden states out, and the head that turns them into logits.

B batch, T time, D model width, V vocabulary.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chatwright.model.cache import Cache
from chatwright.model.config import ModelConfig
from chatwright.model.layers import Block, RMSNorm, rotary_table


class Decoder(nn.Module):
    """A causal language model of the shape that `ModelConfig` says."""

    rotary: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Parameter(torch.empty(config.vocabulary_size, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.final_norm = RMSNorm(config.width, config.norm_epsilon)
        self.head = None if config.tied else nn.Parameter(torch.empty(config.vocabulary_size, config.width))
        table = rotary_table(config.context, config.head_width, config.rope_base)
        self.register_buffer("rotary", table, persistent=False)

    def initialise(self, seed: int) -> None:
        """Fill the weights: matrices uniform with variance 1 / inputs, those that write to the
        residual stream zero, so that every block starts as the identity; embedding normal.
        """
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if name.endswith(("attention.output.weight", "feed_forward.down.weight")):
                    weight.zero_()
                elif weight.ndim == 2 and name not in ("embedding", "head"):
                    bound = (3.0 / weight.shape[1]) ** 0.5
                    weight.uniform_(-bound, bound, generator=generator)
                elif weight.ndim == 2:
                    weight.normal_(0.0, 0.02 if self.config.tied else 0.5 * (name == "embedding"), generator=generator)

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
        With `wanted` [N], places counted over B x T, it returns theirs only, [N, D], and the last block
        spends its feed-forward on no other.
        """
        start = cache.length if cache is not None else 0
        rotary = self.rotary[:, start : start + ids.shape[1]] if positions is None else self.rotary[:, positions]
        x = F.embedding(ids, self.embedding).to(dtype)
        for index, block in enumerate(self.blocks):
            last = index == len(self.blocks) - 1
            x = block(x, rotary, mask, cache.layers[index] if cache is not None else None, wanted if last else None)
        normed: Tensor = self.final_norm(x)
        return normed

    def logits(self, hidden: Tensor) -> Tensor:
        """[.., D] to [.., V], in the type of `hidden`."""
        weight = self.embedding if self.head is None else self.head
        return F.linear(hidden, weight.to(hidden.dtype))

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits of every position: [B, T] to [B, T, V], in float32."""
        return self.logits(self.hidden(ids, mask))

"""A stack of blocks with its positions and its last norm: the body of all three families.

B batch, T time, S places that may be looked at, D model width, H heads, K head width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chatwright.model.cache import Cache
from chatwright.model.config import ModelConfig
from chatwright.model.layers import HIDDEN, Block, make_norm
from chatwright.model.masks import near
from chatwright.model.positions import distance_buckets, rotary_table


class Stack(nn.Module):
    """Embedded tokens in, hidden states out. `causal`: no place sees what comes after it."""

    rotary: Tensor | None
    local_rotary: Tensor | None

    def __init__(self, config: ModelConfig, *, layers: int, causal: bool, cross: bool = False) -> None:
        super().__init__()
        self.config, self.causal = config, causal
        self.position_embedding: nn.Parameter | None = None
        self.distance_bias: nn.Parameter | None = None
        if config.positions == "learned":
            self.position_embedding = nn.Parameter(torch.empty(config.context, config.width))
        if config.positions == "relative":
            self.distance_bias = nn.Parameter(torch.empty(config.relative_buckets, config.heads))
        self.embedding_norm = make_norm(config) if config.embedding_norm else nn.Identity()
        self.blocks = nn.ModuleList(
            Block(config, causal=causal, cross=cross, normed=index > 0 or not config.embedding_norm)
            for index in range(layers)
        )
        self.final_norm = make_norm(config)
        table = local = None
        if config.positions == "rotary":
            table = rotary_table(config.context, config.head_width, config.rope_base, config.rope_scaling)
            if config.local_rope_base is not None:
                local = rotary_table(config.context, config.head_width, config.local_rope_base)
        self.register_buffer("rotary", table, persistent=False)
        self.register_buffer("local_rotary", local, persistent=False)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        positions: Tensor | None = None,
        cache: Cache | None = None,
        wanted: Tensor | None = None,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        """Hidden states after the last norm: x [B, T, D] to [B, T, D], or to [N, D] of the `wanted` places.

        mask [B, 1, T, S], true where attention may look (none: causal, or everything); positions [B, T]
        (none: counted from the cache's length); wanted [N], counted over B x T: the last block spends its
        feed-forward on no other; memory [B, S', D] with its mask [B, 1, 1, S'] is what cross-attention sees.
        """
        start = cache.length if cache is not None else 0
        if self.position_embedding is not None:
            places = slice(start, start + x.shape[1]) if positions is None else positions
            x = x + self.position_embedding[places].to(x.dtype)
        x = self.embedding_norm(x)
        rotary, local_rotary = self._turns(positions, start, x.shape[1])
        mask, local_mask = self._masks(mask, start, x.shape[1], x.device)
        for index, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            local, last = index in self.config.local_blocks, index == len(self.blocks) - 1
            asked = wanted if last else None
            x = block(
                x,
                local_rotary if local else rotary,
                local_mask if local else mask,
                cache.layers[index] if cache is not None else None,
                asked,
                memory,
                memory_mask,
                block.factors(x, asked),
            )
        normed: Tensor = self.final_norm(x)
        return normed

    def _turns(self, positions: Tensor | None, start: int, time: int) -> tuple[Tensor | None, Tensor | None]:
        if self.rotary is None:
            return None, None
        places = slice(start, start + time) if positions is None else positions
        rotary = self.rotary[:, places]
        return rotary, rotary if self.local_rotary is None else self.local_rotary[:, places]

    def _masks(
        self, mask: Tensor | None, start: int, time: int, device: torch.device
    ) -> tuple[Tensor | None, Tensor | None]:
        """The mask of most blocks, and that of local ones; with biases by distance they are added to scores."""
        if self.distance_bias is None and not self.config.local_blocks:
            return mask, mask
        queries = torch.arange(start, start + time, device=device)
        keys = torch.arange(start + time, device=device)
        if mask is None and self.causal:
            mask = (keys[None] <= queries[:, None])[None, None]
        local = mask
        if self.config.local_blocks:
            close = near(queries, keys, self.config.window)
            local = close if mask is None else mask & close
        if self.distance_bias is not None:
            bias = self._bias(queries, keys)
            mask, local = (bias if each is None else bias.masked_fill(~each, HIDDEN) for each in (mask, local))
        return mask, local

    def _bias(self, queries: Tensor, keys: Tensor) -> Tensor:
        """What is added to the scores of each head for each distance: [1, H, T, S]."""
        assert self.distance_bias is not None
        buckets = distance_buckets(
            queries, keys, self.config.relative_buckets, self.config.relative_distance, both_ways=not self.causal
        )
        return F.embedding(buckets, self.distance_bias).permute(2, 0, 1)[None]

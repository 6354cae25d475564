"""The blocks that every family is composed of.

B batch, T time, D model width, H heads, K head width. Weights are kept in float32 and used in the
type of the activations, so one model trains in bfloat16 and answers in float32.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chatwright.model.cache import LayerCache
from chatwright.model.config import ModelConfig

WRITTEN_OUT_UP_TO = 256  # tokens; where the fused kernel overtakes the written-out products


class Linear(nn.Module):
    """A matrix without bias: [.., inputs] to [.., outputs], computed in the type of its input."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.to(x.dtype))


class RMSNorm(nn.Module):
    """Root-mean-square norm over the last dimension (arXiv 1910.07467), computed in float32."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        y = x.float()
        y = y * torch.rsqrt(y.square().mean(-1, keepdim=True) + self.epsilon)
        return (y * self.weight).to(x.dtype)


def rotary_table(positions: int, head_width: int, base: float) -> Tensor:
    """Cosines and sines of rotary positions (arXiv 2104.09864): [2, positions, K]."""
    frequencies = base ** (-torch.arange(0, head_width, 2, dtype=torch.float32) / head_width)
    angles = torch.outer(torch.arange(positions, dtype=torch.float32), frequencies)
    angles = torch.cat((angles, angles), dim=-1)
    return torch.stack((angles.cos(), angles.sin()))


def rotate(x: Tensor, table: Tensor) -> Tensor:
    """Turn [B, T, H, K] by a table of [2, T, K] or [2, B, T, K] (halves paired, as Qwen3 and Llama do)."""
    cosine, sine = table.unsqueeze(-2)
    first, second = x.chunk(2, dim=-1)
    turned = torch.cat((-second, first), dim=-1)
    return (x * cosine + turned * sine).to(x.dtype)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """Scaled dot-product attention: queries [B, H, T, K] over keys and values [B, H', S, K].

    `mask` [B, 1, T, S] is true where a query may look; none means causal. Short rows that need
    gradients on a processor take the written-out products: torch's fused kernel spends more on
    its tiles there than on the arithmetic (docs/log.md, "attention of short rows").
    """
    if not query.requires_grad or query.device.type != "cpu" or query.shape[2] > WRITTEN_OUT_UP_TO:
        grouped = query.shape[1] != key.shape[1]
        return F.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, is_causal=mask is None, enable_gqa=grouped
        )
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    if mask is None:
        mask = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool).tril()
    scores = (query @ key.transpose(-1, -2)).float() * query.shape[-1] ** -0.5
    weights = scores.masked_fill(~mask, -1e30).softmax(dim=-1)
    return weights.to(query.dtype) @ value


class Attention(nn.Module):
    """Grouped-query attention with normalised queries and keys.

    Queries, keys and values come out of one matrix: one product of a good size is faster than
    three small ones, and the stock names are restored when weights leave (`model/files.py`).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.key_value_heads = config.heads, config.key_value_heads
        self.head_width = config.head_width
        outputs = (config.heads + 2 * config.key_value_heads) * config.head_width
        self.query_key_value = Linear(config.width, outputs)
        self.output = Linear(config.heads * config.head_width, config.width)
        self.query_norm = RMSNorm(config.head_width, config.norm_epsilon)
        self.key_norm = RMSNorm(config.head_width, config.norm_epsilon)

    def forward(
        self,
        x: Tensor,
        rotary: Tensor,
        mask: Tensor | None,
        cache: LayerCache | None = None,
        wanted: Tensor | None = None,
    ) -> Tensor:
        """[B, T, D] to [B, T, D], or to [N, D] of the N `wanted` places (counted over B x T).

        `mask` [B, 1, T, S] is true where attention may look; none: causal.
        """
        batch, time, _ = x.shape
        heads = self.query_key_value(x).view(batch, time, -1, self.head_width)
        sizes = (self.heads, self.key_value_heads, self.key_value_heads)
        query, key, value = heads.split(sizes, dim=2)
        query = rotate(self.query_norm(query), rotary).transpose(1, 2)
        key = rotate(self.key_norm(key), rotary).transpose(1, 2)
        value = value.transpose(1, 2)
        if cache is not None:
            key, value = cache.extend(key, value)
        mixed = attend(query, key, value, mask).transpose(1, 2).reshape(batch, time, -1)
        return self.output(mixed if wanted is None else mixed.flatten(0, 1)[wanted])


class FeedForward(nn.Module):
    """SwiGLU (arXiv 2002.05202): silu(gate) times up, then down."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate_up = Linear(config.width, 2 * config.feed_forward_width)
        self.down = Linear(config.feed_forward_width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        return self.down(F.silu(gate) * up)


class Block(nn.Module):
    """Norm, attention, add; norm, feed-forward, add."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.width, config.norm_epsilon)
        self.attention = Attention(config)
        self.feed_forward_norm = RMSNorm(config.width, config.norm_epsilon)
        self.feed_forward = FeedForward(config)

    def forward(
        self,
        x: Tensor,
        rotary: Tensor,
        mask: Tensor | None = None,
        cache: LayerCache | None = None,
        wanted: Tensor | None = None,
    ) -> Tensor:
        """[B, T, D] to [B, T, D], or to [N, D] of the N `wanted` places, where nothing reads the others."""
        mixed = self.attention(self.attention_norm(x), rotary, mask, cache, wanted)
        x = mixed + (x if wanted is None else x.flatten(0, 1)[wanted])
        return x + self.feed_forward(self.feed_forward_norm(x))

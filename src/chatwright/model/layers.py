"""The blocks that every family is composed of.

B batch, T time, S places that may be looked at, D model width, H heads, K head width. Weights are kept in
float32 and used in the type of the activations, so one model trains in bfloat16 and answers in float32.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chatwright.model.cache import LayerCache
from chatwright.model.config import ModelConfig
from chatwright.model.dropout import dropout_factors
from chatwright.model.masks import earlier

WRITTEN_OUT_UP_TO = 256  # tokens; where the fused kernel overtakes the written-out products
HIDDEN = -1e30  # the score of a place that may not be looked at

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "relu": F.relu,
}


class Linear(nn.Module):
    """A matrix, with or without bias: [.., inputs] to [.., outputs], computed in the type of its input."""

    def __init__(self, inputs: int, outputs: int, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.to(x.dtype), None if self.bias is None else self.bias.to(x.dtype))


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


class LayerNorm(nn.Module):
    """Layer norm over the last dimension (arXiv 1607.06450), with or without bias, computed in float32."""

    def __init__(self, width: int, epsilon: float, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width)) if bias else None
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x.float(), self.weight.shape, self.weight, self.bias, self.epsilon).to(x.dtype)


def make_norm(config: ModelConfig) -> nn.Module:
    """The norm of the model's width that the configuration names."""
    if config.norm == "rms":
        return RMSNorm(config.width, config.norm_epsilon)
    return LayerNorm(config.width, config.norm_epsilon, config.norm_bias)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, *, causal: bool = True) -> Tensor:
    """Dot-product attention: queries [B, H, T, K] over keys and values [B, H', S, K].

    `mask` [B or 1, 1 or H, T, S] is true where a query may look, or is added to the scores; none: `causal`
    says whether a query sees itself and what is before it, or everything.

    Short rows that need gradients on a processor take the written-out products: torch's fused kernel
    spends more on its tiles there than on the arithmetic (docs/log.md, "Attention of short rows"). So do biases
    that are learnt: torch has no fused kernel for their gradient.
    """
    short = query.requires_grad and query.device.type == "cpu" and query.shape[2] <= WRITTEN_OUT_UP_TO
    if not short and not (mask is not None and mask.requires_grad):
        grouped = query.shape[1] != key.shape[1]
        causal = causal and mask is None
        if causal and query.shape[2] != key.shape[2]:  # torch's own flag lines both up at their beginnings
            mask, causal = earlier(query.shape[2], key.shape[2], query.device), False
        if mask is not None and mask.dtype != torch.bool:
            mask = mask.to(query.dtype)
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=causal, enable_gqa=grouped)
    shares = attention_shares(query, key, mask, causal=causal)
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        value = value.repeat_interleave(groups, dim=1)
    return shares.to(query.dtype) @ value


def attention_shares(query: Tensor, key: Tensor, mask: Tensor | None, *, causal: bool) -> Tensor:
    """The softmax of scaled scores, in float32: [B, H, T, S]; arguments as in `attend`."""
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key = key.repeat_interleave(groups, dim=1)
    if mask is None and causal:
        mask = earlier(query.shape[2], key.shape[2], query.device)
    scores = (query @ key.transpose(-1, -2)).float() * query.shape[-1] ** -0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, HIDDEN) if mask.dtype == torch.bool else scores + mask
    return scores.softmax(dim=-1)


class Attention(nn.Module):
    """Grouped-query attention of a sequence to itself.

    Queries, keys and values come out of one matrix: one product of a good size is faster than
    three small ones, and the stock names are restored when weights leave (`model/stock.py`).
    """

    def __init__(self, config: ModelConfig, causal: bool) -> None:
        super().__init__()
        self.heads, self.key_value_heads = config.heads, config.key_value_heads
        self.head_width, self.causal = config.head_width, causal
        outputs = (config.heads + 2 * config.key_value_heads) * config.head_width
        self.query_key_value = Linear(config.width, outputs, config.attention_bias)
        self.output = Linear(config.heads * config.head_width, config.width, config.attention_bias)
        normed = config.query_key_norm
        self.query_norm = RMSNorm(config.head_width, config.norm_epsilon) if normed else nn.Identity()
        self.key_norm = RMSNorm(config.head_width, config.norm_epsilon) if normed else nn.Identity()

    def forward(
        self,
        x: Tensor,
        rotary: Tensor | None,
        mask: Tensor | None,
        cache: LayerCache | None = None,
        wanted: Tensor | None = None,
    ) -> Tensor:
        """[B, T, D] to [B, T, D], or to [N, D] of the N `wanted` places (counted over B x T).

        `rotary` [2, (B,) T, K] turns queries and keys; `mask` as in `attend`.
        """
        batch, time, _ = x.shape
        query, key, value = self.project(x, rotary)
        if cache is not None:
            key, value = cache.extend(key, value)
        mixed = attend(query, key, value, mask, causal=self.causal)
        mixed = mixed.transpose(1, 2).reshape(batch, time, -1)
        return self.output(mixed if wanted is None else mixed.flatten(0, 1)[wanted])

    def project(self, x: Tensor, rotary: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries [B, H, T, K], keys and values [B, H', T, K] of x [B, T, D]."""
        heads = self.query_key_value(x).view(*x.shape[:2], -1, self.head_width)
        sizes = (self.heads, self.key_value_heads, self.key_value_heads)
        query, key, value = heads.split(sizes, dim=2)
        query, key = self.query_norm(query), self.key_norm(key)
        if rotary is not None:
            query, key = rotate(query, rotary), rotate(key, rotary)
        return query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)

    def looks(self, x: Tensor, rotary: Tensor | None, mask: Tensor | None, *_: object) -> Tensor:
        """How much each place looks at each other, for people to see: [B, H, T, T], rows add up to 1."""
        query, key, _value = self.project(x, rotary)
        return attention_shares(query, key, mask, causal=self.causal)


class CrossAttention(nn.Module):
    """Attention of a decoder's sequence to what the encoder made of the source."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.key_value_heads = config.heads, config.key_value_heads
        self.head_width = config.head_width
        inner = config.heads * config.head_width
        self.query = Linear(config.width, inner, config.attention_bias)
        self.key_value = Linear(config.width, 2 * config.key_value_heads * config.head_width, config.attention_bias)
        self.output = Linear(inner, config.width, config.attention_bias)
        normed = config.query_key_norm
        self.query_norm = RMSNorm(config.head_width, config.norm_epsilon) if normed else nn.Identity()
        self.key_norm = RMSNorm(config.head_width, config.norm_epsilon) if normed else nn.Identity()

    def forward(self, x: Tensor, memory: Tensor | None, mask: Tensor | None, cache: LayerCache | None) -> Tensor:
        """x [B, T, D] looks at memory [B, S, D] where `mask` [B, 1, 1 or T, S] allows: [B, T, D].

        With a cache, keys and values of the memory are made once; after that `memory` may be None.
        """
        batch, time, _ = x.shape
        query = self._query(x)
        if cache is not None and cache.memory is not None:
            key, value = cache.memory
        else:
            assert memory is not None
            key, value = self._key_value(memory)
            if cache is not None:
                cache.memory = (key, value)
        mixed = attend(query, key, value, mask, causal=False)
        return self.output(mixed.transpose(1, 2).reshape(batch, time, -1))

    def looks(self, x: Tensor, memory: Tensor, mask: Tensor | None, *_: object) -> Tensor:
        """How much each target place looks at each source place: [B, H, T, S], rows add up to 1."""
        return attention_shares(self._query(x), self._key_value(memory)[0], mask, causal=False)

    def _query(self, x: Tensor) -> Tensor:
        heads = self.query(x).view(*x.shape[:2], self.heads, self.head_width)
        return self.query_norm(heads).transpose(1, 2)

    def _key_value(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        both = self.key_value(memory).view(*memory.shape[:2], -1, self.head_width)
        key, value = both.split(self.key_value_heads, dim=2)
        return self.key_norm(key).transpose(1, 2), value.transpose(1, 2)


class FeedForward(nn.Module):
    """Up, activation, down; gated (arXiv 2002.05202): the activation of one half times the other."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gated, self.activation = config.gated, ACTIVATIONS[config.activation]
        self.up = Linear(config.width, (2 if config.gated else 1) * config.feed_forward_width, config.feed_forward_bias)
        self.down = Linear(config.feed_forward_width, config.width, config.feed_forward_bias)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.up(x)
        if self.gated:
            gate, inner = inner.chunk(2, dim=-1)
            return self.down(self.activation(gate) * inner)
        return self.down(self.activation(inner))


class Block(nn.Module):
    """Norm, attention, add; in a decoder with a source: norm, cross-attention, add; norm, feed-forward, add."""

    def __init__(self, config: ModelConfig, *, causal: bool, cross: bool, normed: bool = True) -> None:
        super().__init__()
        self.attention_norm = make_norm(config) if normed else nn.Identity()
        self.attention = Attention(config, causal)
        self.cross_norm = make_norm(config) if cross else None
        self.cross = CrossAttention(config) if cross else None
        self.feed_forward_norm = make_norm(config)
        self.feed_forward = FeedForward(config)
        self.dropout = 0.0  # share of what is added that training leaves out; see `LanguageModel.set_dropout`

    def factors(self, x: Tensor, wanted: Tensor | None) -> Tensor | None:
        """Of a forward pass: what each part that is added is multiplied with, a row a part; none: nothing drops."""
        if not self.dropout or not self.training:
            return None
        most = max(x.shape[:-1].numel(), 0 if wanted is None else len(wanted)) * x.shape[-1]
        return dropout_factors((2 if self.cross is None else 3, most), self.dropout, like=x)

    def forward(
        self,
        x: Tensor,
        rotary: Tensor | None,
        mask: Tensor | None = None,
        cache: LayerCache | None = None,
        wanted: Tensor | None = None,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
        factors: Tensor | None = None,
    ) -> Tensor:
        """[B, T, D] to [B, T, D], or to [N, D] of the N `wanted` places, where nothing reads the others."""
        early = wanted if self.cross is None else None
        mixed = _times(self.attention(self.attention_norm(x), rotary, mask, cache, early), factors, 0)
        x = mixed + (x if early is None else x.flatten(0, 1)[early])
        if self.cross is not None and self.cross_norm is not None:
            x = x + _times(self.cross(self.cross_norm(x), memory, memory_mask, cache), factors, 2)
            x = x if wanted is None else x.flatten(0, 1)[wanted]
        return x + _times(self.feed_forward(self.feed_forward_norm(x)), factors, 1)


def _times(added: Tensor, factors: Tensor | None, part: int) -> Tensor:
    """`added`, [B, T, D] or [N, D], with dropout's factors [parts, numbers], of which the first ones serve."""
    return added if factors is None else added * factors[part, : added.numel()].view(added.shape)


def rotate(x: Tensor, table: Tensor) -> Tensor:
    """Turn [B, T, H, K] by a table of [2, T, K] or [2, B, T, K] (halves paired, as Qwen3 and Llama do)."""
    cosine, sine = table.unsqueeze(-2)
    first, second = x.chunk(2, dim=-1)
    turned = torch.cat((-second, first), dim=-1)
    return (x * cosine + turned * sine).to(x.dtype)

"""The key-value cache: what attention has seen, kept so that a new token costs one position."""

from __future__ import annotations

import torch
from torch import Tensor

from chatwright.model.config import ModelConfig


class LayerCache:
    """Keys and values of one block: [B, heads, S, K], filled from the left.

    `memory` holds those of the source, in a block with cross-attention that has seen it.
    """

    memory: tuple[Tensor, Tensor] | None = None

    def __init__(self, batch: int, heads: int, positions: int, head_width: int, dtype: torch.dtype) -> None:
        self.keys = torch.zeros(batch, heads, positions, head_width, dtype=dtype)
        self.values = torch.zeros_like(self.keys)
        self.length = 0

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Append [B, heads, T, K] and return all that is held so far."""
        end = self.length + keys.shape[2]
        self.keys[:, :, self.length : end] = keys
        self.values[:, :, self.length : end] = values
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def keep(self, rows: Tensor) -> None:
        """Keep these rows of the batch, in this order."""
        self.keys, self.values = self.keys[rows], self.values[rows]
        if self.memory is not None:
            key, value = self.memory
            self.memory = (key[rows], value[rows])


class Cache:
    """One `LayerCache` per block, all of one length."""

    def __init__(self, config: ModelConfig, batch: int, positions: int, dtype: torch.dtype) -> None:
        self.layers = [
            LayerCache(batch, config.key_value_heads, positions, config.head_width, dtype) for _ in range(config.layers)
        ]

    @property
    def length(self) -> int:
        """Positions held."""
        return self.layers[0].length

    def keep(self, rows: Tensor) -> None:
        """Keep these rows of the batch (finished ones leave)."""
        for layer in self.layers:
            layer.keep(rows)

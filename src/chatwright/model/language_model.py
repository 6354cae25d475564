"""What all families share: one embedding, a head, and how weights begin. D model width, V vocabulary."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chatwright.model.config import ModelConfig
from chatwright.model.dropout import dropout_factors
from chatwright.model.layers import ACTIVATIONS, Block, Linear, make_norm

_INTO_THE_RESIDUAL = ("attention.output.weight", "cross.output.weight", "feed_forward.down.weight")
_SMALL = 0.02  # standard deviation of what is looked up, where a head shares it or it is added to an embedding


class LanguageModel(nn.Module):
    """Embedding and head; a family adds its stacks of blocks."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.dropout = 0.0
        self.embedding = nn.Parameter(torch.empty(config.vocabulary_size, config.width))
        self.head = None if config.tied else nn.Parameter(torch.empty(config.vocabulary_size, config.width))
        self.head_bias = nn.Parameter(torch.zeros(config.vocabulary_size)) if config.head_bias else None
        self.head_matrix = Linear(config.width, config.width) if config.head_transform else None
        self.head_norm = make_norm(config) if config.head_transform else None

    @property
    def blocks(self) -> list[Block]:
        """The blocks of all stacks, from the first that reads to the last before the head."""
        return [module for module in self.modules() if isinstance(module, Block)]

    def set_dropout(self, share: float) -> None:
        """While training, leave out this share of the embeddings and of what blocks add (arXiv 1207.0580)."""
        self.dropout = share
        for block in self.blocks:
            block.dropout = share

    def embed(self, ids: Tensor, dtype: torch.dtype) -> Tensor:
        """[B, T] to [B, T, D]."""
        embedded = F.embedding(ids, self.embedding).to(dtype)
        if not self.dropout or not self.training:
            return embedded
        return embedded * dropout_factors(embedded.shape, self.dropout, like=embedded)

    def before_head(self, hidden: Tensor) -> Tensor:
        """[.., D] to [.., D]: what the head's matrix is multiplied with."""
        if self.head_matrix is not None and self.head_norm is not None:
            hidden = self.head_norm(ACTIVATIONS[self.config.activation](self.head_matrix(hidden)))
        return hidden * self.config.width**-0.5 if self.config.scaled_head else hidden

    def logits(self, hidden: Tensor) -> Tensor:
        """[.., D] to [.., V], in the type of `hidden`."""
        weight = self.embedding if self.head is None else self.head
        bias = None if self.head_bias is None else self.head_bias.to(hidden.dtype)
        return F.linear(self.before_head(hidden), weight.to(hidden.dtype), bias)

    def initialise(self, seed: int) -> None:
        """Fill the weights: matrices uniform with variance 1 / inputs, those that write to the residual
        stream zero, so that every block starts as the identity; what is looked up normal; biases zero.
        """
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if name.endswith((*_INTO_THE_RESIDUAL, "distance_bias")) or name in ("head", "classifier.weight"):
                    weight.zero_()
                elif name == "embedding" and not self.config.tied:
                    weight.normal_(0.0, 0.5, generator=generator)
                elif name == "embedding" or name.endswith("position_embedding"):
                    weight.normal_(0.0, _SMALL, generator=generator)
                elif weight.ndim == 2:
                    bound = (3.0 / weight.shape[1]) ** 0.5
                    weight.uniform_(-bound, bound, generator=generator)

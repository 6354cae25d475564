"""The shape of a model. Loads no torch, so that a plan can reason about models it never builds."""

from __future__ import annotations

from pydantic import Field, model_validator

from chatwright.core.settings import Settings


class ModelConfig(Settings):
    """A decoder of the Qwen3 shape (RMSNorm, RoPE, QK-norm, SwiGLU, grouped queries).

    Source: Qwen3 Technical Report (arXiv 2505.09388), section 2; names follow its stock
    configuration, so a reader of one can read the other.
    """

    vocabulary_size: int = Field(4096, ge=260, description="rows of the embedding")
    width: int = Field(256, ge=8, description="D, numbers per token between the blocks")
    layers: int = Field(4, ge=1, description="blocks")
    heads: int = Field(4, ge=1, description="H, query heads")
    key_value_heads: int = Field(4, ge=1, description="heads of keys and values; each serves H / this queries")
    head_width: int = Field(64, ge=2, description="K, numbers per head")
    feed_forward_width: int = Field(768, ge=8, description="inner width of the gated feed-forward block")
    context: int = Field(512, ge=8, description="the longest sequence in tokens")
    rope_base: float = Field(10_000.0, gt=0, description="base of the rotary position frequencies")
    norm_epsilon: float = Field(1e-6, gt=0, description="added to the mean square in RMSNorm")
    tied: bool = Field(True, description="the output head is the embedding, transposed")

    @model_validator(mode="after")
    def _heads_fit(self) -> ModelConfig:
        if self.heads % self.key_value_heads:
            raise ValueError(f"heads ({self.heads}) must be a multiple of key_value_heads ({self.key_value_heads})")
        if self.head_width % 2:
            raise ValueError(f"head_width ({self.head_width}) must be even for rotary positions")
        return self

    @property
    def block_matrix_parameters(self) -> int:
        """Weights in the matrices of all blocks; each is used once per token."""
        attention = self.width * self.head_width * (2 * self.heads + 2 * self.key_value_heads)
        feed_forward = 3 * self.width * self.feed_forward_width
        return self.layers * (attention + feed_forward)

    @property
    def parameters_behind_attention(self) -> int:
        """Weights of one block's output and feed-forward matrices; the last block uses them where asked only."""
        return self.width * self.head_width * self.heads + 3 * self.width * self.feed_forward_width

    @property
    def head_parameters(self) -> int:
        """Weights of the output head; used once per position that carries loss."""
        return self.vocabulary_size * self.width

    @property
    def parameters(self) -> int:
        """All weights, norms included."""
        norms = self.layers * (2 * self.width + 2 * self.head_width) + self.width
        return self.block_matrix_parameters + norms + self.head_parameters * (1 if self.tied else 2)

"""The shape of a model. Loads no torch, so that a plan can reason about models it never builds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from chatwright.core.settings import Settings

Family = Literal["decoder", "encoder", "encoder-decoder"]


class RopeScaling(Settings):
    """How rotary frequencies are stretched for contexts longer than those trained on.

    "linear" divides every frequency by `factor` (arXiv 2306.15595). "llama3" divides the low ones only,
    with a smooth passage between (Llama 3 report, arXiv 2407.21783).
    """

    kind: Literal["linear", "llama3"]
    factor: float = Field(gt=0, description="by how much the context was stretched")
    low_frequency_factor: float = Field(1.0, gt=0, description="llama3: waves longer than context / this are divided")
    high_frequency_factor: float = Field(4.0, gt=0, description="llama3: waves shorter than context / this are not")
    original_context: int = Field(8192, ge=1, description="llama3: the context that was trained on")


class ModelConfig(Settings):
    """The one configuration of all three families; the default is a decoder of the Qwen3 shape.

    Qwen3 (arXiv 2505.09388, section 2) and Llama: RMSNorm, rotary positions, SwiGLU, grouped queries; GPT-2:
    LayerNorm, learned positions, biases; ModernBERT (arXiv 2412.13663): an encoder with GeGLU and local
    attention; T5 v1.1 (arXiv 1910.10683, 2002.05202): an encoder-decoder with relative positions.
    """

    family: Family = Field("decoder", description="decoder: causal; encoder: sees both sides; encoder-decoder: both")
    vocabulary_size: int = Field(4096, ge=8, description="V, rows of the embedding")
    width: int = Field(256, ge=8, description="D, numbers per token between the blocks")
    layers: int = Field(4, ge=1, description="blocks; of an encoder-decoder those of the decoder")
    encoder_layers: int = Field(0, ge=0, description="blocks of an encoder-decoder's encoder")
    heads: int = Field(4, ge=1, description="H, query heads")
    key_value_heads: int = Field(4, ge=1, description="heads of keys and values; each serves H / this queries")
    head_width: int = Field(64, ge=2, description="K, numbers per head")
    feed_forward_width: int = Field(768, ge=8, description="inner width of the feed-forward block")
    context: int = Field(512, ge=8, description="the longest sequence in tokens")
    tied: bool = Field(True, description="the output head is the embedding, transposed")

    norm: Literal["rms", "layer"] = Field("rms", description="rms: arXiv 1910.07467; layer: arXiv 1607.06450")
    norm_bias: bool = Field(False, description="LayerNorm adds a vector of its own")
    norm_epsilon: float = Field(1e-6, gt=0, description="added to the mean square in norms")
    embedding_norm: bool = Field(
        False, description="embeddings are normalised; the first block's attention norm is not"
    )
    query_key_norm: bool = Field(True, description="queries and keys are normalised head by head")

    positions: Literal["rotary", "learned", "relative"] = Field(
        "rotary", description="rotary: arXiv 2104.09864; learned: a vector a place; relative: T5's biases by distance"
    )
    rope_base: float = Field(10_000.0, gt=0, description="base of the rotary position frequencies")
    local_rope_base: float | None = Field(None, gt=0, description="the same in local blocks; none: as elsewhere")
    rope_scaling: RopeScaling | None = None
    relative_buckets: int = Field(32, ge=4, description="how many distances are told apart")
    relative_distance: int = Field(128, ge=8, description="all distances from here on are one")

    local_blocks: tuple[int, ...] = Field((), description="blocks whose attention sees near places only")
    window: int = Field(0, ge=0, description="how many places away a local block sees, on each side it may look to")

    activation: Literal["silu", "gelu", "gelu_tanh", "relu"] = Field("silu", description="of the feed-forward block")
    gated: bool = Field(True, description="the activation multiplies a second projection (arXiv 2002.05202)")
    attention_bias: bool = Field(False, description="projections of the attention add vectors")
    feed_forward_bias: bool = Field(False, description="projections of the feed-forward block add vectors")
    scaled_head: bool = Field(False, description="what the head reads is divided by the root of D, as tied T5 does")
    head_transform: bool = Field(False, description="a matrix, an activation and a norm before an encoder's head")
    head_bias: bool = Field(False, description="the head adds a vector")
    labels: tuple[str, ...] = Field((), description="a classifier's: its head says one of these of a whole text")

    @model_validator(mode="after")
    def _fits(self) -> ModelConfig:
        if self.heads % self.key_value_heads:
            raise ValueError(f"heads ({self.heads}) must be a multiple of key_value_heads ({self.key_value_heads})")
        if self.positions == "rotary" and self.head_width % 2:
            raise ValueError(f"head_width ({self.head_width}) must be even for rotary positions")
        if (self.family == "encoder-decoder") != (self.encoder_layers > 0):
            raise ValueError(f"encoder_layers ({self.encoder_layers}) belong to an encoder-decoder, and it needs some")
        if self.positions == "relative" and self.relative_distance <= self.relative_buckets // 2:
            raise ValueError(
                f"relative_distance ({self.relative_distance}) must be above half of relative_buckets "
                f"({self.relative_buckets}): so many distances have a bucket each"
            )
        if self.labels and (self.family != "encoder" or not self.tied or self.head_bias or not self.head_transform):
            raise ValueError("labels belong to an encoder with a transformed head, without another head and its bias")
        if self.local_blocks and (not self.window or max(self.local_blocks) >= self.layers):
            raise ValueError(f"local_blocks {self.local_blocks} need a window and have to be blocks")
        return self

    @property
    def attention_matrix_parameters(self) -> int:
        """Weights in the matrices of one attention."""
        return self.width * self.head_width * (2 * self.heads + 2 * self.key_value_heads)

    @property
    def feed_forward_matrix_parameters(self) -> int:
        """Weights in the matrices of one feed-forward block."""
        return (3 if self.gated else 2) * self.width * self.feed_forward_width

    @property
    def block_matrix_parameters(self) -> int:
        """Weights in the matrices of all blocks; each is used once per token that passes its stack."""
        return self.encoder_matrix_parameters + self.decoder_matrix_parameters

    @property
    def encoder_matrix_parameters(self) -> int:
        """Those of an encoder-decoder's encoder, each used once per source token; 0 in the other families."""
        return self.encoder_layers * (self.attention_matrix_parameters + self.feed_forward_matrix_parameters)

    @property
    def decoder_matrix_parameters(self) -> int:
        """Those of the blocks that the head stands on, cross-attention included."""
        attentions = 2 if self.family == "encoder-decoder" else 1
        return self.layers * (attentions * self.attention_matrix_parameters + self.feed_forward_matrix_parameters)

    @property
    def parameters_behind_attention(self) -> int:
        """Weights of one block's output and feed-forward matrices; the last block uses them where asked only."""
        return self.width * self.head_width * self.heads + self.feed_forward_matrix_parameters

    @property
    def head_parameters(self) -> int:
        """Weights of the output head's matrices; used once per position that carries loss, or per text."""
        transform = self.width * self.width if self.head_transform else 0
        return transform + (len(self.labels) or self.vocabulary_size) * self.width

    @property
    def parameters(self) -> int:
        """All weights: matrices, norms, biases, embeddings, head."""
        stacks = 2 if self.family == "encoder-decoder" else 1
        embeddings = self.vocabulary_size * self.width
        positions = {"rotary": 0, "learned": self.context * self.width, "relative": self.relative_buckets * self.heads}
        head = 0 if self.tied else embeddings
        if self.head_transform:
            head += self.width * self.width + self._norm_parameters
        head += self.vocabulary_size * self.head_bias + len(self.labels) * (self.width + 1)
        norms = stacks * (1 + self.embedding_norm) * self._norm_parameters
        blocks = self.block_matrix_parameters + self._small_block_parameters
        return embeddings + stacks * positions[self.positions] + head + norms + blocks

    @property
    def _norm_parameters(self) -> int:
        return self.width * (1 + self.norm_bias)

    @property
    def _small_block_parameters(self) -> int:
        """Norms and biases of all blocks."""
        crosses = self.layers if self.family == "encoder-decoder" else 0
        blocks = self.layers + self.encoder_layers
        attention = 2 * self.head_width * self.query_key_norm
        if self.attention_bias:
            attention += (self.heads + 2 * self.key_value_heads) * self.head_width + self.width
        feed_forward = 0
        if self.feed_forward_bias:
            feed_forward = (2 if self.gated else 1) * self.feed_forward_width + self.width
        norms = 2 * blocks + crosses - (2 if self.family == "encoder-decoder" else 1) * self.embedding_norm
        return (blocks + crosses) * attention + blocks * feed_forward + norms * self._norm_parameters

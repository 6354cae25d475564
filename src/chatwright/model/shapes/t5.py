"""T5 v1.1 (arXiv 1910.10683, 2002.05202): an encoder-decoder with relative positions and no biases.

T5 does not divide attention scores by the root of the head width: its queries are that much smaller. Ours are
not (what is trained with one step size should have one size), so they are scaled on the way in and out.
"""

from __future__ import annotations

from chatwright.model.config import ModelConfig
from chatwright.model.shapes.shape import ACTIVATIONS, STOCK_ACTIVATIONS, TENSORS, Shape, StockConfig, StockWeight

_DEFAULTS = {
    "vocab_size": 32128,
    "d_model": 512,
    "d_kv": 64,
    "d_ff": 2048,
    "num_layers": 6,
    "num_heads": 8,
    "relative_attention_num_buckets": 32,
    "relative_attention_max_distance": 128,
    "layer_norm_epsilon": 1e-6,
    "feed_forward_proj": "relu",
    "tie_word_embeddings": True,
    "n_positions": 512,
}


def _from_stock(stock: StockConfig) -> ModelConfig:
    kind, _, activation = stock["feed_forward_proj"].rpartition("-")
    if kind not in ("", "gated") or activation not in ACTIVATIONS:
        raise ValueError(f"feed_forward_proj = {stock['feed_forward_proj']!r} is not built")
    if kind and activation == "gelu":
        activation = "gelu_new"  # what T5 v1.1 means by "gated-gelu"
    tied = stock["tie_word_embeddings"]
    if "lm_head.weight" in stock.get(TENSORS, ()):  # newer files say that a head is tied which they hold apart
        tied = False
    return ModelConfig(
        family="encoder-decoder",
        vocabulary_size=stock["vocab_size"],
        width=stock["d_model"],
        layers=stock.get("num_decoder_layers", stock["num_layers"]),
        encoder_layers=stock["num_layers"],
        heads=stock["num_heads"],
        key_value_heads=stock["num_heads"],
        head_width=stock["d_kv"],
        feed_forward_width=stock["d_ff"],
        context=stock["n_positions"],
        tied=tied,
        norm_epsilon=stock["layer_norm_epsilon"],
        query_key_norm=False,
        positions="relative",
        relative_buckets=stock["relative_attention_num_buckets"],
        relative_distance=stock["relative_attention_max_distance"],
        activation=ACTIVATIONS[activation],
        gated=bool(kind),
        scaled_head=stock.get("scale_decoder_outputs", stock["tie_word_embeddings"]),
    )


def _to_stock(config: ModelConfig) -> StockConfig:
    activation = STOCK_ACTIVATIONS[config.activation]
    if config.gated:
        activation = "gated-" + ("gelu" if config.activation == "gelu_tanh" else activation)
    return {
        "vocab_size": config.vocabulary_size,
        "d_model": config.width,
        "d_kv": config.head_width,
        "d_ff": config.feed_forward_width,
        "num_layers": config.encoder_layers,
        "num_decoder_layers": config.layers,
        "num_heads": config.heads,
        "relative_attention_num_buckets": config.relative_buckets,
        "relative_attention_max_distance": config.relative_distance,
        "layer_norm_epsilon": config.norm_epsilon,
        "feed_forward_proj": activation,
        "tie_word_embeddings": config.tied,
        "scale_decoder_outputs": config.scaled_head,
        "n_positions": config.context,
        "dropout_rate": 0.0,
        "is_encoder_decoder": True,
    }


def _weights(config: ModelConfig) -> dict[str, StockWeight]:
    inner, wide, root = config.heads * config.head_width, config.feed_forward_width, config.head_width**0.5
    embedding = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
    weights = {"embedding": StockWeight(("shared.weight",), copies=embedding)}
    if config.tied:
        weights["embedding"] = StockWeight(("shared.weight",), copies=(*embedding, "lm_head.weight"))
    else:
        weights["head"] = StockWeight(("lm_head.weight",))
    for side, layers in (("encoder", config.encoder_layers), ("decoder", config.layers)):
        first = f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        weights[f"{side}.distance_bias"] = StockWeight((first,))
        weights[f"{side}.final_norm.weight"] = StockWeight((f"{side}.final_layer_norm.weight",))
        for index in range(layers):
            own, name = f"{side}.blocks.{index}.", f"{side}.block.{index}.layer."
            last = 1 if side == "encoder" else 2
            joined = tuple(f"{name}0.SelfAttention.{letter}.weight" for letter in "qkv")
            weights |= {
                f"{own}attention_norm.weight": StockWeight((f"{name}0.layer_norm.weight",)),
                f"{own}attention.query_key_value.weight": StockWeight(joined, (inner,) * 3, scales=(root, 1.0, 1.0)),
                f"{own}attention.output.weight": StockWeight((f"{name}0.SelfAttention.o.weight",)),
                f"{own}feed_forward_norm.weight": StockWeight((f"{name}{last}.layer_norm.weight",)),
                f"{own}feed_forward.down.weight": StockWeight((f"{name}{last}.DenseReluDense.wo.weight",)),
            }
            dense = f"{name}{last}.DenseReluDense."
            up = (f"{dense}wi_0.weight", f"{dense}wi_1.weight") if config.gated else (f"{dense}wi.weight",)
            weights[f"{own}feed_forward.up.weight"] = StockWeight(up, (wide,) * 2 if config.gated else ())
            if side == "decoder":
                both = tuple(f"{name}1.EncDecAttention.{letter}.weight" for letter in "kv")
                weights |= {
                    f"{own}cross_norm.weight": StockWeight((f"{name}1.layer_norm.weight",)),
                    f"{own}cross.query.weight": StockWeight((f"{name}1.EncDecAttention.q.weight",), scales=(root,)),
                    f"{own}cross.key_value.weight": StockWeight(both, (inner,) * 2),
                    f"{own}cross.output.weight": StockWeight((f"{name}1.EncDecAttention.o.weight",)),
                }
    return weights


def _fits(config: ModelConfig) -> bool:
    if config.family != "encoder-decoder" or (config.gated and config.activation == "gelu"):
        return False
    return _from_stock({**_DEFAULTS, **_to_stock(config)}) == config


T5 = Shape(
    model_type="t5",
    architecture="T5ForConditionalGeneration",
    from_stock=_from_stock,
    to_stock=_to_stock,
    weights=_weights,
    fits=_fits,
    defaults=_DEFAULTS,
    ignored=("EncDecAttention.relative_attention_bias.weight",),
)

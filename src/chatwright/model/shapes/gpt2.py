"""GPT-2 (Radford et al., 2019): a decoder with LayerNorm, learned positions and biases everywhere."""

from __future__ import annotations

from chatwright.model.config import ModelConfig
from chatwright.model.shapes.shape import ACTIVATIONS, STOCK_ACTIVATIONS, Shape, StockConfig, StockWeight, with_biases

_BLOCK = {
    "attention_norm.weight": ("ln_1.weight", False),
    "attention.query_key_value.weight": ("attn.c_attn.weight", True),
    "attention.output.weight": ("attn.c_proj.weight", True),
    "feed_forward_norm.weight": ("ln_2.weight", False),
    "feed_forward.up.weight": ("mlp.c_fc.weight", True),
    "feed_forward.down.weight": ("mlp.c_proj.weight", True),
}


def _from_stock(stock: StockConfig) -> ModelConfig:
    width, heads = stock["n_embd"], stock["n_head"]
    if width % heads:
        raise ValueError(f"n_embd ({width}) is not a multiple of n_head ({heads})")
    return ModelConfig(
        vocabulary_size=stock["vocab_size"],
        width=width,
        layers=stock["n_layer"],
        heads=heads,
        key_value_heads=heads,
        head_width=width // heads,
        feed_forward_width=stock.get("n_inner", 4 * width),
        context=stock["n_positions"],
        tied=stock["tie_word_embeddings"],
        norm="layer",
        norm_bias=True,
        norm_epsilon=stock["layer_norm_epsilon"],
        query_key_norm=False,
        positions="learned",
        activation=ACTIVATIONS[stock["activation_function"]],
        gated=False,
        attention_bias=True,
        feed_forward_bias=True,
    )


def _to_stock(config: ModelConfig) -> StockConfig:
    return {
        "vocab_size": config.vocabulary_size,
        "n_embd": config.width,
        "n_layer": config.layers,
        "n_head": config.heads,
        "n_inner": config.feed_forward_width,
        "n_positions": config.context,
        "n_ctx": config.context,
        "layer_norm_epsilon": config.norm_epsilon,
        "activation_function": STOCK_ACTIVATIONS[config.activation],
        "tie_word_embeddings": config.tied,
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
    }


def _weights(config: ModelConfig) -> dict[str, StockWeight]:
    weights = {
        "embedding": StockWeight(("transformer.wte.weight",)),
        "stack.position_embedding": StockWeight(("transformer.wpe.weight",)),
        "stack.final_norm.weight": StockWeight(("transformer.ln_f.weight",)),
    }
    if not config.tied:
        weights["head"] = StockWeight(("lm_head.weight",))
    for index in range(config.layers):
        for own, (name, transposed) in _BLOCK.items():
            stock = StockWeight((f"transformer.h.{index}.{name}",), transposed=transposed)
            weights[f"stack.blocks.{index}.{own}"] = stock
    return with_biases(weights, {own for own in weights if own.startswith("stack.") and own.endswith("weight")})


def _fits(config: ModelConfig) -> bool:
    stock = _to_stock(config)
    return config.heads * config.head_width == config.width and _from_stock(stock) == config


GPT2 = Shape(
    model_type="gpt2",
    architecture="GPT2LMHeadModel",
    from_stock=_from_stock,
    to_stock=_to_stock,
    weights=_weights,
    fits=_fits,
    defaults={
        "vocab_size": 50257,
        "n_embd": 768,
        "n_layer": 12,
        "n_head": 12,
        "n_positions": 1024,
        "layer_norm_epsilon": 1e-5,
        "activation_function": "gelu_new",
        "tie_word_embeddings": True,
    },
    only={
        "activation_function": tuple(ACTIVATIONS),
        "scale_attn_weights": (True,),
        "scale_attn_by_inverse_layer_idx": (False,),
        "add_cross_attention": (False,),
    },
    prefix="transformer.",
    ignored=("attn.bias", "attn.masked_bias"),
)

"""Llama and Qwen3: decoders with RMSNorm, rotary positions, SwiGLU and grouped queries.

Qwen3 normalises queries and keys and may have local blocks; Llama may stretch its rotary positions.
"""

from __future__ import annotations

from functools import partial

from chatwright.model.config import ModelConfig
from chatwright.model.shapes.shape import Shape, StockConfig, StockWeight, read_rope, with_biases, write_rope

_DEFAULTS = {
    "hidden_act": "silu",
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False,
    "attention_bias": False,
}


def _from_stock(stock: StockConfig, qwen: bool) -> ModelConfig:
    base, scaling = read_rope(stock)
    heads = stock["num_attention_heads"]
    window, layers = stock.get("sliding_window"), stock["num_hidden_layers"]
    full = stock.get("max_window_layers", 28) if qwen else layers  # the blocks from there on are local
    kinds = stock.get("layer_types") or ["full_attention"] * full + ["sliding_attention"] * max(0, layers - full)
    local = tuple(index for index, kind in enumerate(kinds) if kind == "sliding_attention")
    if not stock.get("use_sliding_window", False) or not window:
        local = ()
    return ModelConfig(
        vocabulary_size=stock["vocab_size"],
        width=stock["hidden_size"],
        layers=layers,
        heads=heads,
        key_value_heads=stock.get("num_key_value_heads", heads),
        head_width=stock.get("head_dim", stock["hidden_size"] // heads),
        feed_forward_width=stock["intermediate_size"],
        context=stock["max_position_embeddings"],
        rope_base=base,
        rope_scaling=scaling,
        norm_epsilon=stock["rms_norm_eps"],
        tied=stock["tie_word_embeddings"],
        query_key_norm=qwen,
        attention_bias=stock["attention_bias"],
        feed_forward_bias=stock.get("mlp_bias", False),
        local_blocks=local,
        window=int(window) - 1 if local and window else 0,
    )


def _to_stock(config: ModelConfig, qwen: bool) -> StockConfig:
    stock: StockConfig = {
        "vocab_size": config.vocabulary_size,
        "hidden_size": config.width,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.key_value_heads,
        "head_dim": config.head_width,
        "intermediate_size": config.feed_forward_width,
        "max_position_embeddings": config.context,
        "rope_theta": config.rope_base,
        "rope_parameters": write_rope(config.rope_base, config.rope_scaling),
        "rms_norm_eps": config.norm_epsilon,
        "tie_word_embeddings": config.tied,
        "attention_bias": config.attention_bias,
        "hidden_act": "silu",
    }
    if not qwen:
        return stock | {"mlp_bias": config.feed_forward_bias}
    kinds = [
        "sliding_attention" if index in config.local_blocks else "full_attention" for index in range(config.layers)
    ]
    window = config.window + 1 if config.local_blocks else None
    return stock | {"use_sliding_window": window is not None, "sliding_window": window, "layer_types": kinds}


def _weights(config: ModelConfig) -> dict[str, StockWeight]:
    widths = tuple(n * config.head_width for n in (config.heads, config.key_value_heads, config.key_value_heads))
    weights = {
        "embedding": StockWeight(("model.embed_tokens.weight",)),
        "stack.final_norm.weight": StockWeight(("model.norm.weight",)),
    }
    if not config.tied:
        weights["head"] = StockWeight(("lm_head.weight",))
    matrices = set()
    for index in range(config.layers):
        own, name = f"stack.blocks.{index}.", f"model.layers.{index}."
        joined = tuple(f"{name}self_attn.{letter}_proj.weight" for letter in "qkv")
        halves = (f"{name}mlp.gate_proj.weight", f"{name}mlp.up_proj.weight")
        attention = {
            f"{own}attention.query_key_value.weight": StockWeight(joined, widths),
            f"{own}attention.output.weight": StockWeight((f"{name}self_attn.o_proj.weight",)),
        }
        feed_forward = {
            f"{own}feed_forward.up.weight": StockWeight(halves, (config.feed_forward_width,) * 2),
            f"{own}feed_forward.down.weight": StockWeight((f"{name}mlp.down_proj.weight",)),
        }
        weights |= attention | feed_forward
        matrices |= set(attention) if config.attention_bias else set()
        matrices |= set(feed_forward) if config.feed_forward_bias else set()
        weights[f"{own}attention_norm.weight"] = StockWeight((f"{name}input_layernorm.weight",))
        weights[f"{own}feed_forward_norm.weight"] = StockWeight((f"{name}post_attention_layernorm.weight",))
        if config.query_key_norm:
            weights[f"{own}attention.query_norm.weight"] = StockWeight((f"{name}self_attn.q_norm.weight",))
            weights[f"{own}attention.key_norm.weight"] = StockWeight((f"{name}self_attn.k_norm.weight",))
    return with_biases(weights, matrices)


def _fits(config: ModelConfig, qwen: bool) -> bool:
    plain = ModelConfig(
        **{key: getattr(config, key) for key in _SIZES},
        query_key_norm=qwen,
        feed_forward_bias=config.feed_forward_bias and not qwen,
        local_blocks=config.local_blocks if qwen else (),
        window=config.window if qwen else 0,
    )
    return plain == config


_SIZES = (
    "vocabulary_size",
    "width",
    "layers",
    "heads",
    "key_value_heads",
    "head_width",
    "feed_forward_width",
    "context",
    "tied",
    "norm_epsilon",
    "rope_base",
    "rope_scaling",
    "attention_bias",
)

LLAMA, QWEN3 = (
    Shape(
        model_type=model_type,
        architecture=architecture,
        from_stock=partial(_from_stock, qwen=qwen),
        to_stock=partial(_to_stock, qwen=qwen),
        weights=_weights,
        fits=partial(_fits, qwen=qwen),
        defaults={**_DEFAULTS, **({"max_position_embeddings": 32768, "head_dim": 128} if qwen else {})},
        only={"hidden_act": ("silu",), "pretraining_tp": (1,)},
        prefix="model.",
        ignored=("rotary_emb.inv_freq",),
    )
    for model_type, architecture, qwen in (("llama", "LlamaForCausalLM", False), ("qwen3", "Qwen3ForCausalLM", True))
)

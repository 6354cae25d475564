"""Model folders: weights and configuration in the stock Qwen3 layout of Hugging Face.

What is trained here is written under the stock names, so a folder of ours loads unchanged in
programs that know Qwen3; matrices that are one here (queries, keys and values; gate and up) are
cut apart on the way out and joined on the way in.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from chatwright.core.errors import ArtifactError
from chatwright.core.files import read_json, replacing, write_json
from chatwright.model.config import ModelConfig
from chatwright.model.decoder import Decoder

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
_STOCK_TYPE = "qwen3"
_BLOCK_NAMES = {
    "attention_norm.weight": "input_layernorm.weight",
    "attention.output.weight": "self_attn.o_proj.weight",
    "attention.query_norm.weight": "self_attn.q_norm.weight",
    "attention.key_norm.weight": "self_attn.k_norm.weight",
    "feed_forward_norm.weight": "post_attention_layernorm.weight",
    "feed_forward.down.weight": "mlp.down_proj.weight",
}
_QUERY_KEY_VALUE = tuple(f"self_attn.{letter}_proj.weight" for letter in "qkv")
_GATE_UP = ("mlp.gate_proj.weight", "mlp.up_proj.weight")


def stock_config(config: ModelConfig) -> dict[str, Any]:
    """The configuration as a stock `config.json` says it."""
    return {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": _STOCK_TYPE,
        "vocab_size": config.vocabulary_size,
        "hidden_size": config.width,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.key_value_heads,
        "head_dim": config.head_width,
        "intermediate_size": config.feed_forward_width,
        "max_position_embeddings": config.context,
        "rope_theta": config.rope_base,
        "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_base},
        "rms_norm_eps": config.norm_epsilon,
        "tie_word_embeddings": config.tied,
        "attention_bias": False,
        "hidden_act": "silu",
        "use_sliding_window": False,
        "dtype": "float32",
    }


def config_from_stock(stock: dict[str, Any], where: str) -> ModelConfig:
    """The inverse of `stock_config`; another architecture is an `ArtifactError`."""
    if stock.get("model_type") != _STOCK_TYPE:
        raise ArtifactError(f"model_type {stock.get('model_type')!r} is not {_STOCK_TYPE!r}", where=where)
    try:
        return ModelConfig(
            vocabulary_size=stock["vocab_size"],
            width=stock["hidden_size"],
            layers=stock["num_hidden_layers"],
            heads=stock["num_attention_heads"],
            key_value_heads=stock["num_key_value_heads"],
            head_width=stock["head_dim"],
            feed_forward_width=stock["intermediate_size"],
            context=stock["max_position_embeddings"],
            rope_base=stock["rope_theta"],
            norm_epsilon=stock["rms_norm_eps"],
            tied=stock["tie_word_embeddings"],
        )
    except (KeyError, ValueError) as error:
        raise ArtifactError(f"the configuration is not complete: {error}", where=where) from None


def stock_weights(model: Decoder) -> dict[str, Tensor]:
    """The weights under their stock names."""
    config = model.config
    widths = [heads * config.head_width for heads in (config.heads, config.key_value_heads, config.key_value_heads)]
    weights: dict[str, Tensor] = {"model.embed_tokens.weight": model.embedding}
    weights["model.norm.weight"] = model.final_norm.weight
    if model.head is not None:
        weights["lm_head.weight"] = model.head
    for index, block in enumerate(model.blocks):
        own: dict[str, Tensor] = dict(block.named_parameters())
        stock: dict[str, Tensor] = {name: own[ours] for ours, name in _BLOCK_NAMES.items()}
        query_key_value: Tensor = own["attention.query_key_value.weight"]
        stock |= dict(zip(_QUERY_KEY_VALUE, torch.split(query_key_value, widths), strict=True))
        stock |= dict(zip(_GATE_UP, own["feed_forward.gate_up.weight"].chunk(2), strict=True))
        weights |= {f"model.layers.{index}.{name}": weight for name, weight in stock.items()}
    return {name: weight.detach().contiguous() for name, weight in weights.items()}


def own_weights(stock: dict[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """The inverse of `stock_weights`; a missing one is a `KeyError` that names it."""
    weights = {"embedding": stock["model.embed_tokens.weight"], "final_norm.weight": stock["model.norm.weight"]}
    if not config.tied:
        weights["head"] = stock["lm_head.weight"]
    for index in range(config.layers):
        prefix, own = f"model.layers.{index}.", f"blocks.{index}."
        weights |= {own + ours: stock[prefix + name] for ours, name in _BLOCK_NAMES.items()}
        joined = torch.cat([stock[prefix + name] for name in _QUERY_KEY_VALUE])
        weights[own + "attention.query_key_value.weight"] = joined
        weights[own + "feed_forward.gate_up.weight"] = torch.cat([stock[prefix + name] for name in _GATE_UP])
    return weights


def save_model(model: Decoder, folder: Path) -> None:
    """Write `config.json` and `model.safetensors` in float32."""
    write_json(folder / CONFIG_FILE, stock_config(model.config))
    with replacing(folder / WEIGHTS_FILE) as aside:
        save_file(stock_weights(model), aside, metadata={"format": "pt"})


def load_model(folder: Path) -> Decoder:
    """Read a model folder; what is missing or does not fit is an `ArtifactError` that names it."""
    where = folder / CONFIG_FILE
    if not where.exists():
        raise ArtifactError("there is no model here", where=str(folder), remedy="name a run or model folder")
    config = config_from_stock(read_json(where), str(where))
    model = Decoder(config)
    path = folder / WEIGHTS_FILE
    try:
        model.load_state_dict(own_weights(load_file(path), config))
    except KeyError as error:
        raise ArtifactError(f"the weight {error} is missing", where=str(path)) from None
    except (OSError, SafetensorError, RuntimeError, json.JSONDecodeError) as error:
        raise ArtifactError(f"the weights cannot be read: {error}", where=str(path)) from None
    return model.eval()

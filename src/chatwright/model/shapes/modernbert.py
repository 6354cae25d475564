"""ModernBERT (arXiv 2412.13663): an encoder with GeGLU, rotary positions, and local attention in most blocks."""

from __future__ import annotations

from chatwright.model.config import ModelConfig
from chatwright.model.shapes.shape import (
    ACTIVATIONS,
    STOCK_ACTIVATIONS,
    Shape,
    StockConfig,
    StockWeight,
    read_rope,
    with_biases,
)

_CLASSIFIER = "ModernBertForSequenceClassification"
_BLOCK = {
    "attention_norm.weight": "attn_norm.weight",
    "attention.query_key_value.weight": "attn.Wqkv.weight",
    "attention.output.weight": "attn.Wo.weight",
    "feed_forward_norm.weight": "mlp_norm.weight",
    "feed_forward.up.weight": "mlp.Wi.weight",
    "feed_forward.down.weight": "mlp.Wo.weight",
}


def _from_stock(stock: StockConfig) -> ModelConfig:
    width, heads, layers = stock["hidden_size"], stock["num_attention_heads"], stock["num_hidden_layers"]
    every = stock["global_attn_every_n_layers"]
    kinds = stock.get("layer_types") or [
        "sliding_attention" if index % every else "full_attention" for index in range(layers)
    ]
    local = tuple(index for index, kind in enumerate(kinds) if kind == "sliding_attention")
    bases = {}
    for kind, older in (("full_attention", "global_rope_theta"), ("sliding_attention", "local_rope_theta")):
        bases[kind], scaling = read_rope({**stock, "rope_theta": stock[older]}, kind)
        if scaling is not None:
            raise ValueError(f"rope_parameters.{kind} stretches positions, which is not built for ModernBERT")
    labels = _labels(stock)
    if stock["classifier_activation"] != stock["hidden_activation"]:
        raise ValueError(
            f"classifier_activation = {stock['classifier_activation']!r} is not built beside "
            f"hidden_activation = {stock['hidden_activation']!r} (built: both alike)"
        )
    return ModelConfig(
        family="encoder",
        vocabulary_size=stock["vocab_size"],
        width=width,
        layers=layers,
        heads=heads,
        key_value_heads=heads,
        head_width=width // heads,
        feed_forward_width=stock["intermediate_size"],
        context=stock["max_position_embeddings"],
        tied=stock["tie_word_embeddings"],
        norm="layer",
        norm_bias=stock["norm_bias"],
        norm_epsilon=stock["norm_eps"],
        embedding_norm=True,
        query_key_norm=False,
        rope_base=bases["full_attention"],
        local_rope_base=bases["sliding_attention"] if local else None,
        local_blocks=local,
        window=stock["local_attention"] // 2 if local else 0,
        activation=ACTIVATIONS[stock["hidden_activation"]],
        attention_bias=stock["attention_bias"],
        feed_forward_bias=stock["mlp_bias"],
        head_transform=True,
        head_bias=stock["decoder_bias"] and not labels,
        labels=labels,
    )


def _labels(stock: StockConfig) -> tuple[str, ...]:
    """The labels of a classifier, in order; none of a model with a head for masked tokens."""
    if stock.get("architectures") != [_CLASSIFIER]:
        return ()
    if stock.get("classifier_pooling", "cls") != "mean":
        raise ValueError(
            f"classifier_pooling = {stock.get('classifier_pooling', 'cls')!r} is not built (built: 'mean')"
        )
    named = stock.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}
    return tuple(named[key] for key in sorted(named, key=int))


def _to_stock(config: ModelConfig) -> StockConfig:
    kinds = [
        "sliding_attention" if index in config.local_blocks else "full_attention" for index in range(config.layers)
    ]
    local_base = config.rope_base if config.local_rope_base is None else config.local_rope_base
    return {
        "vocab_size": config.vocabulary_size,
        "hidden_size": config.width,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "intermediate_size": config.feed_forward_width,
        "max_position_embeddings": config.context,
        "tie_word_embeddings": config.tied,
        "norm_bias": config.norm_bias,
        "norm_eps": config.norm_epsilon,
        "layer_types": kinds,
        "local_attention": 2 * max(1, config.window),
        "rope_parameters": {
            "full_attention": {"rope_type": "default", "rope_theta": config.rope_base},
            "sliding_attention": {"rope_type": "default", "rope_theta": local_base},
        },
        "global_rope_theta": config.rope_base,
        "local_rope_theta": local_base,
        "hidden_activation": STOCK_ACTIVATIONS[config.activation],
        "classifier_activation": STOCK_ACTIVATIONS[config.activation],
        "attention_bias": config.attention_bias,
        "mlp_bias": config.feed_forward_bias,
        "decoder_bias": config.head_bias,
        **(_labels_to_stock(config.labels) if config.labels else {}),
        **dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id")),
    }


def _labels_to_stock(labels: tuple[str, ...]) -> StockConfig:
    return {
        "architectures": [_CLASSIFIER],
        "classifier_pooling": "mean",
        "id2label": {str(number): label for number, label in enumerate(labels)},
        "label2id": {label: number for number, label in enumerate(labels)},
    }


def _weights(config: ModelConfig) -> dict[str, StockWeight]:
    weights = {
        "embedding": StockWeight(("model.embeddings.tok_embeddings.weight",)),
        "stack.embedding_norm.weight": StockWeight(("model.embeddings.norm.weight",)),
        "stack.final_norm.weight": StockWeight(("model.final_norm.weight",)),
        "head_matrix.weight": StockWeight(("head.dense.weight",)),
        "head_norm.weight": StockWeight(("head.norm.weight",)),
    }
    if not config.tied:
        weights["head"] = StockWeight(("decoder.weight",))
    for index in range(config.layers):
        for own, name in _BLOCK.items():
            if index or own != "attention_norm.weight":  # the first block reads what is normalised already
                weights[f"stack.blocks.{index}.{own}"] = StockWeight((f"model.layers.{index}.{name}",))
    biased = {"norm.weight": config.norm_bias, "attention.": config.attention_bias}
    biased["feed_forward."] = config.feed_forward_bias
    present = {own for own in weights if any(wanted and part in own for part, wanted in biased.items())}
    weights = with_biases(weights, present)
    if config.head_bias:
        weights["head_bias"] = StockWeight(("decoder.bias",))
    if config.labels:
        weights["classifier.weight"] = StockWeight(("classifier.weight",))
        weights["classifier.bias"] = StockWeight(("classifier.bias",))
    return weights


def _fits(config: ModelConfig) -> bool:
    if config.family != "encoder" or config.heads * config.head_width != config.width:
        return False
    return _from_stock({**_DEFAULTS, **_to_stock(config)}) == config


_DEFAULTS = {
    "vocab_size": 50368,
    "hidden_size": 768,
    "intermediate_size": 1152,
    "num_hidden_layers": 22,
    "num_attention_heads": 12,
    "hidden_activation": "gelu",
    "classifier_activation": "gelu",
    "max_position_embeddings": 8192,
    "norm_eps": 1e-5,
    "norm_bias": False,
    "attention_bias": False,
    "mlp_bias": False,
    "decoder_bias": True,
    "local_attention": 128,
    "global_attn_every_n_layers": 3,
    "global_rope_theta": 160_000.0,
    "local_rope_theta": 10_000.0,
    "tie_word_embeddings": True,
}

MODERNBERT = Shape(
    model_type="modernbert",
    architecture="ModernBertForMaskedLM",
    classifier=_CLASSIFIER,
    from_stock=_from_stock,
    to_stock=_to_stock,
    weights=_weights,
    fits=_fits,
    defaults=_DEFAULTS,
    only={
        "hidden_activation": tuple(ACTIVATIONS),
        "classifier_bias": (False,),
    },
    prefix="model.",
)

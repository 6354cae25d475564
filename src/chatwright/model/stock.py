"""Between our weights and stock ones: which shape says a configuration, and names, cuts and turns of tensors.

Our model keeps matrices that are read together as one (queries, keys and values; gate and up); stock
files name them one by one, and the shapes in `shapes/` say how.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from chatwright.core.errors import ArtifactError, UsageError
from chatwright.model.config import ModelConfig
from chatwright.model.decoder import Decoder
from chatwright.model.encoder import Encoder
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.model.language_model import LanguageModel
from chatwright.model.shapes.gpt2 import GPT2
from chatwright.model.shapes.llama import LLAMA, QWEN3
from chatwright.model.shapes.modernbert import MODERNBERT
from chatwright.model.shapes.shape import Shape, StockWeight
from chatwright.model.shapes.t5 import T5

SHAPES = {shape.model_type: shape for shape in (QWEN3, LLAMA, GPT2, MODERNBERT, T5)}
_FAMILIES: dict[str, type[Decoder | Encoder | EncoderDecoder]] = {
    "decoder": Decoder,
    "encoder": Encoder,
    "encoder-decoder": EncoderDecoder,
}


def make_model(config: ModelConfig) -> Decoder | Encoder | EncoderDecoder:
    """A model of the family that the configuration names, its weights not yet filled."""
    return _FAMILIES[config.family](config)


def shape_of(config: ModelConfig) -> Shape:
    """The stock shape that says this configuration; `UsageError` where none does."""
    for shape in SHAPES.values():
        if shape.fits(config):
            return shape
    raise UsageError(
        "no stock shape has this combination of norm, positions, activation and biases",
        where=f"{config.family}, {config.norm} norm, {config.positions} positions",
        remedy=f"take the settings of one of {', '.join(SHAPES)}",
    )


def stock_config(config: ModelConfig) -> dict[str, Any]:
    """The configuration as a stock `config.json` says it."""
    shape = shape_of(config)
    told = {"architectures": [shape.architecture_of(config)], "model_type": shape.model_type, "dtype": "float32"}
    return told | shape.to_stock(config)


def config_from_stock(stock: dict[str, Any], where: str) -> ModelConfig:
    """The inverse of `stock_config`; another architecture, or an option that is not built, is an `ArtifactError`."""
    return _shape_named(stock, where).read(stock, where)


def _shape_named(stock: dict[str, Any], where: str) -> Shape:
    if not isinstance(stock, dict):
        raise ArtifactError("the configuration is no JSON object", where=where)
    shape = SHAPES.get(str(stock.get("model_type", "")))
    if shape is None:
        raise ArtifactError(
            f"model_type {stock.get('model_type')!r} is not one of {', '.join(map(repr, SHAPES))}",
            where=where,
            remedy="take a model of one of these architectures",
        )
    return shape


def stock_weights(model: LanguageModel) -> dict[str, Tensor]:
    """The weights under their stock names."""
    names, stock = shape_of(model.config).weights(model.config), dict[str, Tensor]()
    for own, weight in model.named_parameters():
        place, tensor = names[own], weight.detach()
        pieces = torch.split(tensor, list(place.sizes)) if place.sizes else (tensor,)
        for name, piece, scale in zip(place.names, pieces, _scales(place), strict=True):
            piece = piece if scale == 1.0 else piece / scale
            stock[name] = (piece.T if place.transposed else piece).contiguous()
    return stock


def fill(model: LanguageModel, stock: Mapping[str, Tensor], shape: Shape, where: str) -> None:
    """Copy stock tensors into a model. All that are missing, of another size or left over are told at once."""
    found = {_full_name(name, shape, stock): name for name in stock}
    names, mistakes, used = shape.weights(model.config), list[str](), set[str]()
    with torch.no_grad():
        for own, weight in model.named_parameters():
            place = names[own]
            given = place.names if all(name in found for name in place.names) else _copy_of(place, found)
            used |= {*place.names, *place.copies}
            missing = [name for name in given if name not in found]
            if missing:
                mistakes += [f"{name} is missing" for name in missing]
                continue
            tensors = [stock[found[name]] for name in given]
            tensors = [tensor.T if place.transposed else tensor for tensor in tensors]
            wanted = [(size, *weight.shape[1:]) for size in place.sizes] or [tuple(weight.shape)]
            for name, tensor, size in zip(given, tensors, wanted, strict=True):
                if tuple(tensor.shape) != size:
                    turned = size[::-1] if place.transposed else size
                    mistakes.append(f"{name} is {list(stock[found[name]].shape)} where {list(turned)} is told")
            tensors = [tensor.float() * scale for tensor, scale in zip(tensors, _scales(place), strict=True)]
            if not mistakes:
                weight.copy_(torch.cat(tensors) if len(tensors) > 1 else tensors[0])
    rest = [name for name in found if name not in used and not name.endswith(shape.ignored)]
    again = [name for name in rest if _head_again(name, model, shape)]
    mistakes += [f"{name} has no place in this configuration" for name in rest if name not in again]
    mistakes += [
        f"{name} is another matrix than the embedding, with which the configuration ties it"
        for name in again
        if not mistakes and not torch.equal(stock[found[name]].float(), model.embedding.detach())
    ]
    if mistakes:
        more = f"; and {len(mistakes) - 8} more" if len(mistakes) > 8 else ""
        raise ArtifactError(
            f"the weights do not fit the configuration: {'; '.join(mistakes[:8])}{more}",
            where=where,
            remedy="take both files from the same model",
        )


def _scales(place: StockWeight) -> tuple[float, ...]:
    return place.scales or (1.0,) * len(place.names)


def _full_name(name: str, shape: Shape, stock: Mapping[str, Tensor]) -> str:
    """Files of the bare body leave out the prefix that files with a head have."""
    if shape.prefix and not any(each.startswith(shape.prefix) for each in stock):
        return name if name.startswith(("lm_head.", "head.", "decoder.")) else shape.prefix + name
    return name


def _copy_of(place: StockWeight, found: Mapping[str, str]) -> tuple[str, ...]:
    """Another name of a single tensor, where the file has only that one."""
    return next(((copy,) for copy in place.copies if copy in found), place.names)


def _head_again(name: str, model: LanguageModel, shape: Shape) -> bool:
    """Files of models whose head is the embedding may hold it twice."""
    return model.config.tied and name in ("lm_head.weight", "decoder.weight") and shape.model_type != "t5"

"""Model folders in the stock layout of Hugging Face: `config.json` and safetensors, in one file or in shards.

What is trained here is written so, under the stock names of its shape; a folder of ours loads unchanged in
programs that know the shape, and theirs load here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
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
from chatwright.model.encoder import Encoder
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.model.language_model import LanguageModel
from chatwright.model.shapes.shape import TENSORS
from chatwright.model.stock import SHAPES, config_from_stock, fill, make_model, stock_config, stock_weights

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json", "model.pt", "model.pth", "tf_model.h5")


def save_model(
    model: LanguageModel,
    folder: Path,
    dtype: torch.dtype = torch.float32,
    special: Mapping[str, Any] | None = None,
) -> None:
    """Write `config.json` and `model.safetensors`; `special` are ids of special tokens for the configuration."""
    told = {**stock_config(model.config), "dtype": str(dtype).removeprefix("torch."), **(special or {})}
    write_json(folder / CONFIG_FILE, told)
    weights = {name: tensor.to(dtype) for name, tensor in stock_weights(model).items()}
    with replacing(folder / WEIGHTS_FILE) as aside:
        save_file(weights, aside, metadata={"format": "pt"})


def load_model(folder: Path) -> Decoder | Encoder | EncoderDecoder:
    """Read a model folder, in float32; what is missing or does not fit is an `ArtifactError` that names it."""
    where = folder / CONFIG_FILE
    if not where.exists():
        raise ArtifactError("there is no model here", where=str(folder), remedy="name a run or model folder")
    stock = read_json(where)
    config_from_stock(stock, str(where))  # what it cannot be is told before large files are read
    weights = _read_weights(folder)
    model = make_model(config_from_stock({**stock, TENSORS: tuple(weights)}, str(where)))
    fill(model, weights, SHAPES[stock["model_type"]], str(folder))
    return model.eval()


def load_config(folder: Path) -> ModelConfig:
    """The configuration of a model folder, without its weights."""
    return config_from_stock(read_json(folder / CONFIG_FILE), str(folder / CONFIG_FILE))


def load_decoder(folder: Path) -> Decoder:
    """Read a folder that has to hold a decoder."""
    model = load_model(folder)
    if not isinstance(model, Decoder):
        raise ArtifactError(
            f"this is an {model.config.family}; a decoder is needed here",
            where=str(folder / CONFIG_FILE),
            remedy="name a model that writes on its own, such as GPT-2, Llama or Qwen3",
        )
    return model


def _read_weights(folder: Path) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = {}
    for path in _weight_files(folder):
        try:
            weights |= load_file(path)
        except (OSError, SafetensorError, RuntimeError, json.JSONDecodeError) as error:
            raise ArtifactError(f"the weights cannot be read: {error}", where=str(path)) from None
    return weights


def _weight_files(folder: Path) -> list[Path]:
    """The one file, or every shard that the index names; a missing shard is told by name."""
    if (folder / WEIGHTS_FILE).exists():
        return [folder / WEIGHTS_FILE]
    if (folder / INDEX_FILE).exists():
        places = read_json(folder / INDEX_FILE).get("weight_map", {})
        shards = sorted({str(name) for name in places.values()})
        strange = [name for name in shards if Path(name).name != name]
        if strange or not shards:
            raise ArtifactError(f"names no files beside it: {strange}", where=str(folder / INDEX_FILE))
        missing = [name for name in shards if not (folder / name).exists()]
        if missing:
            raise ArtifactError(
                f"{len(missing)} of {len(shards)} shards are missing: {', '.join(missing[:5])}",
                where=str(folder),
                remedy="fetch the model again",
            )
        return [folder / name for name in shards]
    pickles = [name for name in _PICKLES if (folder / name).exists()]
    if pickles:
        raise ArtifactError(
            f"{pickles[0]} is not read: reading it can run any code it holds",
            where=str(folder),
            remedy="take the model's safetensors, or save it anew with transformers: save_pretrained(folder)",
        )
    raise ArtifactError(
        f"{WEIGHTS_FILE} is missing",
        where=str(folder),
        remedy="name a folder with safetensors; pickles (.bin) are neither fetched nor read: save such a "
        "model anew with transformers: save_pretrained(folder)",
    )

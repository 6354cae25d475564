"""Low-rank adapters (LoRA, arXiv 2106.09685): matrices stay as they are, and small factors beside them are learnt.

A matrix W [outputs, inputs] becomes W + scale B A, with A [rank, inputs] and B [outputs, rank]. Where W holds
several stock matrices one below the other (queries, keys and values), each has factors of its own, so that they
are the adapters that PEFT knows. The sum is made at each use: one small product beside the large one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils import parametrize

from chatwright.core.files import replacing, write_json
from chatwright.model.language_model import LanguageModel
from chatwright.model.layers import Linear
from chatwright.model.shapes.shape import StockWeight
from chatwright.model.stock import shape_of

ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PREFIX = "base_model.model."
_TASKS = {"decoder": "CAUSAL_LM", "encoder-decoder": "SEQ_2_SEQ_LM", "encoder": "FEATURE_EXTRACTION"}


class LowRank(nn.Module):
    """The factors of one of our matrices: for each stock piece of it (its rows in `sizes`) an A and a B."""

    def __init__(self, inputs: int, sizes: tuple[int, ...], rank: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.downs = nn.ParameterList(torch.empty(rank, inputs) for _ in sizes)  # A
        self.ups = nn.ParameterList(torch.zeros(size, rank) for size in sizes)  # B

    def forward(self, weight: Tensor) -> Tensor:
        """W to W + scale B A."""
        products = [up @ down for up, down in zip(self.ups, self.downs, strict=True)]
        return weight + self.scale * torch.cat(products)


def add_adapters(model: LanguageModel, rank: int, alpha: float, seed: int) -> int:
    """Freeze the model, and put factors beside every matrix of its blocks; returns how many numbers are learnt.

    A starts uniform with variance 1 / (3 inputs), B zero (as PEFT does): at first the model is what it was.
    """
    generator, learnt = torch.Generator().manual_seed(seed), 0
    places = shape_of(model.config).weights(model.config)
    for weight in model.parameters():
        weight.requires_grad_(False)
    for name, module in list(model.named_modules()):
        place = places.get(f"{name}.weight")
        if ".blocks." not in name or place is None or not isinstance(module, Linear):
            continue
        outputs, inputs = module.weight.shape
        factors = LowRank(inputs, place.sizes or (outputs,), rank, alpha / rank)
        for down in factors.downs:
            nn.init.uniform_(down, -(inputs**-0.5), inputs**-0.5, generator=generator)
        parametrize.register_parametrization(module, "weight", factors)
        learnt += sum(factor.numel() for factor in factors.parameters())
    return learnt


def adapters(model: LanguageModel) -> dict[str, LowRank]:
    """The factors of each adapted matrix, by the name of its module."""
    found = {}
    for name, module in model.named_modules():
        if parametrize.is_parametrized(module, "weight"):
            found[name] = module.parametrizations["weight"][0]
    return found


def merge_adapters(model: LanguageModel) -> None:
    """Add the factors to their matrices for good: the model is one without adapters again."""
    for name in adapters(model):
        parametrize.remove_parametrizations(model.get_submodule(name), "weight", leave_parametrized=True)
    for weight in model.parameters():
        weight.requires_grad_(True)


def save_adapters(model: LanguageModel, folder: Path, *, base: str, rank: int, alpha: float) -> None:
    """Write the factors as PEFT does: `adapter_config.json` and `adapter_model.safetensors`; `base` names the model."""
    folder.mkdir(parents=True, exist_ok=True)
    weights, targets = dict[str, Tensor](), set[str]()
    transposed = False
    for name, factors in adapters(model).items():
        place = _place(model, name)
        transposed |= place.transposed
        pieces = zip(place.names, _scales(place), factors.downs, factors.ups, strict=True)
        for stock, scale, down, up in pieces:
            module = stock.removesuffix(".weight")
            targets.add(module.rsplit(".", 1)[-1])
            weights[f"{_PREFIX}{module}.lora_A.weight"] = down.detach().clone()
            weights[f"{_PREFIX}{module}.lora_B.weight"] = up.detach() / scale
    with replacing(folder / ADAPTER_WEIGHTS) as aside:
        save_file(weights, aside, metadata={"format": "pt"})
    write_json(folder / ADAPTER_CONFIG, _config(model, base, rank, alpha, sorted(targets), transposed))


def _config(
    model: LanguageModel, base: str, rank: int, alpha: float, targets: list[str], transposed: bool
) -> dict[str, Any]:
    return {
        "peft_type": "LORA",
        "task_type": _TASKS[model.config.family],
        "base_model_name_or_path": base,
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": targets,
        "fan_in_fan_out": transposed,
        "inference_mode": True,
    }


def _scales(place: StockWeight) -> tuple[float, ...]:
    return place.scales or (1.0,) * len(place.names)


def _place(model: LanguageModel, module: str) -> StockWeight:
    return shape_of(model.config).weights(model.config)[f"{module}.weight"]

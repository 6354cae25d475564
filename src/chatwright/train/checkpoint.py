"""Checkpoints: weights and optimizer state in one safetensors file that appears whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from chatwright.core.errors import TrainingError
from chatwright.core.files import replacing

CHECKPOINT = "checkpoint.safetensors"


def save_checkpoint(
    folder: Path, model: nn.Module, optimizers: Mapping[str, torch.optim.Optimizer], progress: dict[str, Any]
) -> None:
    """Write everything that resuming needs; a full disk leaves the checkpoint before in place."""
    names = {id(weight): name for name, weight in model.named_parameters()}
    tensors = {f"model.{name}": weight.detach() for name, weight in model.named_parameters()}
    for label, optimizer in optimizers.items():
        for weight, state in optimizer.state.items():
            for key, value in state.items():
                tensors[f"{label}.{key}.{names[id(weight)]}"] = value
    with replacing(folder / CHECKPOINT) as aside:
        save_file(tensors, aside, metadata={"progress": json.dumps(progress)})


def load_checkpoint(
    folder: Path, model: nn.Module, optimizers: Mapping[str, torch.optim.Optimizer]
) -> dict[str, Any] | None:
    """Fill model and optimizers from the checkpoint and return its progress; none if there is none."""
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    weights = dict(model.named_parameters())
    try:
        with safe_open(path, "pt") as file, torch.no_grad():
            for key in file.keys():  # noqa: SIM118 (safe_open is no mapping)
                label, _, rest = key.partition(".")
                if label == "model":
                    weights[rest].copy_(file.get_tensor(key))
                else:
                    state, _, name = rest.partition(".")
                    optimizers[label].state[weights[name]][state] = file.get_tensor(key)
            return dict(json.loads(file.metadata()["progress"]))
    except (SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise TrainingError(
            f"the checkpoint does not fit: {error}", where=str(path), remedy="delete it to start this stage again"
        ) from None

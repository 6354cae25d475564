"""What a stock shape has to say of itself, and what all of them need to say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatwright.core.errors import ArtifactError
from chatwright.model.config import ModelConfig, RopeScaling

StockConfig = dict[str, Any]
TENSORS = "tensors in the files"  # beside the stock keys: which names the files hold, where that is known

ACTIVATIONS = {"silu": "silu", "swish": "silu", "gelu": "gelu", "gelu_new": "gelu_tanh", "relu": "relu"}
ACTIVATIONS["gelu_pytorch_tanh"] = "gelu_tanh"
STOCK_ACTIVATIONS = {"silu": "silu", "gelu": "gelu", "gelu_tanh": "gelu_new", "relu": "relu"}


@dataclass(frozen=True)
class StockWeight:
    """Where one of our weights lies in a stock file: under one name, or cut along its rows under several.

    `transposed`: the stock matrix has inputs as rows. `scales`: what the stock pieces, each in turn, are
    multiplied with to be ours. `copies` are names that hold the same once more.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...] = ()
    transposed: bool = False
    scales: tuple[float, ...] = ()
    copies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """A stock architecture: both directions of its configuration, and its weights by our names."""

    model_type: str
    architecture: str
    from_stock: Callable[[StockConfig], ModelConfig]
    to_stock: Callable[[ModelConfig], StockConfig]
    weights: Callable[[ModelConfig], dict[str, StockWeight]]
    fits: Callable[[ModelConfig], bool]  # can it say this configuration?
    defaults: Mapping[str, Any] = field(default_factory=dict)  # of keys that a stock file may leave out
    only: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)  # options with the values that are built here
    prefix: str = ""  # of names, which files of the bare body leave out
    ignored: tuple[str, ...] = ()  # ends of names that hold no weights
    classifier: str = ""  # the architecture of configurations with labels

    def architecture_of(self, config: ModelConfig) -> str:
        """The stock class that holds such a model."""
        return self.classifier if config.labels else self.architecture

    def read(self, stock: StockConfig, where: str) -> ModelConfig:
        """Our configuration; options that are not built, and missing or wrong keys, are told all at once."""
        full = {**self.defaults, **{key: value for key, value in stock.items() if value is not None}}
        wrong = [
            f"{key} = {full[key]!r} (built: {', '.join(map(repr, values))})"
            for key, values in self.only.items()
            if key in full and full[key] not in values
        ]
        if wrong:
            raise ArtifactError(
                f"these options of {self.model_type} are not built: {'; '.join(wrong)}",
                where=where,
                remedy="take a model without them",
            )
        try:
            return self.from_stock(full)
        except KeyError as error:
            raise ArtifactError(f"the key {error} is missing", where=where) from None
        except (ValueError, TypeError, ZeroDivisionError, AttributeError) as error:
            raise ArtifactError(f"the configuration does not fit: {error}", where=where) from None


def read_rope(stock: StockConfig, key: str = "") -> tuple[float, RopeScaling | None]:
    """Base and scaling of rotary positions, in the newer spelling or the older one."""
    told = stock.get("rope_parameters") or {}
    told = (told.get(key) or {}) if key else told
    scaling = {**(stock.get("rope_scaling") or {}), **told}
    base = float(told.get("rope_theta") or stock.get("rope_theta", 10_000.0))
    kind = scaling.get("rope_type") or scaling.get("type") or "default"
    match kind:
        case "default":
            return base, None
        case "linear":
            return base, RopeScaling(kind="linear", factor=scaling["factor"])
        case "llama3":
            return base, RopeScaling(
                kind="llama3",
                factor=scaling["factor"],
                low_frequency_factor=scaling["low_freq_factor"],
                high_frequency_factor=scaling["high_freq_factor"],
                original_context=scaling["original_max_position_embeddings"],
            )
    raise ValueError(f"rotary positions of the kind {kind!r} are not built (built: default, linear, llama3)")


def write_rope(base: float, scaling: RopeScaling | None) -> StockConfig:
    """The inverse of `read_rope`."""
    if scaling is None:
        return {"rope_type": "default", "rope_theta": base}
    told: StockConfig = {"rope_type": scaling.kind, "rope_theta": base, "factor": scaling.factor}
    if scaling.kind == "llama3":
        told |= {
            "low_freq_factor": scaling.low_frequency_factor,
            "high_freq_factor": scaling.high_frequency_factor,
            "original_max_position_embeddings": scaling.original_context,
        }
    return told


def with_biases(weights: dict[str, StockWeight], present: set[str]) -> dict[str, StockWeight]:
    """Beside each matrix or norm `x.weight` that `present` names, its `x.bias` under the stock names' biases."""
    biases = {}
    for own, stock in weights.items():
        if own in present:
            names = tuple(name.removesuffix("weight") + "bias" for name in stock.names)
            biases[own.removesuffix("weight") + "bias"] = StockWeight(names, stock.sizes)
    return weights | biases

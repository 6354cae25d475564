"""A training stage: a model at its start, batches, steps; a model folder at its end.

`folder` may hold the checkpoint of an interrupted run; every function returns the stage's figures.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch

from chatwright.core.files import write_json
from chatwright.core.progress import Progress
from chatwright.core.seeds import derive_seed
from chatwright.model.config import ModelConfig
from chatwright.model.decoder import Decoder
from chatwright.model.encoder import Encoder
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.model.files import load_model, save_model
from chatwright.model.language_model import LanguageModel
from chatwright.model.lora import add_adapters, merge_adapters, save_adapters
from chatwright.tokens.batches import Batches, BatchSource, Curriculum
from chatwright.tokens.exercises import Exercises
from chatwright.tokens.labels import LabelSource
from chatwright.tokens.packing import Rows
from chatwright.tokens.pairs import PairSource
from chatwright.tokens.template import STOCK_CONFIG
from chatwright.tokens.tokenizer import TOKENIZER_FILE
from chatwright.train.learner import Learner, ObjectiveFunction
from chatwright.train.loop import train
from chatwright.train.machine import set_up
from chatwright.train.objectives import masked_tokens, next_token, smoothed_labels, smoothed_pairs
from chatwright.train.plan import Plan
from chatwright.train.settings import LoraSettings, TrainSettings

ADAPTER_FOLDER = "adapter"
Model = TypeVar("Model", bound=LanguageModel)
Validate = Callable[[Any], dict[str, float]]


def train_stage(
    folder: Path,
    plan: Plan,
    rows: Rows,
    settings: TrainSettings,
    *,
    steps: int,
    seed: int,
    start: Path | None,
    shuffle: bool,
    exercises: int = 0,
    lora: LoraSettings | None = None,
    base: str = "",
    tokenizer: Path,
    validate: Validate | None,
    progress: Progress,
) -> dict[str, Any]:
    """Train a decoder from `start` (a model folder; none: fresh weights) on what comes next.

    The first `exercises` of the `steps` are spent on copying exercises, the others on `rows`. With `lora` only
    adapters learn: they are written into `adapter/` as PEFT does, for the model named `base`, and merged.
    """
    model = _begin(Decoder, plan.model, start, seed)
    if lora is not None and lora.rank:
        add_adapters(model, lora.rank, lora.alpha, derive_seed(seed, "adapters"))
    count = settings.rows_per_batch
    batches: BatchSource = Batches(rows, count, derive_seed(seed, "batches"), shuffle)
    if exercises:
        first = Exercises(exercises, count, rows.row_tokens, model.config.vocabulary_size, derive_seed(seed, "copying"))
        batches = Curriculum(first, exercises, batches)
    adapted = lora if lora is not None and lora.rank else None
    return _train(
        folder, plan, model, next_token, batches, settings, steps, seed, tokenizer, validate, progress, adapted, base
    )


def train_pairs(
    folder: Path,
    plan: Plan,
    batches: PairSource,
    settings: TrainSettings,
    *,
    steps: int,
    seed: int,
    start: Path | None,
    tokenizer: Path,
    validate: Validate | None,
    progress: Progress,
) -> dict[str, Any]:
    """Train an encoder-decoder from `start` (none: fresh weights) on the targets of sources."""
    model, objective = _begin(EncoderDecoder, plan.model, start, seed), smoothed_pairs(settings.smoothing)
    return _train(folder, plan, model, objective, batches, settings, steps, seed, tokenizer, validate, progress)


def train_masked(
    folder: Path,
    plan: Plan,
    batches: BatchSource,
    settings: TrainSettings,
    *,
    steps: int,
    seed: int,
    tokenizer: Path,
    validate: Validate | None,
    progress: Progress,
) -> dict[str, Any]:
    """Train an encoder from fresh weights on hidden tokens."""
    model = _begin(Encoder, plan.model, None, seed)
    return _train(folder, plan, model, masked_tokens, batches, settings, steps, seed, tokenizer, validate, progress)


def train_labels(
    folder: Path,
    plan: Plan,
    batches: LabelSource,
    settings: TrainSettings,
    *,
    labels: tuple[str, ...],
    weights: tuple[float, ...] = (),
    steps: int,
    seed: int,
    start: Path | None,
    tokenizer: Path,
    progress: Progress,
) -> dict[str, Any]:
    """Train a classifier on the body of `start` (an encoder's folder; none: fresh weights).

    `weights`: what a text of each label counts (none: all the same).
    """
    config = plan.model.model_copy(update={"labels": labels, "head_bias": False, "tied": True})
    model = _begin(Encoder, config, None, seed)
    if start is not None:
        body = load_model(start).state_dict()
        model.load_state_dict({name: body.get(name, weight) for name, weight in model.state_dict().items()})
    objective = smoothed_labels(settings.smoothing, weights)
    return _train(folder, plan, model, objective, batches, settings, steps, seed, tokenizer, None, progress)


def _begin(family: type[Model], config: ModelConfig, start: Path | None, seed: int) -> Model:
    """The model of a folder, or one with fresh weights."""
    if start is not None:
        loaded = load_model(start).train()
        assert isinstance(loaded, family)
        return loaded
    model = family(config)
    model.initialise(derive_seed(seed, "weights"))
    return model


def _train(
    folder: Path,
    plan: Plan,
    model: LanguageModel,
    objective: ObjectiveFunction,
    batches: BatchSource | PairSource | LabelSource,
    settings: TrainSettings,
    steps: int,
    seed: int,
    tokenizer: Path,
    validate: Validate | None,
    progress: Progress,
    lora: LoraSettings | None = None,
    base: str = "",
) -> dict[str, Any]:
    """The part that all stages share; ends with the model as a stock folder, with the tokenizer it was trained with."""
    set_up(plan.threads)
    torch.manual_seed(seed)
    dtype = getattr(torch, plan.precision)
    learner = Learner(model, objective, settings, steps=steps, dtype=dtype, compiled=plan.compiled, seed=seed)
    figures = train(folder, learner, batches, progress, validate=(lambda: validate(model)) if validate else None)
    if lora is not None:
        figures["adapter_parameters"] = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
        save_adapters(model, folder / ADAPTER_FOLDER, base=base, rank=lora.rank, alpha=lora.alpha)
        merge_adapters(model)
    save_model(model, folder)
    shutil.copyfile(tokenizer / TOKENIZER_FILE, folder / TOKENIZER_FILE)
    write_json(folder / "tokenizer_config.json", STOCK_CONFIG)
    return figures

"""A training stage: a model at its start, packed rows, steps; a model folder at its end."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from chatwright.core.files import write_json
from chatwright.core.progress import Progress
from chatwright.core.seeds import derive_seed
from chatwright.model.decoder import Decoder
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.model.files import load_decoder, save_model
from chatwright.model.language_model import LanguageModel
from chatwright.tokens.batches import Batches, BatchSource
from chatwright.tokens.exercises import Curriculum, Exercises
from chatwright.tokens.packing import Rows
from chatwright.tokens.pairs import PairBatches, PairRows
from chatwright.tokens.template import STOCK_CONFIG
from chatwright.tokens.tokenizer import TOKENIZER_FILE
from chatwright.train.learner import Learner
from chatwright.train.loop import train
from chatwright.train.machine import set_up
from chatwright.train.objectives import next_token, smoothed_pairs
from chatwright.train.plan import Plan
from chatwright.train.settings import TrainSettings


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
    tokenizer: Path,
    validate: Callable[[Decoder], dict[str, float]] | None,
    progress: Progress,
) -> dict[str, Any]:
    """Train from `start` (a model folder; none: fresh weights) and write a model folder.

    The first `exercises` of the `steps` are spent on copying exercises, the others on `rows`.

    Returns the stage's figures. `folder` may hold the checkpoint of an interrupted run.
    """
    set_up(plan.threads)
    torch.manual_seed(seed)
    if start is None:
        model = Decoder(plan.model)
        model.initialise(derive_seed(seed, "weights"))
    else:
        model = load_decoder(start).train()
    learner = Learner(
        model,
        next_token,
        settings,
        steps=steps,
        dtype=getattr(torch, plan.precision),
        compiled=plan.compiled,
        seed=seed,
    )
    count = settings.rows_per_batch
    batches: BatchSource = Batches(rows, count, derive_seed(seed, "batches"), shuffle)
    if exercises:
        first = Exercises(exercises, count, rows.row_tokens, model.config.vocabulary_size, derive_seed(seed, "copying"))
        batches = Curriculum(first, batches)
    figures = train(folder, learner, batches, progress, validate=(lambda: validate(model)) if validate else None)
    _save(model, tokenizer, folder)
    return figures


def train_pairs(
    folder: Path,
    plan: Plan,
    rows: PairRows,
    settings: TrainSettings,
    *,
    steps: int,
    seed: int,
    tokenizer: Path,
    validate: Callable[[EncoderDecoder], dict[str, float]] | None,
    progress: Progress,
) -> dict[str, Any]:
    """Train an encoder-decoder on pairs from fresh weights, and write a model folder; returns the figures.

    `folder` may hold the checkpoint of an interrupted run.
    """
    set_up(plan.threads)
    model = EncoderDecoder(plan.model)
    model.initialise(derive_seed(seed, "weights"))
    learner = Learner(
        model,
        smoothed_pairs(settings.smoothing),
        settings,
        steps=steps,
        dtype=getattr(torch, plan.precision),
        compiled=plan.compiled,
        seed=seed,
    )
    batches = PairBatches(rows, settings.rows_per_batch, derive_seed(seed, "batches"))
    figures = train(folder, learner, batches, progress, validate=(lambda: validate(model)) if validate else None)
    _save(model, tokenizer, folder)
    return figures


def _save(model: LanguageModel, tokenizer: Path, folder: Path) -> None:
    """The trained model as a stock folder, with the tokenizer it was trained with."""
    save_model(model, folder)
    shutil.copyfile(tokenizer / TOKENIZER_FILE, folder / TOKENIZER_FILE)
    write_json(folder / "tokenizer_config.json", STOCK_CONFIG)

"""The plan of a classifier: an encoder's shape, and the masked pretraining that the minutes leave time for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import torch

from chatwright.core.progress import Progress
from chatwright.model.config import ModelConfig
from chatwright.model.encoder import Encoder
from chatwright.tokens.masking import Masking, WordRows
from chatwright.tokens.settings import MaskingSettings, PackingSettings
from chatwright.train.learner import Learner
from chatwright.train.objectives import masked_tokens
from chatwright.train.plan import Plan, StagePlan
from chatwright.train.planner import measure_machine, measure_speed, steps_for, training_seconds
from chatwright.train.settings import ClassifySettings, PlanSettings, TrainSettings

_WIDTH, _BLOCKS, _HEAD_WIDTH = 256, 4, 64


@dataclass(frozen=True)
class Work:
    """What has to be trained beside pretraining: rows of labelled texts, how often, in how many folds."""

    rows: int
    folds: int


def encoder_model(settings: PlanSettings, vocabulary_size: int, context: int) -> ModelConfig:
    """An encoder of the ModernBERT shape, every block seeing the whole text, head and embedding one."""
    width, blocks = settings.width or _WIDTH, settings.depth or _BLOCKS
    head_width = min(_HEAD_WIDTH, width)
    return ModelConfig(
        family="encoder",
        vocabulary_size=vocabulary_size,
        width=width,
        layers=blocks,
        heads=width // head_width,
        key_value_heads=width // head_width,
        head_width=head_width,
        feed_forward_width=2 * width,
        context=context,
        norm="layer",
        norm_epsilon=1e-5,
        embedding_norm=True,
        query_key_norm=False,
        activation="gelu",
        head_transform=True,
        head_bias=True,
    )


def make_label_plan(
    settings: PlanSettings,
    train: TrainSettings,
    classify: ClassifySettings,
    packing: PackingSettings,
    vocabulary_size: int,
    work: Work,
    progress: Progress,
) -> Plan:
    """Measure the machine and real steps of masked pretraining; what classifying leaves of the minutes is for them.

    Every fold is pretrained and finetuned, and finetuned once more from fresh weights to compare.
    """
    machine, precision = measure_machine(settings, progress)
    config = encoder_model(settings, vocabulary_size, context=packing.row_tokens)

    def learner(compiled: bool) -> Learner:
        dtype = getattr(torch, precision)
        return Learner(Encoder(config), masked_tokens, train, steps=1_000, dtype=dtype, compiled=compiled)

    batches = _random_batches(config, train.rows_per_batch, packing.row_tokens)
    speed, compile_seconds, compiled = measure_speed(settings, machine, learner, batches, progress)
    finetune = settings.finetune_steps or max(1, classify.epochs * work.rows // classify.rows_per_batch)
    # a step of fewer rows takes at least a third of a full one: optimizers and calls do not shrink with it
    cost = max(1 / 3, classify.rows_per_batch / train.rows_per_batch) / speed
    left = training_seconds(settings) - 2 * work.folds * finetune * cost
    pretrain = settings.pretrain_steps or max(1, round(steps_for(left, speed, compile_seconds, settings) / work.folds))
    seconds = {
        "pretrain": round(work.folds * pretrain / speed, 1),
        "finetune": round(2 * work.folds * finetune * cost, 1),
    }
    expected = {
        "steps_per_second": round(speed, 3),
        "tokens_per_second": round(speed * train.rows_per_batch * packing.row_tokens, 1),
        "seconds": {**seconds, "total": round(sum(seconds.values()) + settings.other_seconds, 1)},
    }

    def stage(steps: int, rows: int) -> StagePlan:
        return StagePlan(steps=steps, rows_per_batch=rows, tokens_per_step=rows * packing.row_tokens)

    return Plan(
        minutes=settings.minutes,
        created=date.today().isoformat(),
        machine=machine,
        precision=precision,
        compiled=compiled,
        threads=machine["threads"],
        model=config,
        pretrain=stage(pretrain, train.rows_per_batch),
        finetune=stage(finetune, classify.rows_per_batch),
        expected=expected,
    )


def _random_batches(config: ModelConfig, rows: int, row_tokens: int) -> Masking:
    random = np.random.default_rng(0)
    shape = (rows, row_tokens)
    ids = random.integers(7, config.vocabulary_size, shape).astype(np.uint16)
    segment = np.broadcast_to(np.arange(row_tokens) // 30, shape).astype(np.int16)
    control = frozenset(range(7))
    return Masking(
        WordRows(ids, segment, np.ones(shape, np.bool_)), rows, 0, MaskingSettings(), 6, config.vocabulary_size, control
    )

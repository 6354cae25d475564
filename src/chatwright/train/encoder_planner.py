"""The plan of a classifier: an encoder's shape, and the masked pretraining that the minutes leave time for."""

from __future__ import annotations

from dataclasses import dataclass

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
from chatwright.train.planner import measure, plan_of, training_seconds
from chatwright.train.settings import ClassifySettings, PlanSettings, TrainSettings

_WIDTH, _BLOCKS, _HEAD_WIDTH = 256, 4, 64
_PRETRAIN_LEAST = 0.25  # of the training time: with less, pretraining is for nothing; then the plan takes longer


@dataclass(frozen=True)
class Work:
    """What has to be trained: rows of labelled texts that a fold learns from, folds, and how often is pretrained."""

    rows: int
    folds: int
    pretrainings: int


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
    masking: MaskingSettings,
    vocabulary_size: int,
    work: Work,
    progress: Progress,
) -> Plan:
    """Measure the machine and real steps of masked pretraining; what classifying leaves of the minutes is for them.

    Every fold is finetuned, and once more from fresh weights to compare. Where that leaves little of the minutes, the
    plan goes beyond them and says so.
    """
    config = encoder_model(settings, vocabulary_size, context=packing.row_tokens)

    def learner(dtype: torch.dtype, compiled: bool) -> Learner:
        return Learner(Encoder(config), masked_tokens, train, steps=1_000, dtype=dtype, compiled=compiled)

    batches = random_masking(config, train.rows_per_batch, packing.row_tokens, masking)
    measured = measure(settings, learner, batches, progress)
    finetune = settings.finetune_steps or max(1, classify.epochs * work.rows // classify.rows_per_batch)
    # a step of fewer rows takes at least a third of a full one: optimizers and calls do not shrink with it
    cost = max(1 / 3, classify.rows_per_batch / train.rows_per_batch) / measured.speed
    seconds = training_seconds(settings)
    left = max(_PRETRAIN_LEAST * seconds, seconds - 2 * work.folds * finetune * cost)
    pretrain = settings.pretrain_steps or max(1, round(measured.steps_in(left, settings) / work.pretrainings))

    def stage(steps: int, rows: int) -> StagePlan:
        return StagePlan(steps=steps, rows_per_batch=rows, tokens_per_step=rows * packing.row_tokens)

    stages = {
        "pretrain": stage(pretrain, train.rows_per_batch),
        "finetune": stage(finetune, classify.rows_per_batch),
    }
    expected = {
        "pretrain": work.pretrainings * pretrain / measured.speed,
        "finetune": 2 * work.folds * finetune * cost,
    }
    tokens_per_step = train.rows_per_batch * packing.row_tokens
    return plan_of(settings, measured, config, stages, tokens_per_step, seconds=expected)


def make_masked_plan(
    settings: PlanSettings,
    train: TrainSettings,
    packing: PackingSettings,
    masking: MaskingSettings,
    vocabulary_size: int,
    progress: Progress,
    *,
    most_steps: int,
) -> Plan:
    """The plan of an encoder that is pretrained only."""
    config = encoder_model(settings, vocabulary_size, context=packing.row_tokens)

    def learner(dtype: torch.dtype, compiled: bool) -> Learner:
        return Learner(Encoder(config), masked_tokens, train, steps=1_000, dtype=dtype, compiled=compiled)

    batches = random_masking(config, train.rows_per_batch, packing.row_tokens, masking)
    measured = measure(settings, learner, batches, progress)
    steps = settings.pretrain_steps or round(measured.steps_in(training_seconds(settings), settings))
    tokens_per_step = train.rows_per_batch * packing.row_tokens
    stage = StagePlan(
        steps=max(1, min(steps, most_steps)), rows_per_batch=train.rows_per_batch, tokens_per_step=tokens_per_step
    )
    return plan_of(settings, measured, config, {"pretrain": stage}, tokens_per_step)


def random_masking(config: ModelConfig, rows: int, row_tokens: int, settings: MaskingSettings) -> Masking:
    """Rows of random tokens to measure with, as many of them asked as in the mean of all steps.

    What a step takes grows with what is asked of it, and one that foresees is asked for every token.
    """
    asked = settings.causal_share + (1 - settings.causal_share) * settings.masked
    random = np.random.default_rng(0)
    shape = (rows, row_tokens)
    ids = random.integers(7, config.vocabulary_size, shape).astype(np.uint16)
    segment = np.broadcast_to(np.arange(row_tokens) // 30, shape).astype(np.int16)
    control, words = frozenset(range(7)), WordRows(ids, segment, np.ones(shape, np.bool_))
    return Masking(words, rows, 0, MaskingSettings(masked=asked), 6, config.vocabulary_size, control)

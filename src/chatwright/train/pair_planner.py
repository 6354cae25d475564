"""The plan of an encoder-decoder that learns pairs: its shape, and the steps that the minutes give."""

from __future__ import annotations

import numpy as np
import torch

from chatwright.core.progress import Progress
from chatwright.model.config import ModelConfig
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.tokens.pairs import PairBatches, PairRows
from chatwright.tokens.settings import PackingSettings
from chatwright.train.learner import Learner
from chatwright.train.objectives import smoothed_pairs
from chatwright.train.plan import Plan, StagePlan
from chatwright.train.planner import exercise_steps, measure, plan_of, training_seconds
from chatwright.train.settings import PlanSettings, TrainSettings

_WIDTH, _BLOCKS = 256, 4  # on each side, where the recipe says nothing
_HEAD_WIDTH = 32


def pair_model(settings: PlanSettings, vocabulary_size: int, context: int) -> ModelConfig:
    """An encoder-decoder of the T5 v1.1 shape, head and embedding one."""
    width, blocks = settings.width or _WIDTH, settings.depth or _BLOCKS
    head_width = min(_HEAD_WIDTH, width)
    return ModelConfig(
        family="encoder-decoder",
        vocabulary_size=vocabulary_size,
        width=width,
        layers=blocks,
        encoder_layers=blocks,
        heads=width // head_width,
        key_value_heads=width // head_width,
        head_width=head_width,
        feed_forward_width=2 * width,
        context=context,
        query_key_norm=False,
        positions="relative",
        activation="gelu_tanh",
        scaled_head=False,
    )


def make_pair_plan(
    settings: PlanSettings, train: TrainSettings, packing: PackingSettings, vocabulary_size: int, progress: Progress
) -> Plan:
    """Measure the machine and real training steps on pairs; minutes become steps here."""
    config = pair_model(settings, vocabulary_size, context=max(packing.row_tokens, packing.source_tokens))

    def learner(dtype: torch.dtype, compiled: bool) -> Learner:
        objective = smoothed_pairs(train.smoothing)
        return Learner(EncoderDecoder(config), objective, train, steps=1_000, dtype=dtype, compiled=compiled)

    batches = PairBatches(_random_rows(config, train.rows_per_batch, packing), train.rows_per_batch, seed=0)
    measured = measure(settings, learner, batches, progress)
    steps = measured.steps_in(training_seconds(settings), settings)
    exercises = exercise_steps(settings, steps) if settings.denoise_share else 0
    steps -= exercises
    pretrain = exercises + (settings.pretrain_steps or round(steps * settings.denoise_share))
    finetune = settings.finetune_steps or round(steps * (1 - settings.denoise_share))
    tokens_per_step = train.rows_per_batch * (packing.row_tokens + packing.source_tokens)

    def stage(steps: int, exercises: int = 0) -> StagePlan:
        rows = train.rows_per_batch
        return StagePlan(steps=max(1, steps), exercises=exercises, rows_per_batch=rows, tokens_per_step=tokens_per_step)

    stages = {"pretrain": stage(pretrain, exercises)} if settings.denoise_share else {}
    return plan_of(settings, measured, config, {**stages, "finetune": stage(finetune)}, tokens_per_step)


def _random_rows(config: ModelConfig, count: int, packing: PackingSettings) -> PairRows:
    random = np.random.default_rng(0)
    shapes = (count, packing.source_tokens), (count, packing.row_tokens + 1)
    source, target = (random.integers(6, config.vocabulary_size, shape).astype(np.uint16) for shape in shapes)
    segments = [np.broadcast_to(np.arange(shape[1]) // 20, shape).astype(np.int16) for shape in shapes]
    return PairRows(source, segments[0], target, segments[1])

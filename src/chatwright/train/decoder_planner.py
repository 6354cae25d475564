"""The plan of a decoder with one stage of training: a text read from nothing, or conversations on a base."""

from __future__ import annotations

from typing import Literal

import torch

from chatwright.core.progress import Progress
from chatwright.model.config import ModelConfig
from chatwright.model.decoder import Decoder
from chatwright.model.lora import add_adapters
from chatwright.tokens.settings import PackingSettings
from chatwright.train.learner import Learner
from chatwright.train.objectives import next_token
from chatwright.train.plan import Plan, StagePlan
from chatwright.train.planner import (
    exercise_steps,
    measure,
    plan_of,
    random_batches,
    size_for,
    training_seconds,
)
from chatwright.train.settings import LoraSettings, PlanSettings, TrainSettings


def text_model(settings: PlanSettings, shape: str, vocabulary_size: int, context: int) -> ModelConfig:
    """A decoder of the Qwen3 or the GPT-2 shape for this much training time."""
    config = size_for(training_seconds(settings), settings, vocabulary_size, context)
    if shape == "qwen3":
        return config
    return config.model_copy(
        update={
            "feed_forward_width": 4 * config.width,
            "tied": True,
            "norm": "layer",
            "norm_bias": True,
            "norm_epsilon": 1e-5,
            "query_key_norm": False,
            "positions": "learned",
            "activation": "gelu_tanh",
            "gated": False,
            "attention_bias": True,
            "feed_forward_bias": True,
        }
    )


def make_decoder_plan(
    settings: PlanSettings,
    train: TrainSettings,
    packing: PackingSettings,
    config: ModelConfig,
    stage: Literal["pretrain", "finetune"],
    progress: Progress,
    *,
    lora: LoraSettings | None = None,
    most_steps: int | None = None,
    exercises: bool = False,
    learnt: float = 1.0,
) -> Plan:
    """Measure the machine and real training steps of this model; minutes become steps here, up to `most_steps`.

    With `exercises` copying exercises come before them, where there are enough for it to pay. `learnt` is the
    share of the tokens that a step learns, which decides what it takes.
    """

    def learner(dtype: torch.dtype, compiled: bool) -> Learner:
        model = Decoder(config)
        if lora is not None and lora.rank:
            model.initialise(0)
            add_adapters(model, lora.rank, lora.alpha, seed=0)
        return Learner(model, next_token, train, steps=1_000, dtype=dtype, compiled=compiled)

    batches = random_batches(config, train.rows_per_batch, packing.row_tokens, learnt)
    measured = measure(settings, learner, batches, progress)
    given = settings.pretrain_steps if stage == "pretrain" else settings.finetune_steps
    steps = given or max(1, round(measured.steps_in(training_seconds(settings), settings)))
    most = steps if most_steps is None else max(1, min(steps, most_steps))
    copying = exercise_steps(settings, most) if exercises else 0
    steps = most if given else max(1, min(most, steps - copying))
    tokens_per_step = train.rows_per_batch * packing.row_tokens
    planned = StagePlan(
        steps=steps + copying,
        exercises=copying,
        rows_per_batch=train.rows_per_batch,
        tokens_per_step=tokens_per_step,
    )
    return plan_of(settings, measured, config, {stage: planned}, tokens_per_step)

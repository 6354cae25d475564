"""The planner: measure the machine once, then derive sizes and steps from the minutes there are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import torch

from chatwright.core.cores import usable_cores
from chatwright.core.errors import TrainingError
from chatwright.core.progress import Progress
from chatwright.model.config import ModelConfig
from chatwright.model.decoder import Decoder
from chatwright.tokens.arrays import token_type
from chatwright.tokens.batches import Batches, BatchSource
from chatwright.tokens.packing import Rows
from chatwright.tokens.pairs import PairSource
from chatwright.tokens.settings import PackingSettings
from chatwright.train.learner import Learner
from chatwright.train.machine import compiler, describe, set_up
from chatwright.train.objectives import next_token
from chatwright.train.plan import Plan, StagePlan
from chatwright.train.settings import PlanSettings, TrainSettings

# Width and blocks that learnt most in a given training time (docs/log.md, "Learning rates and shapes").
_SIZES = ((60.0, 128, 3), (200.0, 192, 4), (3_000.0, 256, 4), (6_000.0, 384, 6), (float("inf"), 512, 8))
_HEAD_WIDTH = 64  # two heads of 128 learnt less, docs/log.md, "Checked answers"
_MEASURED_STEPS, _WARM_STEPS = 30, 3
_MEASURED_SECONDS = 90.0  # at most, where steps are long
_USUAL_FACTS = 2_000
_EXERCISES_PAY_AFTER = 5  # times their own steps
_COMPILE_PAYS_AFTER = 150.0  # seconds of training; below it compiling costs more than it saves


def size_for(seconds: float, settings: PlanSettings, vocabulary_size: int, context: int) -> ModelConfig:
    """The model for this much training time; `width` and `depth` of the settings decide if given."""
    width, layers = next((width, layers) for limit, width, layers in _SIZES if seconds <= limit)
    width, layers = settings.width or width, settings.depth or layers
    head_width = min(_HEAD_WIDTH, width)
    heads = max(1, width // head_width)
    return ModelConfig(
        vocabulary_size=vocabulary_size,
        width=width,
        layers=layers,
        heads=heads,
        key_value_heads=heads,
        head_width=head_width,
        feed_forward_width=3 * width,
        context=context,
        tied=False,  # an output head of its own learnt more facts from as many tokens (docs/log.md)
    )


def facts_for(tokens: int, tokens_per_fact: int) -> int:
    """Facts that so many conversation tokens teach, where each of `_USUAL_FACTS` takes `tokens_per_fact`.

    The more there are, the harder their names are told from each other and from made-up ones: with the
    same tokens a fact, 5,000 of them are learnt worse than 2,000 (docs/log.md, "How many facts").
    """
    return max(1, round(_USUAL_FACTS * (tokens / (_USUAL_FACTS * tokens_per_fact)) ** 0.9))


def exercise_steps(settings: PlanSettings, steps: float) -> int:
    """How many of so many steps are copying exercises: none where they would be too many of them."""
    return settings.exercise_steps if steps >= _EXERCISES_PAY_AFTER * settings.exercise_steps else 0


def training_seconds(settings: PlanSettings) -> float:
    """What is left of the minutes for training, the other stages taken off."""
    total = settings.minutes * 60
    return max(0.3 * total, total - settings.other_seconds)


@dataclass(frozen=True)
class Measured:
    """What the machine reaches: steps per second, and what warming up and compiling cost once."""

    machine: dict[str, Any]
    precision: str
    speed: float
    warm_seconds: float
    compiled: bool

    def steps_in(self, seconds: float, settings: PlanSettings) -> float:
        """Steps that this much training time gives, counting on less than was measured."""
        return (seconds - 2 * min(self.warm_seconds, 10.0)) * self.speed * settings.prudence


def make_plan(
    settings: PlanSettings, train: TrainSettings, packing: PackingSettings, vocabulary_size: int, progress: Progress
) -> Plan:
    """The plan of a chat: a decoder, pretraining and finetuning, and the facts that there is time for."""
    seconds = training_seconds(settings)
    config = size_for(seconds, settings, vocabulary_size, context=4 * packing.row_tokens)

    def learner(dtype: torch.dtype, compiled: bool) -> Learner:
        return Learner(Decoder(config), next_token, train, steps=1_000, dtype=dtype, compiled=compiled)

    batches = random_batches(config, train.rows_per_batch, packing.row_tokens)
    measured = measure(settings, learner, batches, progress)
    rows, tokens_per_step = train.rows_per_batch, train.rows_per_batch * packing.row_tokens
    steps = measured.steps_in(seconds, settings)
    exercises = exercise_steps(settings, steps)
    steps -= exercises
    pretrain = settings.pretrain_steps or max(1, round(steps * settings.pretrain_share))
    finetune = settings.finetune_steps or max(1, round(steps * (1 - settings.pretrain_share)))
    stages = {
        "pretrain": StagePlan(
            steps=pretrain + exercises, exercises=exercises, rows_per_batch=rows, tokens_per_step=tokens_per_step
        ),
        "finetune": StagePlan(steps=finetune, rows_per_batch=rows, tokens_per_step=tokens_per_step),
    }
    facts = settings.facts or facts_for(finetune * tokens_per_step, settings.tokens_per_fact)
    return plan_of(settings, measured, config, stages, tokens_per_step, facts=facts)


def plan_of(
    settings: PlanSettings,
    measured: Measured,
    config: ModelConfig,
    stages: Mapping[str, StagePlan],
    tokens_per_step: int,
    *,
    seconds: Mapping[str, float] | None = None,
    facts: int = 0,
) -> Plan:
    """The plan of these stages, with what they should cost: each step as measured, unless `seconds` says otherwise."""
    seconds = seconds or {name: stage.steps / measured.speed for name, stage in stages.items()}
    expected = {
        "steps_per_second": round(measured.speed, 3),
        "tokens_per_second": round(measured.speed * tokens_per_step, 1),
        "seconds": {
            **{name: round(spent, 1) for name, spent in seconds.items()},
            "total": round(sum(seconds.values()) + settings.other_seconds, 1),
        },
    }
    return Plan(
        minutes=settings.minutes,
        created=date.today().isoformat(),
        machine=measured.machine,
        precision=measured.precision,
        compiled=measured.compiled,
        threads=measured.machine["threads"],
        model=config,
        pretrain=stages.get("pretrain"),
        finetune=stages.get("finetune"),
        facts=facts,
        expected=expected,
    )


def measure(
    settings: PlanSettings,
    learner: Callable[[torch.dtype, bool], Learner],
    batches: BatchSource | PairSource,
    progress: Progress,
) -> Measured:
    """Set the process up, and measure the machine and real training steps of learners made for it.

    `learner` takes the precision, and whether blocks are compiled.
    """
    threads = settings.threads or usable_cores()
    set_up(threads)
    progress.update(0.1, "measuring the processor")
    machine = describe(threads)
    fast_bf16 = machine["peak_bf16_flops_per_second"] > 1.2 * machine["peak_float32_flops_per_second"]
    precision = settings.precision
    if precision == "auto":
        precision = "bfloat16" if fast_bf16 else "float32"
    dtype = getattr(torch, precision)
    worthwhile = compiler() is not None and training_seconds(settings) >= _COMPILE_PAYS_AFTER
    compiled = settings.compile == "yes" or (settings.compile == "auto" and worthwhile)
    progress.update(0.4, "measuring training steps")
    try:
        speed, warm_seconds = _measure_steps(learner(dtype, compiled), batches)
    except RuntimeError as error:  # a compiler that cannot compile: no headers, no space, too old
        if not compiled or settings.compile == "yes":
            reason = str(error).strip().split("\n")[0]
            raise TrainingError(f"a training step failed: {reason}", remedy="set plan.compile = 'no'") from error
        torch.compiler.reset()
        machine["compiler"], compiled = None, False
        speed, warm_seconds = _measure_steps(learner(dtype, False), batches)
    return Measured(machine, precision, speed, warm_seconds, compiled)


def random_batches(config: ModelConfig, rows: int, row_tokens: int, learnt: float = 0.5) -> Batches:
    """Rows of random tokens to measure with: segments of 40 tokens, this share of them learnt."""
    random = np.random.default_rng(0)
    shape = (rows, row_tokens + 1)
    ids = random.integers(6, config.vocabulary_size, shape).astype(token_type(config.vocabulary_size))
    segment = np.broadcast_to(np.arange(shape[1]) // 40, shape).astype(np.int16)
    return Batches(Rows(ids, segment, random.random(shape) < learnt), rows, seed=0)


def _measure_steps(learner: Learner, batches: BatchSource | PairSource) -> tuple[float, float]:
    """Steps per second (median) of real training steps, and seconds to warm up."""
    learner.model.initialise(seed=0)
    times = []
    for step in range(_WARM_STEPS + _MEASURED_STEPS):
        started = time.perf_counter()
        learner.step(step, batches.at(step))
        times.append(time.perf_counter() - started)
        if sum(times) > _MEASURED_SECONDS and len(times) > 2 * _WARM_STEPS:  # a model of long steps
            break
    return 1 / float(np.median(times[_WARM_STEPS:])), sum(times[:_WARM_STEPS])

"""How near a training step comes to what the processor can do, and what each measure brings.

Variants run alternately in one process, so that a shared machine's moods hit all of them.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
import torch
from torch import nn

from chatwright.core.cores import usable_cores
from chatwright.model.decoder import Decoder
from chatwright.tokens.batches import Batches
from chatwright.tokens.packing import Rows
from chatwright.tokens.settings import TokenizerSettings
from chatwright.train.flops import batch_work, measure_peak
from chatwright.train.learner import Learner
from chatwright.train.machine import compiler, set_up
from chatwright.train.objectives import next_token
from chatwright.train.optimizers import Muon
from chatwright.train.planner import size_for
from chatwright.train.settings import PlanSettings, TrainSettings

_ROUNDS, _STEPS, _WARM_STEPS = 5, 6, 3
_TARGET_SHARE = 0.5
_SHAPE = size_for(600.0, PlanSettings(), TokenizerSettings().vocabulary_size, context=512)  # of the default recipe


def _batches(rows: int, row_tokens: int) -> Batches:
    random = np.random.default_rng(0)
    shape = (rows, row_tokens + 1)
    ids = random.integers(6, _SHAPE.vocabulary_size, shape).astype(np.uint16)
    segment = np.broadcast_to(np.arange(shape[1]) // 40, shape).astype(np.int16)
    return Batches(Rows(ids, segment, random.random(shape) < 0.4), rows, seed=0)


class OneByOne(Muon):
    """Muon as it is usually written: a matrix at a time."""

    def _step_stack(self, weights: list[nn.Parameter], rate: float, momentum: float, decay: float) -> None:
        for weight in weights:
            super()._step_stack([weight], rate, momentum, decay)


def _learner(compiled: bool, muon: type[Muon] = Muon) -> Learner:
    model, settings = Decoder(_SHAPE), TrainSettings()
    model.initialise(0)
    learner = Learner(model, next_token, settings, steps=10_000, dtype=torch.bfloat16, compiled=compiled)
    matrices = learner.optimizers["muon"].param_groups[0]["params"]
    learner.optimizers["muon"] = muon(matrices, settings.learning_rate, settings.momentum, settings.weight_decay)
    return learner


def measure_training() -> list[dict[str, Any]]:
    """Tokens per second and share of the bf16 peak of the default step; ratios of its variants."""
    set_up(usable_cores())
    batches = _batches(TrainSettings().rows_per_batch, 128)
    compiled = compiler() is not None
    variants = {
        "default": _learner(compiled),
        "matrices one by one": _learner(compiled, OneByOne),
        "uncompiled": _learner(False),
    }
    speeds: dict[str, list[float]] = {name: [] for name in variants}
    shares: dict[str, list[float]] = {name: [] for name in variants}
    step = 0
    for round_number in range(_ROUNDS + 1):
        for name, learner in variants.items():
            for _ in range(_WARM_STEPS if round_number == 0 else 1):
                learner.step(step, batches.at(step))
            if round_number == 0:
                continue
            speed, share = _timed(learner, batches, step, measure_peak(torch.bfloat16))
            speeds[name].append(speed)
            shares[name].append(share)
            step += _STEPS
    share = statistics.median(shares["default"])
    rows: list[dict[str, Any]] = [
        _row("share of the bf16 peak", share, "share", f"at least {_TARGET_SHARE}", share >= _TARGET_SHARE),
        _row("speed", statistics.median(speeds["default"]), "tokens/s"),
    ]
    for name in variants:
        if name != "default":
            ratios = [ours / other for ours, other in zip(speeds["default"], speeds[name], strict=True)]
            rows.append(_row(f"speed against {name}", statistics.median(ratios), "ratio"))
    return rows


def _timed(learner: Learner, batches: Batches, first: int, peak: float) -> tuple[float, float]:
    tokens, flops, started = 0, 0.0, time.perf_counter()
    for step in range(first, first + _STEPS):
        batch = batches.at(step)
        figures = learner.step(step, batch)
        count, work = batch_work(_SHAPE, batch, figures.learnt)
        tokens += count
        flops += work
    seconds = time.perf_counter() - started
    return tokens / seconds, flops / seconds / peak


def _row(name: str, value: float, unit: str, target: str | None = None, holds: bool | None = None) -> dict[str, Any]:
    return {"name": name, "value": round(value, 4), "unit": unit, "target": target, "holds": holds}

"""The only training loop: step, log, validate, checkpoint; and go on where it stopped."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from chatwright.core.artifacts import LOG
from chatwright.core.metrics import MetricLog, read_metrics
from chatwright.core.progress import Progress
from chatwright.model.config import ModelConfig
from chatwright.tokens.batches import Batch, BatchSource
from chatwright.tokens.labels import LabelBatch, LabelSource
from chatwright.tokens.pairs import PairBatch, PairSource
from chatwright.train.checkpoint import load_checkpoint, save_checkpoint
from chatwright.train.flops import batch_work, measure_peak
from chatwright.train.learner import Learner, StepFigures
from chatwright.train.settings import TrainSettings

Validate = Callable[[], dict[str, float]]
_WARM_STEPS = 3  # a process's first steps compile kernels and touch memory for the first time
_VALIDATIONS = 4  # over the whole stage


@dataclass
class Counts:
    """What has been done so far; kept in the checkpoint, so that a resumed run goes on counting.

    `steady_seconds` leaves out each process's first steps, in which kernels are compiled, and the first of another
    shape, for which they are compiled again;
    `possible_flops` is what the peak, measured in the same minute, would have done meanwhile.
    """

    step: int = 0
    tokens: int = 0
    learnt: int = 0
    flops: float = 0.0
    seconds: float = 0.0
    skipped: int = 0
    steady_tokens: int = 0
    steady_seconds: float = 0.0
    steady_flops: float = 0.0
    possible_flops: float = 0.0
    last_loss: float = float("nan")
    # loss and gradient norm of each step since the log's last line
    unlogged: list[tuple[float, float]] = field(default_factory=list)

    def add(
        self, config: ModelConfig, batch: Batch | PairBatch | LabelBatch, figures: StepFigures, seconds: float
    ) -> tuple[int, float]:
        """Count a step; returns its tokens and FLOPs."""
        tokens, flops = batch_work(config, batch, figures.learnt)
        self.step += 1
        self.tokens += tokens
        self.learnt += figures.learnt
        self.flops += flops
        self.seconds += seconds
        self.skipped += figures.skipped
        self.last_loss = figures.loss
        self.unlogged.append((figures.loss, figures.gradient_norm))
        return tokens, flops

    def add_steady(self, tokens: int, flops: float, seconds: float, peak: float) -> None:
        """Count a step towards the speed figures."""
        self.steady_tokens += tokens
        self.steady_seconds += seconds
        self.steady_flops += flops
        self.possible_flops += seconds * peak

    @property
    def tokens_per_second(self) -> float:
        return self.steady_tokens / self.steady_seconds if self.steady_seconds else 0.0

    @property
    def peak_share(self) -> float:
        """FLOPs done, as a share of those that the measured peak would have done meanwhile."""
        return self.steady_flops / self.possible_flops if self.possible_flops else 0.0


@dataclass
class Peak:
    """The best matrix product, measured again every half minute, because machines are shared."""

    dtype: torch.dtype
    flops_per_second: float = 0.0
    measured: list[float] = field(default_factory=list)
    due: float = 0.0

    def now(self) -> float:
        """FLOP/s, at most half a minute old."""
        if time.monotonic() >= self.due:
            self.flops_per_second = measure_peak(self.dtype)
            self.measured.append(self.flops_per_second)
            self.due = time.monotonic() + 30.0
        return self.flops_per_second


@contextmanager
def uncompiled() -> Iterator[None]:
    """Run compiled blocks as plain code: other shapes and no gradients would compile anew."""
    with torch.compiler.set_stance("force_eager"):
        yield


def train(
    folder: Path,
    learner: Learner,
    batches: BatchSource | PairSource | LabelSource,
    progress: Progress,
    *,
    validate: Validate | None = None,
) -> dict[str, Any]:
    """Train to the learner's last step in `folder` and return the stage's figures.

    A checkpoint in the folder is gone on from; the result is the same, bit for bit, as without the
    interruption (same plan, library versions, kind of processor and threads).
    """
    counts, config, settings = Counts(), learner.model.config, learner.settings
    if saved := load_checkpoint(folder, learner.model, learner.optimizers):
        counts = Counts(**saved)
    log, peak = MetricLog(folder / LOG), Peak(learner.dtype)
    log.cut_after(counts.step)
    steady_from, shape = 0, None
    validate_at = {round(learner.steps * (part + 1) / _VALIDATIONS) for part in range(_VALIDATIONS)}
    while counts.step < learner.steps:
        best = peak.now()
        started = time.perf_counter()
        batch = batches.at(counts.step)
        if batch.segment.shape != shape:
            steady_from, shape = counts.step + _WARM_STEPS, batch.segment.shape
        figures = learner.step(counts.step, batch)
        seconds = time.perf_counter() - started
        tokens, flops = counts.add(config, batch, figures, seconds)
        if counts.step > steady_from:
            counts.add_steady(tokens, flops, seconds, best)
        last = counts.step == learner.steps
        if counts.step % settings.log_every == 0 or last:
            line = _line(counts, figures, settings)
            log.write(**line)
            counts.unlogged.clear()
            progress.update(counts.step / learner.steps, _words(counts, line["loss"], learner.steps))
        if validate and counts.step in validate_at and not last:
            _validate(learner, validate, log, counts)
        if counts.step % settings.checkpoint_every == 0 or last:
            save_checkpoint(folder, learner.model, learner.optimizers, asdict(counts))
    learner.settle()
    if validate:
        _validate(learner, validate, log, counts)
    return {
        "steps": counts.step,
        "tokens": counts.tokens,
        "loss_tokens": counts.learnt,
        "final_loss": round(counts.last_loss, 4),
        "skipped_steps": counts.skipped,
        "train_seconds": round(counts.seconds, 2),
        "tokens_per_second": round(counts.tokens_per_second, 1),
        "peak_share": round(counts.peak_share, 6),
        "peak_flops_per_second": statistics.median(peak.measured) if peak.measured else None,
        "flops": counts.flops,
        "parameters": config.parameters,
        "matrix_parameters": config.block_matrix_parameters,
        "threads": torch.get_num_threads(),
        "precision": str(learner.dtype).removeprefix("torch."),
        "compiled": learner.compiled,
    }


def _validate(learner: Learner, validate: Validate, log: MetricLog, counts: Counts) -> None:
    """Log what validation says of this step, once: a run that is gone on from its last step may have said it."""
    if any(line.get("step") == counts.step and "loss" not in line for line in read_metrics(log.path)):
        return
    learner.model.eval()
    with torch.no_grad(), uncompiled():
        log.write(step=counts.step, tokens=counts.tokens, **validate())
    learner.model.train()


def _line(counts: Counts, figures: StepFigures, settings: TrainSettings) -> dict[str, Any]:
    """What the log says of the steps since its last line, of which loss and norm are the means.

    Single steps would mislead where kinds of them take turns: every tenth may be of one kind.
    """
    losses, norms = zip(*counts.unlogged, strict=True)
    return {
        "step": counts.step,
        "loss": _mean(losses),
        "learning_rate": figures.rate_share * settings.learning_rate,
        "gradient_norm": _mean(norms),
        "tokens": counts.tokens,
        "seconds": round(counts.seconds, 3),
        "tokens_per_second": round(counts.tokens_per_second, 1),
        "peak_share": round(counts.peak_share, 6),
    }


def _mean(values: Sequence[float]) -> float:
    """The mean of those that are numbers: of steps that were skipped some are not."""
    finite = [value for value in values if math.isfinite(value)]
    return statistics.fmean(finite) if finite else math.nan


def _words(counts: Counts, loss: float, steps: int) -> str:
    left = (steps - counts.step) * counts.seconds / counts.step
    return (
        f"loss {loss:.3f} · {counts.tokens_per_second:,.0f} tokens/s · "
        f"{counts.peak_share:.0%} of the peak · {left / 60:.1f} min left"
    )

"""One optimizer step: gradient, clip, skip what is not finite, update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from chatwright.core.errors import TrainingError
from chatwright.core.seeds import derive_seed
from chatwright.model.language_model import LanguageModel
from chatwright.model.lora import adapters
from chatwright.model.stack import Stack
from chatwright.train.averaging import WeightAverage
from chatwright.train.objectives import Objective
from chatwright.train.optimizers import Muon
from chatwright.train.schedule import rate_share
from chatwright.train.settings import TrainSettings

ObjectiveFunction = Callable[[Any, Any, torch.dtype], Objective]  # model and batch, of one family
_BAD_STEPS_IN_A_ROW = 10
# A bias by distance begins at 0 and must reach some units before a head looks at one place: at AdamW's rate for
# embeddings that takes a thousand steps, and nothing is copied until then (docs/log.md, "Looking one place back").
_DISTANCE_RATE = 25.0


@dataclass(frozen=True)
class StepFigures:
    """What a step saw: mean loss in nats, gradient norm, share of the peak rate, learnt positions."""

    loss: float
    gradient_norm: float
    rate_share: float
    learnt: int
    skipped: bool


class Learner:
    """A model with its optimizers: Muon for the matrices inside blocks and before a head, AdamW for the rest,
    at a higher rate for biases by distance.

    What is frozen stays as it is.
    """

    def __init__(
        self,
        model: LanguageModel,
        objective: ObjectiveFunction,
        settings: TrainSettings,
        *,
        steps: int,
        dtype: torch.dtype,
        compiled: bool,
        seed: int = 0,
    ) -> None:
        self.model, self.objective, self.settings = model, objective, settings
        self.steps, self.dtype, self.compiled, self.seed = steps, dtype, compiled, seed
        model.set_dropout(settings.dropout)
        self._bad_steps = 0
        factors = {id(weight) for factors in adapters(model).values() for weight in factors.parameters()}
        bodies = [*model.blocks, *([model.head_matrix] if model.head_matrix is not None else [])]
        matrices = [weight for body in bodies for weight in body.parameters() if weight.ndim == 2]
        matrices = [weight for weight in matrices if weight.requires_grad and id(weight) not in factors]
        chosen = {id(weight) for weight in matrices}
        learnt = [weight for weight in model.parameters() if weight.requires_grad]
        distances = [stack.distance_bias for stack in model.modules() if isinstance(stack, Stack)]
        biases = [bias for bias in distances if bias is not None and bias.requires_grad]
        chosen |= {id(bias) for bias in biases}
        groups = [{"params": [weight for weight in learnt if id(weight) not in chosen], "times": 1.0}]
        groups += [{"params": biases, "times": _DISTANCE_RATE}] if biases else []
        self.optimizers: dict[str, torch.optim.Optimizer] = {}
        if matrices:  # with adapters there are none
            rate, decay = settings.learning_rate, settings.weight_decay
            self.optimizers["muon"] = Muon(matrices, rate, settings.momentum, decay, dtype)
        self.optimizers |= {
            "adamw": torch.optim.AdamW(
                groups, lr=settings.adam_learning_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True
            ),
        }
        self._average: WeightAverage | None = None
        if settings.average_share:
            self._average = WeightAverage(learnt, round(steps * (1 - settings.average_share)))
            self.optimizers["average"] = self._average  # after those that change the weights
        self._peaks = {"muon": settings.learning_rate, "adamw": settings.adam_learning_rate}
        if compiled:
            *full, last = model.blocks
            for block in full:
                block.compile(dynamic=False)
            last.compile(dynamic=True)  # works for the learnt places only, and each batch has others

    def step(self, step: int, batch: Any) -> StepFigures:
        """Learn from one batch. A gradient that is not finite changes nothing."""
        share = self._set_rates(step)
        if self.settings.dropout:  # what is left out follows from the step, so that a resumed run leaves out the same
            torch.manual_seed(derive_seed(self.seed, "dropout", step))
        if self._average is not None:
            self._average.now = step
        asked = self.objective(self.model, batch, self.dtype)
        loss, count = asked.loss, asked.positions
        if count == 0:
            return StepFigures(float("nan"), 0.0, share, 0, skipped=True)
        (loss / count).backward()
        norm = float(nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip))
        finite = norm == norm and norm != float("inf")
        if finite:
            for optimizer in self.optimizers.values():
                optimizer.step()
        self._count_bad(step, finite)
        self.model.zero_grad(set_to_none=True)
        return StepFigures(float(loss.detach()) / count, norm, share, count, skipped=not finite)

    def settle(self) -> None:
        """After the last step: the model takes the averaged weights, if any were averaged."""
        if self._average is not None:
            self._average.settle()

    def _set_rates(self, step: int) -> float:
        settings = self.settings
        share = rate_share(
            step,
            self.steps,
            warmup_share=settings.warmup_share,
            decay_share=settings.decay_share,
            final_rate=settings.final_rate,
        )
        for label, peak in self._peaks.items():
            for group in self.optimizers[label].param_groups if label in self.optimizers else ():
                group["lr"] = peak * share * group.get("times", 1.0)
        return share

    def _count_bad(self, step: int, finite: bool) -> None:
        self._bad_steps = 0 if finite else self._bad_steps + 1
        if self._bad_steps >= _BAD_STEPS_IN_A_ROW:
            raise TrainingError(
                f"{_BAD_STEPS_IN_A_ROW} gradients in a row were not finite",
                where=f"step {step}",
                remedy="lower train.learning_rate, or set plan.precision = 'float32'",
            )

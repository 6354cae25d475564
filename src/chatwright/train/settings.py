"""Settings of training. Loads no torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chatwright.core.settings import Settings


class TrainSettings(Settings):
    """How one training stage learns; steps and sizes come from the plan."""

    learning_rate: float = Field(0.02, gt=0, le=1, description="peak rate of Muon (block matrices)")
    adam_learning_rate: float = Field(0.008, gt=0, le=1, description="peak rate of AdamW (embedding, norms)")
    momentum: float = Field(0.95, ge=0, lt=1, description="momentum of Muon")
    weight_decay: float = Field(0.0, ge=0, le=1, description="decoupled decay of the block matrices")
    warmup_share: float = Field(0.02, ge=0, le=0.5, description="share of the steps in which the rate rises")
    decay_share: float = Field(0.5, ge=0, le=1, description="share of the steps in which the rate falls")
    final_rate: float = Field(0.02, ge=0, le=1, description="the rate at the end, as a share of the peak")
    clip: float = Field(1.0, gt=0, description="largest norm of the gradient per learnt token")
    dropout: float = Field(0.0, ge=0, lt=1, description="share of what blocks add that training leaves out")
    smoothing: float = Field(0.0, ge=0, lt=1, description="label smoothing, of the targets of pairs and of labels")
    average_share: float = Field(0.0, ge=0, lt=1, description="share of the last steps whose weights are averaged")
    rows_per_batch: int = Field(24, ge=1, description="B, rows in a step")
    log_every: int = Field(10, ge=1, description="steps between lines of the metric log; losses are means over them")
    checkpoint_every: int = Field(100, ge=1, description="steps between checkpoints")


class FinetuneSettings(Settings):
    """How the stage of finetuning differs from pretraining: of pairs, and of messages on a base."""

    rate_share: float = Field(1.0, gt=0, le=1, description="the peak rates, as a share of those of `train`")
    dropout: float | None = Field(None, ge=0, lt=1, description="share that this stage leaves out; none: as in `train`")
    most_pair_epochs: int = Field(200, ge=1, description="no pair is learnt more often than this, pretrained or not")

    def of(self, train: TrainSettings) -> TrainSettings:
        """The settings of training with these rates and this dropout."""
        changed = {name: getattr(train, name) * self.rate_share for name in ("learning_rate", "adam_learning_rate")}
        return train.model_copy(update=changed | ({} if self.dropout is None else {"dropout": self.dropout}))


class ClassifySettings(TrainSettings):
    """How a classifier learns, after masked pretraining or without it."""

    epochs: int = Field(4, ge=1, description="times that each text is learnt from")
    balance: float = Field(
        0.0, ge=0, le=1, description="0: every text counts as much as another; 1: every label, however rare"
    )
    learning_rate: float = Field(0.005, gt=0, le=1, description="peak rate of Muon (block matrices)")
    adam_learning_rate: float = Field(0.001, gt=0, le=1, description="peak rate of AdamW (embedding, norms, labels)")
    warmup_share: float = Field(0.1, ge=0, le=0.5, description="share of the steps in which the rate rises")
    decay_share: float = Field(0.9, ge=0, le=1, description="share of the steps in which the rate falls")
    dropout: float = Field(0.1, ge=0, lt=1, description="share of what blocks add that training leaves out")
    rows_per_batch: int = Field(8, ge=1, description="B, rows in a step")


class LoraSettings(Settings):
    """Low-rank adapters in place of all weights (arXiv 2106.09685)."""

    rank: int = Field(0, ge=0, le=1024, description="numbers between the two factors of a matrix; 0: all weights learn")
    alpha: float = Field(16.0, gt=0, description="what the factors add is multiplied with alpha / rank")


class PlanSettings(Settings):
    """What the plan is derived from: how long, how big, how much to learn per fact."""

    minutes: float = Field(11.0, gt=0, le=100_000, description="wall time of the whole run, all stages")
    depth: int | None = Field(None, ge=1, le=48, description="blocks; none: derived from the minutes")
    width: int | None = Field(None, ge=16, le=8192, multiple_of=16, description="D; none: derived from the minutes")
    facts: int | None = Field(None, ge=1, description="facts to learn; none: derived from the tokens there is time for")
    pretrain_steps: int | None = Field(None, ge=1, description="on documents; none: derived from the minutes")
    finetune_steps: int | None = Field(None, ge=1, description="none: derived from the minutes")
    exercise_steps: int = Field(
        100,
        ge=0,
        description="copying exercises before all else, from nothing; none in runs of under five times as many",
    )
    pretrain_share: float = Field(0.05, ge=0, lt=1, description="share of the training time spent on documents")
    denoise_share: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the training time spent on filling gaps, in the pairs' own text and in pairs.texts",
    )
    tokens_per_fact: int = Field(1800, ge=1, description="conversation tokens it takes to learn one of 2,000 facts")
    tokens_per_round: int = Field(139, ge=1, description="mean tokens of one fact's conversations in one round")
    most_rounds: int = Field(60, ge=1, description="no fact is asked about in more rounds than this")
    most_epochs: int = Field(12, ge=1, description="no document or conversation is read more often than this")
    other_seconds: float = Field(110.0, ge=0, description="wall time of all that is not training")
    prudence: float = Field(0.92, gt=0, le=1, description="share of the measured speed that is counted on")
    precision: Literal["auto", "bfloat16", "float32"] = Field("auto", description="auto: bfloat16 where it is fast")
    compile: Literal["auto", "yes", "no"] = Field("auto", description="auto: where a C++ compiler is found")
    threads: int | None = Field(None, ge=1, description="none: the processor's cores that this process may use")

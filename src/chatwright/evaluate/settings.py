"""Settings of the evaluation."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from chatwright.core.settings import Settings

Likelihood = Literal["blimp", "piqa", "arc-challenge", "cmmlu", "mmlu"]


class EvaluateSettings(Settings):
    """How answers are made and scored, and how sure a score has to say it is."""

    unit: Literal["words", "characters"] = Field(
        default="words",
        description="what is counted; characters for Chinese, which puts no spaces between words (talks: always these)",
    )
    near_exact: float = Field(default=0.8, gt=0, le=1, description="ROUGE-L from which an answer counts as near-exact")
    bootstrap_samples: int = Field(default=1000, ge=100, le=100_000, description="resamples behind each interval")
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="share of intervals that hold the true value")
    tasks: tuple[Likelihood, ...] = Field(
        (), description="public tasks that a model of text or messages is asked at the end (--data DIR)"
    )
    text_batch: int = Field(default=16, ge=1, description="sequences read at once for perplexity")

    def resampling(self, seed: int) -> dict[str, Any]:
        """How intervals are drawn, as the functions of `uncertainty.py` take it."""
        return {"samples": self.bootstrap_samples, "confidence": self.confidence, "seed": seed}

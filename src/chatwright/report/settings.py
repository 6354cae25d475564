"""Settings of the report."""

from __future__ import annotations

from pydantic import Field

from chatwright.core.settings import Settings


class ReportSettings(Settings):
    """What the report shows, and what it has to assume because no stage can measure it."""

    watts: float = Field(
        default=60.0, gt=0, description="power that the whole machine is assumed to draw while a stage runs"
    )
    sampled_answers: int = Field(default=30, ge=0, description="answers shown, chosen by seed")
    curve_points: int = Field(default=240, ge=10, description="points of a loss curve; steps are averaged")
    languages: tuple[str, ...] = Field(default=(), description="ISO 639 codes of the text")
    tags: tuple[str, ...] = Field(default=(), description="further tags for the model card")

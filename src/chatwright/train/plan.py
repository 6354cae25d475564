"""The plan: what a run will do and what it should cost, written before anything is trained.

Loads no torch: later stages and the report read plans; only `planner.py` makes them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from chatwright.core.errors import ArtifactError
from chatwright.core.files import read_json, write_json
from chatwright.core.settings import Settings
from chatwright.model.config import ModelConfig

PLAN_FILE = "plan.json"


class StagePlan(Settings):
    """Steps of one training stage and the tokens in each (padding included)."""

    steps: int
    exercises: int = 0  # of the steps, the first ones: copying exercises
    rows_per_batch: int
    tokens_per_step: int


class Plan(Settings):
    """What was measured once, and all that follows from it."""

    minutes: float
    created: str
    machine: dict[str, Any]
    precision: str
    compiled: bool
    threads: int
    model: ModelConfig
    pretrain: StagePlan | None = None  # not every story has both stages
    finetune: StagePlan | None = None
    facts: int = 0
    expected: dict[str, Any]

    def stage(self, name: Literal["pretrain", "finetune"]) -> StagePlan:
        """A stage that this plan has."""
        found: StagePlan | None = getattr(self, name)
        assert found is not None, f"the plan has no stage {name}"
        return found

    def save(self, folder: Path) -> None:
        """Write `plan.json`."""
        write_json(folder / PLAN_FILE, self.model_dump(mode="json"))

    @classmethod
    def load(cls, folder: Path) -> Plan:
        """Read `plan.json`; one of another version is an `ArtifactError`."""
        try:
            return cls.model_validate(read_json(folder / PLAN_FILE))
        except ValidationError as error:
            raise ArtifactError(
                f"the plan does not fit this version: {error.error_count()} fields differ",
                where=str(folder / PLAN_FILE),
                remedy="make a new one with `chatwright plan --replan`",
            ) from None

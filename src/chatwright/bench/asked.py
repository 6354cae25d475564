"""What a bench is asked, and a row of what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chatwright.bench.measured import Row
from chatwright.pipeline.job import Show


@dataclass(frozen=True)
class Asked:
    """What a person asks of a bench."""

    folder: Path  # for what it makes
    data: str | None  # the folder of public data sets
    show: Show
    only: tuple[str, ...] = ()  # parts of it; none: all
    rival: str | None = None  # the Python of an environment that has the rival


def row(name: str, value: float, unit: str, target: str | None = None, holds: bool | None = None) -> Row:
    """A row of a bench's table."""
    return {"name": name, "value": value, "unit": unit, "target": target, "holds": holds}

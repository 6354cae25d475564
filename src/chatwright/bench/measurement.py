"""What every bench is told, and the rows that it gives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatwright.core.progress import Progress

Row = dict[str, Any]  # name, value, unit, target (in words, "at least 0.5", or None), holds
Show = Callable[[str], AbstractContextManager[Progress]]  # a part's name to its progress display


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

"""What a bench hands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]  # name, value, unit, target (in words, "at least 0.5", or None), holds; low and high where known
Chart = dict[str, Any]  # see `report/charts.py`


@dataclass(frozen=True)
class Measured:
    """The rows of its table, charts for the report, and what besides the machine the figures depend on."""

    rows: list[Row]
    charts: list[Chart] = field(default_factory=list)
    conditions: dict[str, Any] = field(default_factory=dict)

"""How many facts are learnt in how many minutes: whole runs of the default recipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from chatwright.core.errors import ChatwrightError
from chatwright.core.files import read_json

_PLANNED = {5: 4.8, 12: 11.5, 40: 39.0}  # minutes to plan for, to be done within; 11.5 is the default recipe's own
_LEAST_FACTS = {5: 0, 12: 2_000, 40: 4_000}
_ANSWERS = (  # facts count only where these gates hold
    "what.exact_match",
    "outside.near_exact",
    "which.exact_match",
    "follow-up.exact_match",
    "unknown.declined",
    "overall.wrongly_declined",
)


def measure_facts(folder: Path, commit: str) -> list[dict[str, Any]]:
    """One run of the default recipe for each number of minutes, planned to end within them.

    A run that is there already, of the same commit, is read and not repeated.
    """
    rows: list[dict[str, Any]] = []
    for minutes, planned in _PLANNED.items():
        run = folder / f"facts-{minutes}-{commit}"
        command = [sys.executable, "-m", "chatwright", "run", "--minutes", str(planned), "--out", str(run), "--json"]
        if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
            raise ChatwrightError("the run failed, see above", where=str(run), remedy="run the bench again; it goes on")
        rows += _rows(minutes, {row["name"]: row for row in read_json(run / "report" / "scores.json")["rows"]})
    return rows


def _rows(minutes: int, scores: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What one run shows. Its facts hold where there are enough, in time, and every answer's gate holds."""
    rows = []
    least = _LEAST_FACTS[minutes]
    in_time = scores["run.minutes"]["value"] <= minutes
    answered = all(name in scores and scores[name]["holds"] for name in _ANSWERS)
    for name in ("run.minutes", "facts.covered", *_ANSWERS):
        if name not in scores:
            continue
        value, target, holds = scores[name]["value"], scores[name].get("target"), scores[name].get("holds")
        if name == "run.minutes":
            target, holds = f"at most {minutes}", in_time
        elif name == "facts.covered":
            target = f"at least {least:,}" if least else None
            holds = value >= least and in_time and answered
        row = {"name": f"{minutes} min: {name}", "value": value, "unit": scores[name]["unit"]}
        rows.append({**row, "target": target, "holds": holds})
    return rows

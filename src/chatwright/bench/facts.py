"""How many facts are learnt in how many minutes: whole runs of the default recipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from chatwright.core.errors import ChatwrightError
from chatwright.core.files import read_json

_PLANNED = {5: 4.8, 12: 11.9, 40: 39.0}  # minutes to plan for, to be done within; 11.9 is the default recipe's own
_TARGET_FACTS = {5: None, 12: 2_000, 40: 4_000}
_ANSWERS = (  # facts count only where these gates hold
    "what.exact_match",
    "outside.near_exact",
    "which.exact_match",
    "follow-up.exact_match",
    "unknown.declined",
    "overall.wrongly_declined",
)


def measure_facts(folder: Path) -> list[dict[str, Any]]:
    """One run of the default recipe for each number of minutes, planned to end within them.

    A run that is there already is read, not repeated.
    """
    rows: list[dict[str, Any]] = []
    for minutes, planned in _PLANNED.items():
        run = folder / f"facts-{minutes}"
        command = [sys.executable, "-m", "chatwright", "run", "--minutes", str(planned), "--out", str(run), "--json"]
        if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
            raise ChatwrightError("the run failed, see above", where=str(run), remedy="run the bench again; it goes on")
        scores = {row["name"]: row for row in read_json(run / "report" / "scores.json")["rows"]}
        answered = all(scores[name]["holds"] for name in _ANSWERS if name in scores)
        for name in ("run.minutes", "facts.covered", "what.exact_match", "which.exact_match", "follow-up.exact_match"):
            if name not in scores:
                continue
            value, target, holds = scores[name]["value"], scores[name].get("target"), scores[name].get("holds")
            if name == "facts.covered":
                least = _TARGET_FACTS[minutes]
                target = None if least is None else f"at least {least:,}"
                holds = None if least is None else value >= least and answered
            elif name == "run.minutes":
                target, holds = f"at most {minutes}", value <= minutes
            row = {"name": f"{minutes} min: {name}", "value": value, "unit": scores[name]["unit"]}
            rows.append({**row, "target": target, "holds": holds})
    return rows

"""How fast the door opens."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import Any

_REPEATS = 9
_TARGET_SECONDS = 0.5


def help_seconds(repeats: int) -> float:
    """Median wall seconds of `chatwright --help` in a fresh process, after one warm-up."""
    command = [sys.executable, "-m", "chatwright", "--help"]
    times = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return round(statistics.median(times[1:]), 4)


def measure_startup() -> list[dict[str, Any]]:
    """How long `chatwright --help` takes."""
    median = help_seconds(_REPEATS)
    return [
        {
            "name": "help",
            "value": median,
            "unit": "seconds",
            "target": f"at most {_TARGET_SECONDS}",
            "holds": median <= _TARGET_SECONDS,
        }
    ]

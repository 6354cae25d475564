"""Which benches there are, and the conditions under which they ran."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from chatwright.bench.cleaning.run import measure_cleaning
from chatwright.bench.corpus import measure_corpus
from chatwright.bench.facts import measure_facts
from chatwright.bench.measured import Measured, Row
from chatwright.bench.startup import measure_startup
from chatwright.bench.training import measure_training
from chatwright.core.artifacts import installed_versions
from chatwright.pipeline.job import Show
from chatwright.recipe import Recipe


@dataclass(frozen=True)
class Bench:
    """A measurement; `in_all` says that it takes minutes at most and no public data."""

    measure: Callable[[Path, str | None], list[Row]]  # takes the folder for what it makes, and that of public data
    in_all: bool


@dataclass(frozen=True)
class RecipeBench:
    """A measurement of what a recipe names, in about so many minutes; `recipe` is the one where none is named."""

    measure: Callable[[Recipe, Path, Show], Measured]
    recipe: str
    minutes: float
    in_all: bool = False


BENCHES: dict[str, Bench | RecipeBench] = {
    "startup": Bench(lambda _, __: measure_startup(), True),
    "training": Bench(lambda _, __: measure_training(), True),
    "facts": Bench(lambda folder, _: measure_facts(folder, commit() or "unknown"), False),
    "corpus": Bench(lambda _, data: measure_corpus(data), False),
    "cleaning": RecipeBench(measure_cleaning, recipe="pages-zh-en", minutes=40.0),
}


def commit() -> str | None:
    """The commit that these sources are of, "-dirty" where they were changed since; None outside a checkout."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        told = subprocess.run(command, check=False, cwd=Path(__file__).parent, capture_output=True, text=True)
    except OSError:  # no git
        return None
    return told.stdout.strip() or None


def conditions() -> dict[str, Any]:
    """Machine, versions and commit of the figures."""
    from chatwright.train.machine import processor_name, usable_cores

    return {
        "measured": date.today().isoformat(),
        "processor": processor_name(),
        "cores": usable_cores(),
        "load": round(os.getloadavg()[0], 2),
        "commit": commit(),
        **installed_versions(),
    }

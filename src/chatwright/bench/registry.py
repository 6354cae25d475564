"""Which benches there are, and the conditions under which they ran."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from chatwright.bench.asked import Asked
from chatwright.bench.cleaning.run import measure_cleaning
from chatwright.bench.corpus.suite import PARTS, measure_corpus
from chatwright.bench.facts import measure_facts
from chatwright.bench.measured import Measured, Row
from chatwright.bench.startup import measure_startup
from chatwright.bench.training import measure_training
from chatwright.core.artifacts import installed_versions
from chatwright.core.cores import usable_cores
from chatwright.pipeline.job import Show
from chatwright.recipe import Recipe


@dataclass(frozen=True)
class Bench:
    """A measurement; `in_all` says that it takes minutes at most and no public data.

    Of one that has `parts` some can be measured alone.
    """

    measure: Callable[[Asked], list[Row]]
    in_all: bool
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecipeBench:
    """A measurement of what a recipe names, in about so many minutes; `recipe` is the one where none is named."""

    measure: Callable[[Recipe, Path, Show], Measured]
    recipe: str
    minutes: float
    in_all: bool = False


BENCHES: dict[str, Bench | RecipeBench] = {
    "startup": Bench(lambda _: measure_startup(), True),
    "training": Bench(lambda _: measure_training(), True),
    "facts": Bench(lambda asked: measure_facts(asked.folder, commit() or "unknown"), False),
    "corpus": Bench(measure_corpus, False, tuple(PARTS)),
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
    from chatwright.train.machine import processor_name

    return {
        "measured": date.today().isoformat(),
        "processor": processor_name(),
        "cores": usable_cores(),
        "load": round(os.getloadavg()[0], 2),
        "commit": commit(),
        **installed_versions(),
    }

"""The parts of the corpus bench, in the order of the table in the lab book."""

from __future__ import annotations

import sys
from collections.abc import Callable

from chatwright.bench.asked import Asked
from chatwright.bench.corpus.growth import measure_growth
from chatwright.bench.corpus.packing import measure_packing
from chatwright.bench.corpus.pages import measure_pages
from chatwright.bench.corpus.quality import measure_chinese, measure_copies, measure_private
from chatwright.bench.corpus.rival import measure_rival
from chatwright.bench.corpus.runners import measure_runners
from chatwright.bench.corpus.speed import measure_speed
from chatwright.bench.corpus.texts import TEXTS, public_texts
from chatwright.bench.measured import Row
from chatwright.core.errors import UsageError

PARTS: dict[str, Callable[[Asked], list[Row]]] = {
    "copies": measure_copies,
    "private": measure_private,
    "chinese": measure_chinese,
    "pages": measure_pages,
    "core": measure_speed,
    "growth": measure_growth,
    "packing": measure_packing,
    "runners": measure_runners,
    "rival": measure_rival,
}


def measure_corpus(asked: Asked) -> list[Row]:
    """The figures; `UsageError` says which public file is missing, or that the rival is asked for and not named."""
    public_texts(asked.data, TEXTS)
    if asked.rival is None and "rival" in asked.only:
        raise UsageError(
            "the rival is measured in an environment of its own, and none is named",
            where="--only rival",
            remedy="name its Python: --rival PYTHON (an environment with datatrove[io,processing,multilingual])",
        )
    rows = list[Row]()
    for name, measure in PARTS.items():
        if asked.only and name not in asked.only:
            continue
        if name == "rival" and asked.rival is None:
            sys.stderr.write("     rival not measured: name the Python of its environment with --rival PYTHON\n")
            continue
        rows += measure(asked)
    return rows

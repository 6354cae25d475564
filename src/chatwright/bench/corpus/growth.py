"""What it costs to go from text to kept text: megabytes a second, and time and memory as the corpus grows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.compute as pc

from chatwright.bench.asked import Asked, row
from chatwright.bench.corpus.stages import AFTER, BEFORE, KEEPING, Cost, Source, carry_out, collection_job
from chatwright.bench.corpus.texts import write_slices
from chatwright.bench.measured import Row
from chatwright.core.cores import usable_cores
from chatwright.corpus.collection.parts import read_parts
from chatwright.pipeline.job import Show

SIZES = (1, 4, 16)  # slices
_MEGABYTES = 10.0  # of text in a slice
_LEAST_MEGABYTES = 150.0  # below, the speed is no figure to hold against a target
_SPEED, _LINEAR, _PEAK = 4.0, 1.2, 1.3

Costs = dict[str, Cost]


def measure_growth(asked: Asked, megabytes: float = _MEGABYTES) -> list[Row]:
    """Once all slices with the settings of a recipe, for the speed; then 1, 4 and 16 of them on one core."""
    with asked.show("texts") as progress:
        texts = write_slices(asked.folder / f"texts-{megabytes:g}", asked.data, SIZES[-1], megabytes, progress)
    run = asked.folder / "growth"
    try:
        told = _speed(run, texts, asked.show)
        grown = {size: _cost(run, texts[:size], size, asked.show) for size in SIZES}
    finally:
        shutil.rmtree(run, ignore_errors=True)
    return [*speed_rows(*told, usable_cores()), *growth_rows(grown)]


def _speed(run: Path, texts: list[Path], show: Show) -> tuple[float, float, Costs]:
    """Megabytes that come in and that stay, and what each stage takes."""
    job = collection_job(run, [{"name": "texts", "path": str(texts[0].parent.resolve())}], show)
    carry_out(job, BEFORE)
    came = _megabytes(job.done["extract"].folder)
    costs = carry_out(job, (*KEEPING, *AFTER))
    return came, _megabytes(job.done["deduplicate"].folder), costs


def _megabytes(folder: Path) -> float:
    """UTF-8 of the texts that stay after a stage, in 10^6 bytes."""
    tables = read_parts(folder, ["text"])
    return sum(pc.sum(pc.binary_length(table["text"])).as_py() or 0 for table in tables) / 1e6


def _cost(run: Path, texts: list[Path], size: int, show: Show) -> Costs:
    sources: list[Source] = [{"name": path.stem, "path": str(path.resolve())} for path in texts]
    # on one core: with several, more of them have work as there is more
    job = collection_job(run, sources, lambda name: show(f"{size}x {name}"), engine={"threads": 1})
    carry_out(job, BEFORE)
    return carry_out(job, (*KEEPING, *AFTER), memory=True)


def speed_rows(came: float, kept: float, costs: Costs, cores: int) -> list[Row]:
    """Megabytes of text that came in to the wall time of the stages that decide what stays, on `cores` cores."""
    seconds = sum(costs[name].seconds for name in KEEPING)
    speed, enough = came / seconds / cores, came >= _LEAST_MEGABYTES
    target = f"at least {_SPEED:g}" if enough else None
    return [
        row("text to kept text", speed, "MB/s of a core", target, speed >= _SPEED if enough else None),
        row("text to kept text: came in", came, "MB"),
        row("text to kept text: stays", kept / came, "share"),
        *(row(f"text to kept text: {name}", cost.seconds, "seconds") for name, cost in costs.items()),
    ]


def growth_rows(grown: dict[int, Costs]) -> list[Row]:
    """Whether what is added costs the same the larger the corpus is, and whether memory stays as it was.

    The seconds that every start costs would flatter large corpora, so those that are added are compared: from 4 to 16
    slices each with those from 1 to 4.
    """
    small, middle, large = (grown[size] for size in SIZES)
    rows, every = list[Row](), (*KEEPING, *AFTER)
    for name in (*every, "all"):
        names = every if name == "all" else (name,)
        taken = [sum(costs[each].seconds for each in names) for costs in (small, middle, large)]
        early = (taken[1] - taken[0]) / (SIZES[1] - SIZES[0])
        growth = (taken[2] - taken[1]) / (SIZES[2] - SIZES[1]) / max(early, 1e-9)
        asked = name == "all"
        rows.append(
            row(
                f"growth, {name}: a slice's seconds, 4x to 16x against 1x to 4x",
                growth,
                "times",
                f"at most {_LINEAR:g}" if asked else None,
                growth <= _LINEAR if asked else None,
            )
        )
        rows += [row(f"growth, {name}: {size}x", each, "seconds") for size, each in zip(SIZES, taken, strict=True)]
    peaks = {size: max(costs[name].bytes for name in every) for size, costs in grown.items()}
    if all(peaks.values()):
        most = peaks[SIZES[-1]] / peaks[SIZES[0]]
        rows.append(row("growth: peak memory, 16x against 1x", most, "times", f"at most {_PEAK:g}", most <= _PEAK))
        for name in every:
            rows += [row(f"growth, {name}: {size}x, peak", grown[size][name].bytes / 1e6, "MB") for size in SIZES]
    return rows

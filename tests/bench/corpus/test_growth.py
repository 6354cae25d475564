from __future__ import annotations

from pathlib import Path

import pytest

from chatwright.bench.corpus import growth
from chatwright.bench.corpus.growth import Costs, growth_rows, measure_growth, speed_rows
from chatwright.bench.corpus.memory import memory_of, watched
from chatwright.bench.corpus.stages import Cost
from chatwright.core.errors import UsageError
from tests.bench.corpus.test_suite import asked

STAGES = ("clean", "judge", "deduplicate", "corpus")


def costs(seconds: float, size: int) -> Costs:
    return {name: Cost(seconds, size) for name in STAGES}


def test_what_every_start_costs_is_no_growth() -> None:
    rows = {row["name"]: row for row in growth_rows({size: costs(5 + 2 * size, 100) for size in (1, 4, 16)})}
    grown = rows["growth, all: a slice's seconds, 4x to 16x against 1x to 4x"]
    assert grown["value"] == pytest.approx(1) and grown["holds"]
    assert rows["growth: peak memory, 16x against 1x"]["holds"]
    assert rows["growth, judge: 4x"]["value"] == 13


def test_what_grows_faster_than_the_corpus_does_not_hold() -> None:
    squared = {1: costs(6, 100), 4: costs(21, 110), 16: costs(261, 131)}  # 5 + n^2
    rows = {row["name"]: row for row in growth_rows(squared)}
    assert rows["growth, all: a slice's seconds, 4x to 16x against 1x to 4x"]["value"] == pytest.approx(4)
    assert not rows["growth, all: a slice's seconds, 4x to 16x against 1x to 4x"]["holds"]
    assert not rows["growth: peak memory, 16x against 1x"]["holds"]
    unknown = growth_rows({size: costs(size, 0) for size in (1, 4, 16)})  # a system that does not tell
    assert not [row for row in unknown if "memory" in row["name"]]


def test_speed_is_held_against_its_target_where_there_is_enough_text() -> None:
    measured = {"clean": Cost(10, 0), "judge": Cost(8, 0), "deduplicate": Cost(2, 0), "corpus": Cost(5, 0)}
    speed, came, stays = speed_rows(160, 120, measured, cores=2)[:3]
    assert speed["value"] == 4 and speed["holds"] and came["value"] == 160 and stays["value"] == 0.75
    assert speed_rows(160, 120, measured, cores=4)[0]["holds"] is False
    assert speed_rows(10, 10, measured, cores=1)[0]["target"] is None


def test_memory_of_what_was_held_is_seen() -> None:
    before = memory_of(0)  # there is no such process
    with watched() as peak:
        held = bytearray(b"x" * 50_000_000)
        while not peak.bytes:
            pass
    assert before == 0 and peak.bytes > len(held)


@pytest.mark.slow
def test_the_stages_are_measured(data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "SIZES", (1, 2, 4))
    rows = {row["name"]: row["value"] for row in measure_growth(asked(tmp_path, data_folder), megabytes=0.1)}
    assert 0.4 <= rows["text to kept text: came in"] <= 0.4 + 4 * 0.08
    assert 0 < rows["text to kept text: stays"] <= 1 and rows["text to kept text"] > 0
    assert all(rows[f"growth, {stage}: {size}x, peak"] > 0 for stage in STAGES for size in (1, 2, 4))
    assert not (tmp_path / "growth").exists()


def test_texts_have_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gutenberg"):
        measure_growth(asked(tmp_path, tmp_path), megabytes=0.1)

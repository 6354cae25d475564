"""Rows and charts out of figures that are known."""

from __future__ import annotations

from typing import Any

import pytest

from chatwright.bench.cleaning.figures import tell
from chatwright.bench.cleaning.grid import SHARES, TRAININGS
from chatwright.bench.cleaning.states import STATES
from chatwright.bench.measured import Measured
from chatwright.recipe import Recipe

BITS = {"raw": 3.0, "cleaned": 2.5, "deduplicated": 2.25, "half": 2.5, "a quarter": 3.0, "an eighth": 3.5}
T = 4.302653  # 97.5% of Student's t with 2 degrees of freedom


def told(openings: int = 8, languages: tuple[str, ...] = ("en", "zh")) -> Measured:
    """What is told where every seed lies .5 above the one before, and Chinese twice as high as English."""
    trained = dict[str, dict[str, Any]]()
    for training in TRAININGS:
        bits = BITS[training.reads] + training.seed / 2
        scores = {"bits_per_byte": bits, "bits_per_byte_en": bits, "bits_per_byte_zh": 2 * bits}
        scores |= {"repeated_greedy": bits / 10, "repeated_sampled": bits / 100, "broken_sampled": 0.25}
        trained[training.name] = {"scores": scores, "epochs": float(training.seed)}
    counts = {f"{name}_{what}": 7 for name in (*STATES, "held_out") for what in ("documents", "characters")}
    return tell(
        Recipe.model_validate({"name": "mine", "story": "text"}),
        {**counts, "like_held_out": 3},
        {"languages": list(languages), "openings": openings, "people": {"repeated": 0.01, "broken": 0.125}},
        {"parameters": 10, "steps": 5, "tokens": 500},
        trained,
    )


def test_means_and_intervals_are_over_seeds() -> None:
    rows = {row["name"]: row for row in told().rows}
    assert len(rows) == len(told().rows) == 6 * (6 + 3) + 2
    raw = rows["held-out text: raw"]
    half = T * 0.5 / 3**0.5
    assert (raw["value"], raw["low"], raw["high"]) == pytest.approx((4.0, 4 - half, 4 + half), abs=1e-5)
    assert (raw["unit"], raw["target"], raw["holds"], raw["n"]) == ("bits per byte", None, None, 3)
    assert rows["held-out text, zh: half of the deduplicated text"]["value"] == pytest.approx(7.0)
    assert rows["what people wrote there breaks a rule"]["value"] == 0.125


def test_differences_are_taken_seed_by_seed() -> None:
    rows = {row["name"]: row for row in told().rows}
    for name, value in (
        ("cleaned less raw", -0.5),
        ("deduplicated less cleaned", -0.25),
        ("deduplicated less raw", -0.75),
    ):
        row = rows[f"held-out text: {name}"]
        assert (row["value"], row["low"], row["high"]) == pytest.approx((value,) * 3), (
            "no spread, though seeds have one"
        )


def test_charts_go_by_state_and_by_share() -> None:
    by_state, by_share, against_raw, against_all, *repetition = told().charts
    assert by_state["places"] == list(STATES) and by_share["places"] == ["1/8", "1/4", "1/2", "all"]
    assert [line["name"] for line in by_state["lines"]] == ["all", "en", "zh"]
    assert [point["value"] for point in by_share["lines"][0]["points"]] == pytest.approx([4.5, 4.0, 3.5, 3.25])
    apart = [[point["value"] for point in chart["lines"][2]["points"]] for chart in (against_raw, against_all)]
    assert apart == [pytest.approx([0, -1, -1.5]), pytest.approx([2.5, 1.5, 0.5, 0])], "Chinese, twice English"
    assert [chart["unit"] for chart in repetition] == ["share", "share"]


def test_without_openings_and_with_one_language_nothing_is_told_of_them() -> None:
    alone = told(openings=0, languages=("en",))
    assert len(alone.charts) == 4 and [line["name"] for line in alone.charts[0]["lines"]] == ["all"]
    assert not [row for row in alone.rows if "grams" in row["name"] or "rule" in row["name"]]


def test_conditions_say_what_every_model_read() -> None:
    conditions = told().conditions
    assert conditions["tokens_read"] == 500 and conditions["left_out_like_held_out"] == 3
    assert conditions["epochs"] == dict.fromkeys((*STATES, *SHARES), 2.0)

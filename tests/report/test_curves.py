from pathlib import Path
from xml.etree import ElementTree

import pytest

from chatwright.report.curves import loss_svg, make_curve, write_png

LOSSES = [{"step": step, "loss": 5.0 / step} for step in range(1, 101)]
LINES = [*LOSSES, {"step": 50, "validation_loss": 0.2}]


def test_stretches_keep_every_step_and_their_extremes() -> None:
    curve = make_curve(LINES, points=10)
    assert curve is not None
    assert len(curve.steps) == 10
    assert sum(curve.mean) / 10 == pytest.approx(sum(5.0 / step for step in range(1, 101)) / 100)
    assert curve.high[0] == 5.0
    assert curve.low[-1] == pytest.approx(0.05)
    assert all(low <= mean <= high for low, mean, high in zip(curve.low, curve.mean, curve.high, strict=True))
    assert curve.validation == [(50, 0.2)]


def test_short_logs_are_drawn_step_by_step() -> None:
    curve = make_curve(LINES[:7], points=10)
    assert curve is not None
    assert curve.mean == curve.low == curve.high == [5.0 / step for step in range(1, 8)]


def test_a_log_without_losses_has_no_curve() -> None:
    diverged = [{"step": 1, "loss": float("nan")}, {"step": 2, "validation_loss": 1.0}]
    assert make_curve([], points=10) is None
    assert make_curve(diverged, points=10) is None


def test_svg_is_well_formed_repeatable_and_takes_the_colours_of_the_page() -> None:
    curve = make_curve(LINES, points=20)
    assert curve is not None
    svg = loss_svg(curve, "Finetuning")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert svg == loss_svg(curve, "Finetuning")
    assert "var(--blue)" in svg
    assert "var(--orange)" in svg
    assert not any(stand_in in svg for stand_in in ("#010101", "#020202", "#030303", "#040404"))


def test_png(tmp_path: Path) -> None:
    curve = make_curve(LINES, points=20)
    assert curve is not None
    write_png(tmp_path / "one.png", {"Finetuning": curve})
    write_png(tmp_path / "two.png", {"Pretraining": curve, "Finetuning": curve})
    one, two = ((tmp_path / name).read_bytes() for name in ("one.png", "two.png"))
    assert one.startswith(b"\x89PNG")
    width = [int.from_bytes(picture[16:20], "big") for picture in (one, two)]
    assert width[1] == 2 * width[0]

"""Loss curves, drawn by matplotlib: as SVG that takes the page's colours, and as a PNG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatwright.report.pictures import PAPER, STAND_INS, Palette, svg, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Line = Mapping[str, Any]

_LOGARITHMIC_FROM = 20.0  # the ratio of the highest to the lowest loss from which small ones need a log axis


@dataclass(frozen=True)
class Curve:
    """A loss curve: mean, lowest and highest loss of each stretch of steps, and validation points."""

    steps: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]
    validation: list[tuple[float, float]]


def make_curve(lines: Sequence[Line], points: int) -> Curve | None:
    """Average a metric log to at most `points` stretches; None where it holds no loss."""
    losses = [(line["step"], line["loss"]) for line in lines if _is_number(line.get("loss"))]
    if not losses:
        return None
    size = -(-len(losses) // points)
    stretches = [losses[start : start + size] for start in range(0, len(losses), size)]
    return Curve(
        steps=[sum(step for step, _ in stretch) / len(stretch) for stretch in stretches],
        mean=[sum(loss for _, loss in stretch) / len(stretch) for stretch in stretches],
        low=[min(loss for _, loss in stretch) for stretch in stretches],
        high=[max(loss for _, loss in stretch) for stretch in stretches],
        validation=[
            (line["step"], line["validation_loss"]) for line in lines if _is_number(line.get("validation_loss"))
        ],
    )


def loss_svg(curve: Curve, name: str) -> str:
    """One curve as an SVG element for the page: its colours are the page's, light or dark.

    `name` keeps the ids of several pictures in one page apart.
    """
    return svg(lambda axes: _draw(axes, curve, STAND_INS), name, f"{name}: loss by step", (5.6, 3.3))


def write_png(path: Path, curves: Mapping[str, Curve]) -> None:
    """All curves side by side as a PNG on white, for places that show no SVG."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 10}):
        figure = Figure(figsize=(5.6 * max(1, len(curves)), 3.6), layout="constrained", facecolor="white")
        for place, (name, curve) in enumerate(curves.items(), start=1):
            axes = figure.add_subplot(1, len(curves), place)
            _draw(axes, curve, PAPER)
            axes.set_title(name, loc="left", color=PAPER.ink, fontsize=11, fontweight="bold")
        figure.savefig(path, dpi=150, format="png", metadata={"Software": None})


def _draw(axes: Axes, curve: Curve, palette: Palette) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axes.fill_between(curve.steps, curve.low, curve.high, color=palette.main, alpha=0.16, linewidth=0)
    axes.plot(curve.steps, curve.mean, color=palette.main, linewidth=2, label="training", solid_capstyle="round")
    if curve.validation:
        steps, losses = zip(*curve.validation, strict=True)
        axes.plot(
            steps,
            losses,
            color=palette.other,
            linewidth=2,
            marker="o",
            markersize=4.5,
            label="validation",
        )
        axes.legend(frameon=False, labelcolor=palette.ink, loc="best")
    if min(curve.mean) > 0 and max(curve.mean) / min(curve.mean) > _LOGARITHMIC_FROM:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.margins(x=0.01)
    tidy(axes, palette)
    axes.set_xlabel("step", color=palette.ink)
    axes.set_ylabel("loss, nats per token", color=palette.ink)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)

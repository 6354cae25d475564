"""Loss curves, drawn by matplotlib: as SVG that takes the page's colours, and as a PNG."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Line = Mapping[str, Any]

_LOGARITHMIC_FROM = 20.0  # the ratio of the highest to the lowest loss from which small ones need a log axis


@dataclass(frozen=True)
class Palette:
    """Colours of a picture. For the page they are stand-ins that `page_svg` turns into CSS variables."""

    ink: str
    grid: str
    loss: str
    validation: str
    third: str  # of what has more lines than loss curves have

    @property
    def lines(self) -> tuple[str, str, str]:
        """What lines are drawn in, one after the other."""
        return self.loss, self.validation, self.third


PAPER = Palette(ink="#3b3f4a", grid="#e3e5ea", loss="#2a78d6", validation="#eb6834", third="#0b6b3a")
STAND_INS = Palette(ink="#010101", grid="#020202", loss="#030303", validation="#040404", third="#050505")
_VARIABLES = {
    STAND_INS.ink: "var(--muted)",
    STAND_INS.grid: "var(--line)",
    STAND_INS.loss: "var(--blue)",
    STAND_INS.validation: "var(--orange)",
    STAND_INS.third: "var(--good)",
}


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
    return page_svg(lambda axes: _draw(axes, curve, STAND_INS), name, f"{name}: loss by step")


def page_svg(draw: Callable[[Axes], None], name: str, label: str) -> str:
    """What `draw` draws in the stand-ins' colours, as an SVG element in the page's; `label` says what it shows."""
    from html import escape

    from matplotlib import rc_context
    from matplotlib.figure import Figure

    out = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 10}):
        figure = Figure(figsize=(5.6, 3.3), layout="constrained")
        draw(figure.add_subplot())
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    for stand_in, variable in _VARIABLES.items():
        svg = svg.replace(stand_in, variable)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1)


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

    axes.set_facecolor("none")
    axes.fill_between(curve.steps, curve.low, curve.high, color=palette.loss, alpha=0.16, linewidth=0)
    axes.plot(curve.steps, curve.mean, color=palette.loss, linewidth=2, label="training", solid_capstyle="round")
    if curve.validation:
        steps, losses = zip(*curve.validation, strict=True)
        axes.plot(
            steps,
            losses,
            color=palette.validation,
            linewidth=2,
            marker="o",
            markersize=4.5,
            label="validation",
        )
        axes.legend(frameon=False, labelcolor=palette.ink, loc="upper right")
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
    axes.grid(axis="y", color=palette.grid, linewidth=1)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(palette.grid)
    axes.tick_params(which="both", length=0, colors=palette.ink)
    axes.set_xlabel("step", color=palette.ink)
    axes.set_ylabel("loss, nats per token", color=palette.ink)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)

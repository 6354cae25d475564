"""Charts that benches leave in their JSON: values with intervals at named places, a line each.

A chart is {"title", "axis", "unit", "places": [names], "lines": [{"name", "points": [{"value", "low", "high"}, …]}, …]}
with a point of each line at each place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatwright.report.pictures import PAPER, STAND_INS, Palette, svg, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Chart = Mapping[str, Any]

_APART = 0.08  # of the distance of two places: lines stand side by side, so that their intervals are seen
_MARKERS = "osD^v"


def chart_svg(chart: Chart, name: str) -> str:
    """A chart as an SVG element for the page, in the page's colours; `name` keeps the ids of several apart."""
    return svg(lambda axes: _draw(axes, chart, STAND_INS), name, f"{chart['title']}: {chart['axis']}", (5.6, 3.3))


def write_charts(path: Path, charts: Sequence[Chart]) -> None:
    """All charts as one PNG on white, two in a row."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 10}):
        rows = -(-len(charts) // 2)
        figure = Figure(figsize=(11.2, 3.6 * rows), layout="constrained", facecolor="white")
        for place, chart in enumerate(charts, start=1):
            axes = figure.add_subplot(rows, 2, place)
            _draw(axes, chart, PAPER)
            axes.set_title(chart["title"], loc="left", color=PAPER.ink, fontsize=11, fontweight="bold")
        figure.savefig(path, dpi=150, format="png", metadata={"Software": None})


def _draw(axes: Axes, chart: Chart, palette: Palette) -> None:
    lines, colours = chart["lines"], palette.lines
    for number, line in enumerate(lines):
        aside = _APART * (number - (len(lines) - 1) / 2)
        places = [place + aside for place in range(len(line["points"]))]
        values = [point["value"] for point in line["points"]]
        spans = [
            [point["value"] - point["low"] for point in line["points"]],
            [point["high"] - point["value"] for point in line["points"]],
        ]
        axes.errorbar(
            places,
            values,
            yerr=spans,
            color=colours[number % len(colours)],
            marker=_MARKERS[number % len(_MARKERS)],
            markersize=5,
            linewidth=2,
            elinewidth=1.2,
            capsize=4,
            label=line["name"],
        )
    axes.set_xticks(range(len(chart["places"])), chart["places"])
    axes.margins(x=0.08)
    tidy(axes, palette)
    axes.set_xlabel(chart["axis"], color=palette.ink)
    axes.set_ylabel(chart["unit"], color=palette.ink)
    if len(lines) > 1:
        axes.legend(frameon=False, labelcolor=palette.ink)

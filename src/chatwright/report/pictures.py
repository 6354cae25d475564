"""Pictures for pages, drawn by matplotlib: SVG elements that take the page's colours, light or dark."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Palette:
    """Colours of a picture. For a page they are stand-ins that `svg` turns into CSS variables."""

    ink: str
    grid: str
    main: str
    other: str
    soft: str
    third: str  # of what has more lines than two

    @property
    def lines(self) -> tuple[str, str, str]:
        """What lines are drawn in, one after the other."""
        return self.main, self.other, self.third


PAPER = Palette(ink="#3b3f4a", grid="#e3e5ea", main="#2a78d6", other="#eb6834", soft="#dce9fa", third="#0b6b3a")
STAND_INS = Palette(ink="#010101", grid="#020202", main="#030303", other="#040404", soft="#050505", third="#060606")
_VARIABLES = {
    STAND_INS.ink: "var(--muted)",
    STAND_INS.grid: "var(--line)",
    STAND_INS.main: "var(--blue)",
    STAND_INS.other: "var(--orange)",
    STAND_INS.soft: "var(--blue-soft)",
    STAND_INS.third: "var(--good)",
}


def svg(draw: Callable[[Axes], None], name: str, label: str, size: tuple[float, float]) -> str:
    """What `draw` draws, in the colours `STAND_INS`, as an SVG element; `size` is in inches.

    `name` keeps the ids of several pictures in one page apart, `label` says what the picture shows.
    """
    from markupsafe import escape
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    out = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 10}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawn = out.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r' (?:width|height)="[\d.]+pt"', "", drawn, count=2)
    named = set(re.findall(r"#([\w-]+)", drawn))  # the other ids would be there once in every picture
    drawn = re.sub(r' id="([\w.-]+)"', lambda found: found[0] if found[1] in named else "", drawn)
    for stand_in, variable in _VARIABLES.items():
        drawn = drawn.replace(stand_in, variable)
    return drawn.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1)


def tidy(axes: Axes, palette: Palette, *, grid: Literal["x", "y"] = "y") -> None:
    """No frame, quiet lines across the values, text in the ink of the page."""
    axes.set_facecolor("none")
    axes.grid(axis=grid, color=palette.grid, linewidth=1)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(palette.grid)
    axes.tick_params(which="both", length=0, colors=palette.ink)

"""Histograms of a corpus: lengths, languages, and what rules measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chatwright.report.formats import short
from chatwright.report.pictures import STAND_INS, svg, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LANGUAGES = 12  # by name; the others together
_UNEVEN = 100  # from this ratio of the highest bar to the lowest on, low ones are seen on a log axis alone
_WIDE = 20.0  # a measure that goes further is a count: its classes grow with it


def lengths_svg(edges: Sequence[float], before: Sequence[int], after: Sequence[int]) -> str:
    """Documents by their length in characters, before and after, in classes: below the first edge, …, from the last."""
    used = [place for place, counts in enumerate(zip(before, after, strict=True)) if any(counts)] or [0]
    first, last = used[0], used[-1] + 1
    names = [f"< {short(edges[0])}", *(short(edge) for edge in edges)][first:last]

    def draw(axes: Axes) -> None:
        places = range(len(names))
        axes.bar(places, before[first:last], width=0.9, color=STAND_INS.soft, label="as extracted")
        axes.bar(places, after[first:last], width=0.6, color=STAND_INS.main, label="kept")
        axes.set_xticks(places, names, rotation=45 if len(names) > 10 else 0)
        axes.set_xlabel("characters, from", color=STAND_INS.ink)
        if max(before) > _UNEVEN * min(count for count in (*before, *after, 1) if count):
            axes.set_yscale("log")
            axes.set_ylim(bottom=0.7)
        _finish(axes)

    return svg(draw, "lengths", "Documents by length, as extracted and kept", (6.4, 3.4))


def languages_svg(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """Documents by language, before and after; of many languages the most frequent."""
    order = sorted(before, key=lambda name: (-before[name], name))
    named = [(name or "unknown", before[name], after.get(name, 0)) for name in order[:_LANGUAGES]]
    if rest := order[_LANGUAGES:]:
        told = f"{len(rest)} others"
        named.append((told, sum(before[name] for name in rest), sum(after.get(name, 0) for name in rest)))

    def draw(axes: Axes) -> None:
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        names, came, stays = zip(*named, strict=True)
        places = range(len(names))
        axes.barh(places, came, height=0.9, color=STAND_INS.soft, label="found in")
        axes.barh(places, stays, height=0.6, color=STAND_INS.main, label="kept")
        axes.set_yticks(places, names)
        axes.invert_yaxis()
        for place, had, has in zip(places, came, stays, strict=True):
            axes.annotate(
                f"{had:,} → {has:,}", (had, place), (4, 0), textcoords="offset points", va="center", color=STAND_INS.ink
            )
        axes.margins(x=0.22)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        axes.set_xlabel("documents", color=STAND_INS.ink)
        axes.legend(frameon=False, labelcolor=STAND_INS.ink, loc="lower right")
        tidy(axes, STAND_INS, grid="x")

    return svg(draw, "languages", "Documents by language, found and kept", (6.4, max(2.4, 0.3 * len(named) + 0.9)))


def values_svg(name: str, told: Mapping[str, Any], limits: Sequence[float]) -> str:
    """What a rule measured: of the texts that stay, and of those that it dropped, stacked; its limits as lines."""
    edges, kept, dropped = told["edges"], told["kept"], told["dropped"]

    def draw(axes: Axes) -> None:
        axes.stairs(kept, edges, fill=True, color=STAND_INS.main, label="stays")
        axes.stairs([sum(pair) for pair in zip(kept, dropped, strict=True)], edges, baseline=kept, fill=True,
                    color=STAND_INS.other, label="goes")  # fmt: skip
        for limit in limits:
            axes.axvline(limit, color=STAND_INS.ink, linewidth=1.2, linestyle=(0, (4, 2)))
        if edges[-1] > _WIDE:
            axes.set_xscale("log")
        axes.margins(x=0.02)
        axes.set_xlabel(told["measure"].replace("_", " "), color=STAND_INS.ink)
        _finish(axes)

    return svg(draw, f"values of {name}", f"{name}: what was measured, and the limit", (4.6, 2.6))


def _finish(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    if axes.get_xscale() == "log":
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        axes.xaxis.set_minor_locator(NullLocator())
    if axes.get_yscale() == "log":
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    axes.set_ylabel("documents", color=STAND_INS.ink)
    axes.legend(frameon=False, labelcolor=STAND_INS.ink)
    tidy(axes, STAND_INS)

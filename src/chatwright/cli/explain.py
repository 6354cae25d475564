"""Showing what a model looks at and expects: in the terminal and as a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

from rich.cells import set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chatwright.cli.display import print_json
from chatwright.core.files import replacing
from chatwright.generate.explain import Explanation, explain
from chatwright.interop.pretrained import Pretrained

_MOST_INCHES = 60  # of the picture's longer side
_MOST_LABELS = 40  # tokens beyond which the axes of a map have no names
_LIKELY_INCHES = 6  # of the likeliest tokens' width, at least
_LABEL = 12  # columns of a terminal for the token that looks
_CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "SimHei",
)
_SHADES = ((0.7, "█"), (0.4, "▓"), (0.2, "▒"), (0.05, "░"), (0.0, " "))  # from this share on


def explain_text(model: str, text: str, picture: Path, as_json: bool) -> None:
    """Print and draw the attention of every head and the likeliest next tokens of each place."""
    loaded = Pretrained.load(model)
    text, codec = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), loaded.codec
    told = explain(loaded.model, loaded.encode(text), codec.spell, codec.stop, codec.start)
    unseen = draw(told, picture)
    if as_json:
        print_json({"picture": str(picture), **as_values(told)})
        return
    console = Console()
    for line in maps(told, console.width):
        console.print(line, markup=False, highlight=False, no_wrap=True, overflow="crop")
    table = Table(title="what it holds likely at each place", title_justify="left")
    table.add_column("token")
    for place in range(len(told.likely[0])):
        table.add_column(f"{place + 1}.")
    for token, likely in zip(told.tokens, told.likely, strict=True):
        said = [_one_line(token), *(f"{_one_line(other)} {chance:.0%}" for other, chance in likely)]
        table.add_row(*map(escape, said))
    console.print(table)
    if unseen:
        console.print("in the picture a box stands for what no installed font has", style="dim")
    console.print(f"picture  {picture}", soft_wrap=True, markup=False, highlight=False)


def maps(told: Explanation, width: int) -> Iterator[str]:
    """Lines that map every head in a terminal of this width: a row for each token that looks, a cell for each other."""
    shades = ", ".join(f"{shade * 2} from {least:.0%}" for least, shade in _SHADES if least)
    yield f"how much of its attention each token (row) gives to each (column): {shades}"
    for look in told.looks:
        heads, cells = look.shares.shape[0], len(look.keys)
        wide = 2 if 2 * cells + _LABEL + 2 <= width else 1  # two columns of a terminal are as wide as a line is high
        together = min(heads, (width - _LABEL) // (wide * cells + 2))
        if not together:
            yield f"\n{look.name}: {cells} tokens are too many for this terminal; the picture has them"
            continue
        for first in range(0, heads, together):
            chosen = look.shares[first : first + together].tolist()
            names = [f"head {first + at + 1}"[: wide * cells].ljust(wide * cells) for at in range(len(chosen))]
            yield "\n" + "  ".join([set_cell_size(look.name, _LABEL), *names]).rstrip()
            for row, token in enumerate(look.queries):
                drawn = ["".join(_shade(share) * wide for share in head[row]) for head in chosen]
                yield "  ".join([set_cell_size(_one_line(token), _LABEL), *drawn]).rstrip()
    yield ""


def _shade(share: float) -> str:
    return next(shade for least, shade in _SHADES if share >= least)


def _one_line(token: str) -> str:
    """A token as it stands in a row: what cannot be seen by a sign."""
    seen = token.replace("\n", "⏎").replace("\t", "⇥").replace(" ", "·")
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in seen)


def as_values(told: Explanation) -> dict[str, Any]:
    """An explanation as JSON has it."""
    return {
        "tokens": told.tokens,
        "likely": told.likely,
        "attention": [
            {"name": look.name, "queries": look.queries, "keys": look.keys, "shares": look.shares.tolist()}
            for look in told.looks
        ],
    }


def draw(told: Explanation, path: Path) -> bool:
    """One map a head, a row of maps an attention: bright where a token (row) looks at another (column).

    Below them the likeliest next tokens of each place. Says whether no installed font has some character.
    """
    from matplotlib import rc_context
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    fonts = ["DejaVu Sans", *(name for name in _CHINESE_FONTS if name in installed)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with rc_context({"font.family": fonts}), catch_warnings(record=True) as warned, replacing(path) as aside:
        simplefilter("always")
        _figure(told).savefig(aside, format="png", dpi=110)
    return any("missing from font" in str(warning.message) for warning in warned)


def _figure(told: Explanation) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heads = max(look.shares.shape[0] for look in told.looks)
    size = 1.2 + 0.16 * min(_MOST_LABELS, max(len(look.keys) for look in told.looks))
    size = min(size, _MOST_INCHES / max(heads, len(told.looks)))
    below = min(0.6 + 0.2 * len(told.tokens), _MOST_INCHES)
    width, height = max(size * heads, _LIKELY_INCHES), size * len(told.looks)
    figure = Figure(figsize=(width, height + below), layout="constrained")
    FigureCanvasAgg(figure)
    above, under = figure.subfigures(2, 1, squeeze=False, height_ratios=[height, below])[:, 0]
    axes = above.subplots(len(told.looks), heads, squeeze=False)
    for row, look in zip(axes, told.looks, strict=True):
        for head, place in enumerate(row):
            if head >= look.shares.shape[0]:
                place.axis("off")
                continue
            place.imshow(look.shares[head].numpy(), cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
            place.set_title(f"{look.name}, head {head + 1}", fontsize=8)
            named = max(len(look.keys), len(look.queries)) <= _MOST_LABELS
            keys = look.keys if named else []
            _label(place.set_xticks, keys, rotation=90)
            _label(place.set_yticks, look.queries if named and head == 0 else [])
    _draw_likely(told, under.subplots())
    return figure


def _label(ticks: Callable[..., Any], tokens: Sequence[str], **options: Any) -> None:
    ticks(range(len(tokens)), [_one_line(token) for token in tokens], fontsize=6, parse_math=False, **options)


def _draw_likely(told: Explanation, place: Any) -> None:
    chances = [[chance for _, chance in likely] for likely in told.likely]
    place.imshow(chances, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    place.set_title("what it holds likely at each place", fontsize=8)
    _label(place.set_xticks, [f"{at + 1}." for at in range(len(chances[0]))])
    _label(place.set_yticks, told.tokens)
    for row, likely in enumerate(told.likely):
        for column, (token, chance) in enumerate(likely):
            look = {"ha": "center", "va": "center", "fontsize": 6, "color": "white" if chance > 0.5 else "black"}
            place.text(column, row, f"{_one_line(token)} {chance:.0%}", parse_math=False, clip_on=True, **look)

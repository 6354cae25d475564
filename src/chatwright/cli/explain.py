"""Showing what a model looks at and expects: in the terminal and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chatwright.cli.display import print_json
from chatwright.core.files import replacing
from chatwright.generate.explain import Explanation, explain
from chatwright.interop.pretrained import Pretrained

_MOST_INCHES = 60  # of the picture's longer side
_MOST_LABELS = 40  # tokens beyond which the axes of a map have no names


def explain_text(model: str, text: str, picture: Path, as_json: bool) -> None:
    """Print the likeliest next tokens of each place, and draw the attention of every head."""
    loaded = Pretrained.load(model)
    text, codec = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), loaded.codec
    told = explain(loaded.model, loaded.encode(text), codec.spell, codec.stop, codec.start)
    draw(told, picture)
    if as_json:
        print_json({"picture": str(picture), **as_values(told)})
        return
    table = Table(title="what it holds likely at each place", title_justify="left")
    table.add_column("token")
    for place in range(len(told.likely[0])):
        table.add_column(f"{place + 1}.")
    for token, likely in zip(told.tokens, told.likely, strict=True):
        table.add_row(escape(token), *(escape(f"{other} {chance:.0%}") for other, chance in likely))
    console = Console()
    console.print(table)
    console.print(f"picture  {picture}", soft_wrap=True, markup=False, highlight=False)


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


def draw(told: Explanation, path: Path) -> None:
    """One map a head, a row of maps an attention: bright where a token (row) looks at another (column)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heads = max(look.shares.shape[0] for look in told.looks)
    size = 1.2 + 0.16 * min(_MOST_LABELS, max(len(look.keys) for look in told.looks))
    size = min(size, _MOST_INCHES / max(heads, len(told.looks)))
    figure = Figure(figsize=(size * heads, size * len(told.looks)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(told.looks), heads, squeeze=False)
    for row, look in zip(axes, told.looks, strict=True):
        for head, place in enumerate(row):
            if head >= look.shares.shape[0]:
                place.axis("off")
                continue
            place.imshow(look.shares[head].numpy(), cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
            place.set_title(f"{look.name}, head {head + 1}", fontsize=8)
            named = max(len(look.keys), len(look.queries)) <= _MOST_LABELS
            keys = look.keys if named else []
            place.set_xticks(range(len(keys)), keys, rotation=90, fontsize=6, parse_math=False)
            queries = look.queries if named and head == 0 else []
            place.set_yticks(range(len(queries)), queries, fontsize=6, parse_math=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as aside:
        figure.savefig(aside, format="png", dpi=110)

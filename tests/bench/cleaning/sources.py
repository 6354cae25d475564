"""A small dirty corpus: texts, copies of them, pages with menus around the same texts, and Chinese rows."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from tests.corpus.collection.test_collection import prose

_COUNT = 60
_HAN = (
    "山水花鸟春风秋月江河湖海天地云雨石木林泉光影声色长路远方老人孩子学校"
    "城市乡村早晨夜晚书信茶酒米饭衣服房屋门窗桥梁车船"
)


def chinese(seed: int) -> str:
    """Han characters with commas and full stops, unlike those of another seed."""
    drawn = random.Random(seed)
    clauses = ("".join(drawn.choice(_HAN) for _ in range(drawn.randrange(6, 14))) for _ in range(12))
    return "，".join(clauses) + "。"


def page(text: str) -> str:
    """A web page with a menu, a script and an advertisement around a text."""
    paragraphs = "".join(f"<p>{part}.</p>" for part in text.split(". "))
    return (
        "<html><head><title>News</title><script>tracker()</script></head><body>"
        "<nav><ul><li><a href='/'>Home</a></li><li><a href='/shop'>Shop</a></li></ul></nav>"
        f"<article><h1>News of the day</h1>{paragraphs}</article>"
        "<aside class='ad'><a href='/buy'>Subscribe now</a></aside><footer>All rights reserved</footer></body></html>"
    )


def write_sources(root: Path) -> None:
    """Write the folders `texts` and `pages` and the file `rows.jsonl`."""
    (root / "texts").mkdir(parents=True)
    (root / "pages").mkdir()
    for number in range(_COUNT):
        (root / "texts" / f"{number:02}.txt").write_text(prose(number), encoding="utf-8")
        (root / "pages" / f"{number:02}.html").write_text(page(prose(1_000 + number)), encoding="utf-8")
    for number in range(0, _COUNT, 2):
        (root / "texts" / f"again-{number:02}.txt").write_text(prose(number).upper(), encoding="utf-8")
        nearly = prose(number + 1) + " That is all that they have."
        (root / "texts" / f"nearly-{number:02}.txt").write_text(nearly, encoding="utf-8")
        (root / "texts" / f"short-{number:02}.txt").write_text(f"No {number}.", encoding="utf-8")
    lines = [json.dumps({"text": chinese(number)}, ensure_ascii=False) for number in range(_COUNT)]
    (root / "rows.jsonl").write_text("\n".join([*lines, *lines[::3]]), encoding="utf-8")


def recipe_values(root: Path) -> dict[str, Any]:
    """A recipe that reads them into a model of seconds."""
    return {
        "name": "mine",
        "story": "text",
        "text": {"data": str(root), "minimum_characters": 100, "held_out": 0.1},
        "collection": {
            "sources": [
                {"name": "texts", "path": "texts"},
                {"name": "pages", "path": "pages"},
                {"name": "rows", "path": "rows.jsonl", "language": "zh"},
            ],
            "engine": {"threads": 1},
        },
        "tokenizer": {"vocabulary_size": 600},
        "packing": {"row_tokens": 64},
        "plan": {"minutes": 0.1, "depth": 1, "width": 32, "pretrain_steps": 2, "threads": 1, "precision": "float32"},
        "train": {"rows_per_batch": 2, "log_every": 1},
    }

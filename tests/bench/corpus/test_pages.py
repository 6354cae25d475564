"""How passages are counted."""

from __future__ import annotations

import gzip
import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from chatwright.bench.asked import Asked
from chatwright.bench.corpus.pages import PAGES, Marked, measure_pages, read_marked_pages, score
from chatwright.core.errors import DataError
from chatwright.core.progress import Silent


def test_passages_are_counted_as_they_are_published() -> None:
    pages = [Marked(b"", ("one two", "three"), ("menu",), True), Marked(b"", ("four",), ("foot", "head"), False)]
    found = score(pages, ["one\n two and menu", "four foot"])
    assert (found.precision, found.recall, found.f1) == (2 / 4, 2 / 3, 4 / 7)
    assert score(pages, ["", "four"], unseen=True).f1 == 1
    assert score(pages, ["", ""]).f1 == 0


@pytest.mark.slow
def test_main_text_is_as_good_as_its_library(data_folder: Path, tmp_path: Path) -> None:
    rows = measure_pages(Asked(tmp_path, str(data_folder), lambda _: nullcontext(Silent())), rounds=1)
    judged = [row for row in rows if row["target"] and row["unit"] == "F1"]
    assert len(judged) == 2 and all(row["holds"] for row in judged), rows


def test_pages_are_read_and_damage_is_told(tmp_path: Path) -> None:
    (tmp_path / PAGES).parent.joinpath("html").mkdir(parents=True)
    (tmp_path / PAGES).parent.joinpath("html", "a.html.gz").write_bytes(gzip.compress(b"<p>x</p>"))
    (tmp_path / PAGES).write_text(json.dumps({"u": {"file": "a.html", "with": ["x  y"], "without": []}}))
    assert [(page.content, page.held) for page in read_marked_pages(tmp_path)] == [(b"<p>x</p>", ("x y",))]
    (tmp_path / PAGES).write_text(json.dumps({"u": {"file": "b.html", "with": [], "without": []}}))
    with pytest.raises(DataError, match="not what was published"):
        read_marked_pages(tmp_path)

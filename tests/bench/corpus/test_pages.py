"""How passages are counted."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from chatwright.bench.corpus.pages import PAGES, Marked, read_marked_pages, score
from chatwright.core.errors import DataError


def test_passages_are_counted_as_they_are_published() -> None:
    pages = [Marked(b"", ("one two", "three"), ("menu",), True), Marked(b"", ("four",), ("foot", "head"), False)]
    found = score(pages, ["one\n two and menu", "four foot"])
    assert (found.precision, found.recall, found.f1) == (2 / 4, 2 / 3, 4 / 7)
    assert score(pages, ["", "four"], unseen=True).f1 == 1
    assert score(pages, ["", ""]).f1 == 0


def test_pages_are_read_and_damage_is_told(tmp_path: Path) -> None:
    (tmp_path / PAGES).parent.joinpath("html").mkdir(parents=True)
    (tmp_path / PAGES).parent.joinpath("html", "a.html.gz").write_bytes(gzip.compress(b"<p>x</p>"))
    (tmp_path / PAGES).write_text(json.dumps({"u": {"file": "a.html", "with": ["x  y"], "without": []}}))
    assert [(page.content, page.held) for page in read_marked_pages(tmp_path)] == [(b"<p>x</p>", ("x y",))]
    (tmp_path / PAGES).write_text(json.dumps({"u": {"file": "b.html", "with": [], "without": []}}))
    with pytest.raises(DataError, match="not what was published"):
        read_marked_pages(tmp_path)

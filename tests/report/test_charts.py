from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from chatwright.report.charts import chart_svg, write_charts


def chart(lines: int = 2, title: str = "Held-out bits per byte") -> dict[str, Any]:
    """A chart of three places."""
    points = [{"value": 2.0 - place / 10, "low": 1.9 - place / 10, "high": 2.2 - place / 10} for place in range(3)]
    drawn = [{"name": name, "points": points} for name in ("all", "en", "zh")[:lines]]
    return {"title": title, "axis": "the text", "unit": "bits per byte", "places": ["raw", "b", "c"], "lines": drawn}


@pytest.mark.parametrize("lines", [1, 2, 3])
def test_svg_is_well_formed_repeatable_and_names_lines_and_places(lines: int) -> None:
    svg = chart_svg(chart(lines), "cleaning 0")
    root = ElementTree.fromstring(svg)
    told = {"".join(element.itertext()).strip() for element in root.iter() if element.tag.endswith("text")}
    assert {"raw", "b", "c", "the text", "bits per byte"} <= told
    assert ({"all", "en", "zh"} & told) == (
        {"all", "en", "zh"} if lines == 3 else {"all", "en"} if lines == 2 else set()
    )
    assert svg == chart_svg(chart(lines), "cleaning 0")
    assert not re.search("#0[1-5]0[1-5]0[1-5]", svg)


def test_what_two_charts_on_one_page_refer_to_differs() -> None:
    referred = [
        set(re.findall(r'(?:url\(|href=")#([^")]+)', chart_svg(chart(), f"cleaning {number}"))) for number in range(2)
    ]
    assert referred[0] and referred[1] and not referred[0] & referred[1]


def test_a_title_from_a_file_stays_text(hostile: str) -> None:
    svg = chart_svg(chart(title=hostile), "cleaning 0")
    assert "<script>" not in svg and ElementTree.fromstring(svg).attrib["aria-label"].startswith(hostile)


def test_a_wider_interval_is_drawn_higher() -> None:
    wide = chart(1)
    wide["lines"][0]["points"][0] |= {"low": 0.5, "high": 3.5}
    assert chart_svg(wide, "cleaning 0") != chart_svg(chart(1), "cleaning 0")


def test_png_has_two_charts_in_a_row(tmp_path: Path) -> None:
    sizes = []
    for count in (2, 3):
        write_charts(tmp_path / f"{count}.png", [chart()] * count)
        picture = (tmp_path / f"{count}.png").read_bytes()
        assert picture.startswith(b"\x89PNG")
        sizes.append([int.from_bytes(picture[at : at + 4], "big") for at in (16, 20)])
    assert sizes[1][0] == sizes[0][0] and sizes[1][1] == 2 * sizes[0][1]

"""Pages in old and wrong character sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.corpus.web.encoding import page_text
from tests.corpus.judging.test_judging import HAN

TRADITIONAL = (
    "今天早上我沿著河邊走了很久，橋下的老人正在釣魚，他說這條河以前水很深，孩子們夏天都來游泳。後來上游修了水壩，"
    "水就一年比一年少了。鎮上的人希望政府能想想辦法，可是過了這麼多年，誰也沒有看到什麼變化。"
)
LATIN = "Über die Brücke fährt früh der Müller; naïve Gäste hören »schön« aus dem Café."


def page(text: str, head: str = "") -> str:
    return f"<html><head>{head}<title>x</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize(
    ("text", "label", "codec"),
    [
        (HAN + "镕〇", "gb2312", "gb18030"),  # labelled as the old set, written in what came after it
        (HAN, "GBK", "gbk"),
        (HAN, "x-gbk", "gbk"),
        (TRADITIONAL, "big5", "big5"),
        (TRADITIONAL + "嗰啲", "big5", "big5hkscs"),
        (LATIN, "iso-8859-1", "cp1252"),
        ("今日は公園を散歩しました①", "shift_jis", "cp932"),
        ("오늘은 공원에서 산책을 했다 똠", "euc-kr", "cp949"),
    ],
)
@pytest.mark.parametrize("where", ["header", "meta", "http-equiv", "xml"])
def test_declared_sets_are_read_as_browsers_read_them(text: str, label: str, codec: str, where: str) -> None:
    heads = {
        "meta": f'<meta charset="{label}">',
        "http-equiv": f'<META http-equiv=Content-Type content="text/html; charset={label}">',
    }
    written = page(text, heads.get(where, ""))
    if where == "xml":
        written = f'<?xml version="1.0" encoding="{label}"?>' + written
    assert page_text(written.encode(codec), label if where == "header" else "") == written


@pytest.mark.parametrize(("text", "codec"), [(HAN, "gb18030"), (TRADITIONAL, "big5")])
def test_undeclared_chinese_is_guessed(text: str, codec: str) -> None:
    written = page("".join(f"<p>{text}</p>" for _ in range(6)))
    assert page_text(written.encode(codec)) == written


def test_what_is_utf_8_is_no_other_set_whatever_is_declared() -> None:
    written = page(HAN, '<meta charset="gb2312">')
    assert page_text(written.encode(), "iso-8859-1") == written
    assert page_text(b"\xef\xbb\xbf" + written.encode(), "gbk") == written


def test_utf_16_is_read_by_its_mark_or_by_the_header() -> None:
    written = page(HAN)
    assert page_text(written.encode("utf-16")) == written
    assert page_text(written.encode("utf-16-le"), "utf-16le") == written


@pytest.mark.parametrize(("head", "codec"), [("", "utf-8"), ('<meta charset="gbk">', "gbk")])
def test_one_broken_character_spoils_no_page(head: str, codec: str) -> None:
    written = page(HAN * 3, head).encode(codec)
    broken = written.replace("</p>".encode(codec), b"\xff</p>")
    assert HAN * 2 in page_text(broken)


def test_a_header_that_is_wrong_gives_way_to_the_page() -> None:
    written = page(HAN, '<meta charset="gb18030">')
    assert page_text(written.encode("gb18030"), "utf-8") == written


@given(
    st.binary(max_size=300),
    st.sampled_from(["", "gbk", "idna", "undefined", "hex", "utf-7", "\0", "unicode_escape", "é"]),
)
def test_no_bytes_and_no_label_make_it_fail(content: bytes, label: str) -> None:
    assert isinstance(page_text(content, label), str)
    assert isinstance(page_text(b'<meta charset="' + label.encode() + b'">' + content), str)

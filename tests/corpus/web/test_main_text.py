"""The main text of pages: what stays, what goes, what a page says of itself, and pages that are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chatwright.bench.corpus.pages import read_marked_pages, score
from chatwright.corpus.web.around import without_calls
from chatwright.corpus.web.main_text import Page, main_text
from tests.corpus.judging.test_judging import HAN, PROSE

LEAD = "For forty years nobody asked where the water of the old mill went, until one summer it stopped altogether."
PARAGRAPHS = "".join(f"<p>{each}</p>" for each in PROSE.split("\n"))
TABLE = "<table><tr><th>Year</th><th>Depth</th></tr><tr><td>1986</td><td>4 metres</td></tr></table>"
LIST = "<ul><li>Close the upper gate at night</li><li>Open the lower gate in the morning</li></ul>"


def article(inside: str, head: str = "", around: str = "", language: str = "en") -> bytes:
    return f"""<html lang="{language}"><head><title>The mill | The Valley Post</title>{head}</head><body>
    <nav><a href="/">Home</a><a href="/shop">Shop</a></nav>{around}
    <article><h1>The mill without water</h1>{inside}</article>
    <footer>All rights reserved. Cookie settings.</footer></body></html>""".encode()


def test_the_text_stays_and_what_stands_around_it_goes() -> None:
    around = '<div class="newsletter-box">Our best stories each morning</div><script>var hidden = 1</script>'
    text = main_text(article(PARAGRAPHS + TABLE + LIST, around=around)).text
    words = " ".join(text.split())
    assert all(" ".join(each.split()) in words for each in PROSE.split("\n"))
    assert "4 metres" in text and "Open the lower gate" in text
    assert not any(each in text for each in ("Shop", "Cookie", "best stories", "hidden", "<"))


@pytest.mark.parametrize("how", ["by its name", "by the description"])
def test_a_lead_above_the_text_belongs_to_it(how: str) -> None:
    named = ' class="story__standfirst"' if how == "by its name" else ""
    head = "" if named else f'<meta name="description" content="{LEAD[:80]}">'
    page = f"""<html><head><title>The mill</title>{head}</head><body><div class="top"><h1>The mill</h1>
    <p{named}>{LEAD}</p></div><div class="article-body">{PARAGRAPHS * 2}</div></body></html>"""
    text = main_text(page.encode()).text
    assert text.count(LEAD) == 1 and text.startswith(LEAD)


def test_a_lead_that_is_in_the_text_is_not_told_twice() -> None:
    text = main_text(
        article(f'<p class="lead">{LEAD}</p>{PARAGRAPHS}', f'<meta name="description" content="{LEAD}">')
    ).text
    assert text.count(LEAD) == 1


def test_calls_go_line_by_line_and_sentences_stay() -> None:
    calls = [
        "Read more: The bridge",
        "Subscribe to our paper",
        "Lesen Sie auch: Der Fluss",
        "Lire aussi : le pont",
        "Foto: A. Berg",
    ]
    sentences = ["He read more than he wrote.", "Subscribe " + "to what he says, or do not, as you like. " * 6, HAN]
    assert without_calls("\n".join([*calls, *sentences])) == "\n".join(sentences)


def test_where_the_rules_find_a_part_only_the_rest_is_found() -> None:
    blocks = "".join(
        f'<div class="x{n}"><div><strong>Step {n}</strong> {each}</div></div>'
        for n, each in enumerate(PROSE.split("\n") * 3)
    )
    page = (
        f"<html><body><div><article><p>A short note of the house.</p></article></div><div>{blocks}</div></body></html>"
    )
    assert "river that runs behind the old mill" in main_text(page.encode()).text


@pytest.mark.parametrize(
    ("head", "date"),
    [
        ('<meta property="article:published_time" content="2026-03-04T05:06:07Z">', "2026-03-04"),
        ('<meta name="DC.date.issued" content="20260304">', "2026-03-04"),
        ('<script type="application/ld+json">{"@graph": [{"datePublished": "2026-3-4"}]}</script>', "2026-03-04"),
        ('<meta name="date" content="yesterday">', ""),
        ('<meta name="date" content="2026-02-31">', ""),
    ],
)
def test_a_date_is_what_the_head_says(head: str, date: str) -> None:
    assert main_text(article(PARAGRAPHS, head)).date == date


@pytest.mark.parametrize(
    "told",
    [
        '<time datetime="2026-03-04">x</time>',
        '<span class="post-date">4.3.2026</span>',
        "<p id=info>来源：某报 2026年3月4日</p>",
    ],
)
def test_a_date_is_found_beside_the_text(told: str) -> None:
    assert main_text(article(told + PARAGRAPHS)).date == "2026-03-04"


def test_a_title_is_the_texts_and_a_language_the_declared_one() -> None:
    named = '<meta property="og:site_name" content="The Post"><meta property="og:title" content="Mills - The Post">'
    assert main_text(article(PARAGRAPHS, named)).title == "Mills"
    assert main_text(article(PARAGRAPHS)).title == "The mill without water"
    assert (
        main_text(article(f"<h1>Another</h1>{PARAGRAPHS}", '<meta name="headline" content="Water">')).title == "Water"
    )
    assert main_text(article(PARAGRAPHS, language="de-AT")).language == "de-AT"
    assert (
        main_text(article(PARAGRAPHS, '<meta property="og:locale" content="pt_BR">', language="")).language == "pt-BR"
    )
    assert main_text(article(PARAGRAPHS, language="utf-8")).language == ""


def test_a_page_that_a_script_writes_is_read_from_its_data() -> None:
    data = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Mills", "articleBody": "%s"}</script>'
    )
    page = main_text((data % PROSE.replace("\n", " ")).encode())
    assert page.title == "Mills" and PROSE.split("\n")[0] in page.text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1_000,
        b"<!-- only this -->",
        b"<frameset><frame src=a></frameset>",
        b"<div>" * 5_000 + PROSE.encode(),
        b"<blockquote>" * 3_000 + PROSE.encode(),
        b'<script type="application/ld+json">' + b"[" * 100_000 + b"</script>",
        b'<script type="application/ld+json">{"headline": 1, "datePublished": {}, "articleBody": []}</script>',
        b'<meta charset="idna"><p>\xff</p>',
        b"<p>&#xD800;&#x110000;&#0;</p>",
    ],
)
def test_no_page_makes_it_fail(content: bytes) -> None:
    assert isinstance(main_text(content), Page)


@hypothesis_settings(max_examples=40)
@given(
    st.lists(
        st.sampled_from(
            ["<p>", "</p>", "<div>", "</div>", "<h1>", "<a href=x>", "</a>", "<td>", "<li>", "text", "&", "]]>"]
        ),
        max_size=60,
    )
)
def test_no_tags_make_it_fail(pieces: list[str]) -> None:
    assert main_text(" ".join(pieces).encode()) == main_text(" ".join(pieces).encode())


def test_deep_long_and_many_parts_are_read() -> None:
    assert "old mill" in main_text(b"<div>" * 600 + article(PARAGRAPHS)).text
    assert len(main_text(b"<html><body><p>" + b"The mill. " * 1_100_000).text) > 10_000_000
    assert main_text(b"<html><body>" + b"<p>Some words of it.</p>" * 60_000).text.count("words") == 60_000


@pytest.mark.slow
def test_public_pages_are_read_at_least_as_well_as_by_trafilatura(data_folder: Path) -> None:
    import trafilatura

    pages = read_marked_pages(data_folder)
    ours = [main_text(page.content).text for page in pages]
    theirs = [trafilatura.extract(page.content, include_comments=False) or "" for page in pages]
    for unseen in (False, True):
        assert score(pages, ours, unseen=unseen).f1 >= score(pages, theirs, unseen=unseen).f1 - 0.005
    assert len(pages) == 200
    assert [main_text(page.content).text for page in pages[:20]] == ours[:20]


def test_tables_deep_in_one_another_are_read_without_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules' time grows with the square of the depth."""
    monkeypatch.setattr("chatwright.corpus.web.main_text._taken", None)
    page = "<table><tr><td>" * 600 + f"<p>{'some words of a text. ' * 40}</p>" + "</td></tr></table>" * 600
    assert main_text(page.encode()).text.startswith("some words")

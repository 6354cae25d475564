import pytest

from chatwright.corpus.blocks import Block, sections_of, text_of
from chatwright.corpus.markdown import markdown_blocks
from chatwright.corpus.restructured import restructured_blocks
from chatwright.corpus.webpage import html_blocks, visible_text

MARKDOWN = """---
title: hidden
---
# Guide

The [guide](https://x.y) explains `things`.

<!-- comment -->

## Install

Run this in a
shell.

```sh
make
```

- one item
"""

RST = """=====
Guide
=====

.. toctree::
   :maxdepth: 2

   other

The :ref:`guide <x>` explains ``things``.

Install
-------

Run this in a
shell::

    make

* one item

.. image:: x.png
"""

HTML = """<html><head><title>Guide</title><style>p {}</style></head><body><nav><p>Menu</p></nav>
<main><h1>Guide<a class="headerlink" href="#x">¶</a></h1><p>The <a href="x">guide</a> explains <code>things</code>.</p>
<script>evil()</script><h2>Install</h2><p>Run this in a
shell.</p><pre>make</pre><ul><li>one item</li></ul></main><footer><p>Foot</p></footer></body></html>"""


@pytest.mark.parametrize(
    "blocks", [markdown_blocks(MARKDOWN), restructured_blocks(RST), html_blocks(HTML)], ids=["markdown", "rst", "html"]
)
def test_the_same_guide_in_three_formats(blocks: list[Block]) -> None:
    guide, install = sections_of(blocks)
    assert (guide.heading, guide.prose) == ("Guide", ["The guide explains things."])
    assert install.heading == "Install" and install.level > guide.level
    assert [text.rstrip(".:") for text in install.prose] == ["Run this in a shell"]
    text = text_of(blocks)
    assert "make" in text and "one item" in text
    for hidden in ("hidden", "comment", "toctree", "maxdepth", "evil", "Menu", "Foot", "¶", "image"):
        assert hidden not in text


def test_plain_text_headings() -> None:
    text = "GETTING STARTED\n\nOpen the box first.\n\n2. Second Step\n\nThen close it again.\n"
    sections = sections_of(restructured_blocks(text, plain_headings=True))
    assert [section.heading for section in sections] == ["GETTING STARTED", "2. Second Step"]
    assert not [block for block in restructured_blocks(text) if block.kind == "heading"]


def test_a_page_without_heading_takes_its_title() -> None:
    assert html_blocks("<title>Lone</title><p>Text here.</p>")[0] == Block("heading", "Lone", 1)


@pytest.mark.parametrize("text", ["", "   ", "<", "<!-- x -->", "\n\n====\n"])
def test_nearly_nothing_is_no_error(text: str) -> None:
    for blocks in (markdown_blocks(text), restructured_blocks(text), html_blocks(text)):
        assert all(block.text for block in blocks)


@pytest.mark.parametrize(
    "text", ["[" * 20_000, "*a " * 20_000, "<div>" * 5_000, "x" + " " * 200_000 + "y", "> " * 2_000]
)
def test_hostile_text_takes_no_long_time_and_raises_nothing(text: str) -> None:
    for blocks in (markdown_blocks(text), restructured_blocks(text), html_blocks(text)):
        text_of(blocks)


def test_all_that_a_page_shows_is_a_line_a_block() -> None:
    assert visible_text(HTML).split("\n") == [
        *("Menu", "Guide¶", "The guide explains things.", "Install"),
        *("Run this in a shell.", "make", "one item", "Foot"),
    ]
    assert visible_text("<div><pre>one\n  two</pre> three\nfour</div>") == "one\ntwo\nthree four"
    assert visible_text("<p>one<br>two <b>three</b><!-- four --><script>five()</script></p>") == "one\ntwo three"
    assert visible_text("") == visible_text("<script>only()</script>") == ""

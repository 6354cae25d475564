"""HTML to blocks, read by lxml: the main part of a page, without menus, scripts and forms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree, html

from chatwright.corpus.blocks import Block
from chatwright.corpus.clean import one_line

_DROPPED = "//script|//style|//noscript|//nav|//footer|//aside|//form|//template|//svg|//iframe|//head|//comment()"
_PERMALINK = "//a[contains(concat(' ', @class, ' '), ' headerlink ')]"
_MAIN = (
    "//main",
    "//*[@role='main']",
    "//article",
    "//div[contains(concat(' ', @class, ' '), ' body ')]",
    "//div[contains(concat(' ', @class, ' '), ' document ')]",
)
_HEADING = re.compile(r"^h([1-6])$")
_PROSE = frozenset({"p", "blockquote"})
_OTHER = frozenset({"pre", "li", "dt", "dd", "td", "th", "caption", "figcaption"})
_NAVIGATION = frozenset({"navheader", "navfooter", "toc", "sphinxsidebar", "related", "contents"})
_NESTED = frozenset({"li", "dd", "td", "th", "dt"})


def _words(element: html.HtmlElement) -> str:
    return one_line(str(element.text_content()))


def _own_text(element: html.HtmlElement) -> str:
    """Text of a list item or cell without the blocks inside it, which come on their own."""
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _PROSE | _OTHER | {
            "ul",
            "ol",
            "dl",
            "table",
            "div",
        }:
            parts.append(str(child.text_content()))
        parts.append(child.tail or "")
    return one_line(" ".join(parts))


def _walk(root: html.HtmlElement) -> Iterator[Block]:
    for element in root.iter():
        tag = element.tag
        if not isinstance(tag, str):
            continue
        if match := _HEADING.match(tag):
            yield Block("heading", _words(element), int(match.group(1)))
        elif tag == "pre":
            yield Block("other", str(element.text_content()).strip("\n").rstrip())
        elif tag == "p":
            nested = any(parent.tag in _NESTED for parent in element.iterancestors())
            yield Block("other" if nested else "prose", _words(element))
        elif tag in _OTHER or (tag in {"blockquote", "div"} and (element.text or "").strip()):
            yield Block("other", _own_text(element))


def html_blocks(text: str) -> list[Block]:
    """Blocks of an HTML page; [] where there is none. The page's <title> comes first if no h1 does."""
    try:
        root = html.document_fromstring(text.encode("utf-8"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, ValueError):
        return []
    title = one_line(str(root.findtext(".//title") or ""))
    for element in [*root.xpath(_DROPPED), *root.xpath(_PERMALINK)]:
        if element.getparent() is not None:
            element.drop_tree()
    for element in root.xpath("//*[@class]"):
        if _NAVIGATION & set(str(element.get("class")).lower().split()) and element.getparent() is not None:
            element.drop_tree()
    places = (found[0] for path in _MAIN if (found := root.xpath(path)))
    blocks = [block for block in _walk(next(places, root)) if block.text.strip()]
    if title and not any(block.kind == "heading" and block.level == 1 for block in blocks):
        blocks.insert(0, Block("heading", title, 1))
    return blocks

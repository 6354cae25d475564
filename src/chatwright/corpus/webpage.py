"""HTML read by lxml: the main part of a page as blocks, without menus, scripts and forms; or all that is to be seen."""

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
_UNSEEN = ("head", "script", "style", "noscript", "template", "svg", "iframe", "object")
_WHITE = re.compile(r"\s+")
_LINES = re.compile(  # elements that begin a line of their own
    "address|article|aside|blockquote|br|button|dd|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|"
    "legend|li|main|nav|ol|option|p|pre|section|table|td|th|tr|ul"
)


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


def visible_text(text: str) -> str:
    """All that an HTML page shows, menus and forms too, a line a block; "" where there is no page."""
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, ValueError):
        return ""
    etree.strip_elements(root, etree.Comment, etree.ProcessingInstruction, *_UNSEEN, with_tail=False)
    for piece in root.xpath("//text()[not(ancestor::pre)]"):
        setattr(piece.getparent(), "tail" if piece.is_tail else "text", _WHITE.sub(" ", piece))
    for element in root.iter():
        if isinstance(element.tag, str) and _LINES.fullmatch(element.tag):
            element.text = f"\n{element.text or ''}"
            element.tail = f"\n{element.tail or ''}"
    lines = (one_line(line) for line in str(root.text_content()).split("\n"))
    return "\n".join(line for line in lines if line)

"""The main text of a web page: what trafilatura takes, with the lead that stands above it and without calls to act.

A page is parsed once and loses what holds no text before trafilatura's rules look at it, which is what makes them fast.
Its short results are asked again with its fallbacks. The figures are printed by `chatwright bench corpus`.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

from chatwright.corpus.clean import one_line
from chatwright.corpus.web.about import body_of, date_of, language_of, linked_of, metas_of, title_of
from chatwright.corpus.web.around import drop_small, lead_of, without_calls
from chatwright.corpus.web.encoding import page_text

# Elements whose text nobody reads as the page's, and elements that cut no text.
_SILENT = """
    script style noscript template svg iframe object embed canvas audio video source track map area select option
    datalist button input textarea link meta base nav footer dialog menu picture img
""".split()  # noqa: SIM905
_INLINE = "b strong i em u font small mark big ins abbr acronym dfn span".split()  # noqa: SIM905
_SHORT = 700  # characters; a text that is shorter and
_PART = 0.5  # of what the page says, may be a part of it only
_ENOUGH = 1_000  # characters that make an element worth looking at alone
_MANY = 50_000  # elements; of larger pages all paragraphs are taken, since the rules' time grows faster than a page
_NESTED = 20  # tables in one another; deeper ones are treated so too


@dataclass(frozen=True)
class Page:
    """What a page says; `date` as YYYY-MM-DD, `language` as declared, "" for what it does not say."""

    text: str = ""
    title: str = ""
    date: str = ""
    language: str = ""


def main_text(content: bytes, charset: str = "") -> Page:
    """The main text of a page with its title, date and language; a page that nothing reads is an empty one.

    `charset` is what came with the page (HTTP header), "" where nothing did.
    """
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # what it warns of is told by the ledger
    with _uncollected():
        return _read(page_text(content, charset))


@contextmanager
def _uncollected() -> Iterator[None]:
    """The garbage collector at rest: of a page's many elements none is in a cycle, and looking for them takes long."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _read(source: str) -> Page:
    tree = _parsed(source)
    if tree is None:
        return Page()
    metas, linked = metas_of(tree), linked_of(tree)
    about = {"title": title_of(tree, metas, linked), "date": date_of(tree, metas, linked)}
    about["language"] = language_of(tree, metas)
    return Page(_text(tree, source, metas) or body_of(linked), **about)


def _text(tree: Any, source: str, metas: dict[str, str]) -> str:
    _strip(tree)
    if tree.xpath("count(//*)") > _MANY or tree.xpath(f"boolean(//table[count(ancestor::table) > {_NESTED}])"):
        return _paragraphs(tree)
    drop_small(tree)
    _join_inline(tree)
    text = _taken(_narrowed(tree), fast=True)
    shown = len(one_line(str(tree.text_content()))) if len(text) < _SHORT else 0
    if len(text) < max(1, _PART * shown) and (whole := _parsed(source)) is not None:
        _strip(whole)
        _join_inline(whole)
        text = _taken(whole, fast=False) or text
    if not text:
        return ""
    lead = lead_of(tree, text, (metas.get("description", ""), metas.get("og:description", "")))
    return without_calls("\n".join([*lead, text]))


def _strip(tree: Any) -> None:
    from lxml import etree

    etree.strip_elements(tree, *_SILENT, with_tail=False)


def _join_inline(tree: Any) -> None:
    """Fewer elements to look at; after what has to be found by its name is out."""
    from lxml import etree

    etree.strip_tags(tree, *_INLINE)


def _narrowed(tree: Any) -> Any:
    """A page of its only `<article>`, or else `<main>`, where that holds much text: there the rules look anyway."""
    for tag in ("article", "main"):
        found = tree.findall(f".//{tag}")
        if len(found) == 1 and len(one_line(str(found[0].text_content()))) >= _ENOUGH:
            page, body, inner = tree.makeelement("html"), tree.makeelement("body"), copy(found[0])
            inner.tail = None
            page.append(body)
            body.append(inner)
            return page
    return tree


def _taken(tree: Any, *, fast: bool) -> str:
    import trafilatura

    # Whatever a page of the open web makes it stumble over, the page is one without text, and told as such.
    with suppress(Exception):
        found: Any = trafilatura.bare_extraction(tree, options=_options(fast))
        return str(found.text or "") if found is not None else ""
    return ""


def _paragraphs(tree: Any) -> str:
    import trafilatura

    with suppress(Exception):
        return str(trafilatura.baseline(tree)[1])
    return ""


@cache
def _options(fast: bool) -> Any:
    """What trafilatura is asked: much text from its rules alone, or the best of these and of its fallbacks."""
    from trafilatura.settings import Extractor

    return Extractor(output_format="python", fast=fast, recall=fast, comments=False)


def _parsed(source: str) -> Any:
    """The tree of a page; None where there is none."""
    from lxml import etree, html

    parser = html.HTMLParser(  # a huge tree: long texts and deep nesting are read, up to libxml2's own limits
        encoding="utf-8",
        collect_ids=False,
        default_doctype=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=html.HtmlElement))  # in C; by tag in Python
    try:
        return html.document_fromstring(source.replace("\0", "").encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None

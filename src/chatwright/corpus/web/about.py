"""What a page says of itself: title, date, language. Read from its head and its first lines, by no model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from chatwright.corpus.clean import one_line

_TITLES = ("og:title", "twitter:title", "dc.title", "headline", "title")
_DATES = """
    article:published_time og:published_time datepublished dc.date.issued dcterms.created dcterms.issued pubdate
    publishdate publish-date publish_date published_date publication_date citation_publication_date parsely-pub-date
    sailthru.date article_date_original article.published date-published dc.date dc.date.created dcterms.date date
    date_published originalpublicationdate datecreated
""".split()  # noqa: SIM905
_ISO = re.compile(r"(?<!\d)((?:19|20)\d\d)\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"^((?:19|20)\d\d)(\d\d)(\d\d)(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})[./](\d{1,2})[./]((?:19|20)\d\d)(?!\d)")
_DATED = re.compile(r"date|time|publi|meta|info|post|byline|source", re.IGNORECASE)
_LONGEST = 120  # characters of an element that tells a date
_SITE = re.compile(r"\s+[|–—·»:-]\s+|\s*[|_]\s*")
_DEEPEST = 6  # levels of JSON-LD that are looked at


def title_of(tree: Any, metas: dict[str, str], linked: list[dict[str, Any]]) -> str:
    """The title that a page gives its text, else its only first heading, else the window's without the site's name."""
    for found in (*(metas.get(name, "") for name in _TITLES[:2]), *_values(linked, "headline")):
        if title := one_line(found):
            return _without_site(title, one_line(metas.get("og:site_name", "")))
    headings = [title for each in tree.iter("h1") if (title := one_line(str(each.text_content())))]
    if len(headings) == 1:
        return headings[0]
    window = next((one_line(str(each.text_content())) for each in tree.iter("title")), "")
    for found in (*(metas.get(name, "") for name in _TITLES[2:]), window, *headings):
        if title := one_line(found):
            return _without_site(title, one_line(metas.get("og:site_name", "")))
    return ""


def date_of(tree: Any, metas: dict[str, str], linked: list[dict[str, Any]]) -> str:
    """The day on which a page says that it was published (YYYY-MM-DD), "" where it says none."""
    for told in (
        *(metas.get(name, "") for name in _DATES),
        *_values(linked, "datePublished"),
        *_values(linked, "dateCreated"),
    ):
        if day := _day(told):
            return day
    for element in tree.iter("time"):
        if day := _day(element.get("datetime", "")) or _day(str(element.text_content())[:_LONGEST]):
            return day
    for element in tree.iter("span", "p", "div", "td", "li", "em", "i", "small", "font", "abbr"):
        name = f"{element.get('class', '')} {element.get('id', '')}"
        if len(name) > 1 and _DATED.search(name):
            text = str(element.text_content())
            if len(text) <= _LONGEST and (day := _day(text)):
                return day
    return ""


def language_of(tree: Any, metas: dict[str, str]) -> str:
    """The language that a page declares ("en", "zh-CN"), "" where it declares none."""
    root = tree.getroottree().getroot()
    for told in (
        root.get("lang", ""),
        root.get("{http://www.w3.org/XML/1998/namespace}lang", "") or root.get("xml:lang", ""),
        metas.get("content-language", ""),
        metas.get("og:locale", "").replace("_", "-"),
    ):
        if re.fullmatch(r"[A-Za-z]{2,3}(?:-(?:[A-Za-z]{2,8}|\d{3}))*", told.strip()):  # not "utf-8"
            return told.strip()
    return ""


def body_of(linked: list[dict[str, Any]]) -> str:
    """The longest text that a page's JSON-LD holds, for pages that write it by a script; "" where there is none."""
    return max(_values(linked, "articleBody"), key=len, default="")


def metas_of(tree: Any) -> dict[str, str]:
    """What each `<meta>` says, by its name, property or itemprop in lower case; the first one of a name counts."""
    found = dict[str, str]()
    for meta in tree.iter("meta"):
        content = meta.get("content", "").strip()
        for key in ("name", "property", "itemprop", "http-equiv"):
            if content and (name := meta.get(key, "").strip().lower()):
                found.setdefault(name, content)
    return found


def linked_of(tree: Any) -> list[dict[str, Any]]:
    """The objects of a page's JSON-LD, outermost first; what is no JSON is passed over."""
    found = list[dict[str, Any]]()
    for script in tree.iter("script"):
        if "ld+json" in script.get("type", "").lower():
            try:
                found += _objects(json.loads(script.text or "", strict=False))
            except (ValueError, RecursionError):
                continue
    return found


def _objects(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    if depth < _DEEPEST and isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _objects(inner, depth + 1)


def _values(linked: list[dict[str, Any]], key: str) -> Iterator[str]:
    return (each[key] for each in linked if isinstance(each.get(key), str))


def _without_site(title: str, site: str) -> str:
    """A title without the name of the site after a dash or bar."""
    parts = [(match.start(), match.end()) for match in _SITE.finditer(title)]
    if parts and site and title[parts[-1][1] :].lower() == site.lower():
        return title[: parts[-1][0]]
    return title


def _day(told: str) -> str:
    """The first day that a text names with its year (2022-03-04, 2022年3月4日, 20220304, 4.3.2022), as YYYY-MM-DD."""
    told = told.strip()
    if match := _ISO.search(told) or _COMPACT.match(told):
        year, month, day = match.groups()
    elif match := _DAY_FIRST.search(told):
        day, month, year = match.groups()
    else:
        return ""
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""

"""Feeds (RSS, Atom), read by feedparser: what is new on a site, and what is said about it."""

from __future__ import annotations

import calendar
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from chatwright.corpus.fetching.addresses import checked
from chatwright.corpus.readers.decoding import without_debris
from chatwright.corpus.readers.found import About, Broken

# It reads the feed all the same, and says only how it found out what the feed is.
_NO_HARM = frozenset({"CharacterEncodingOverride", "NonXMLContentType"})


@dataclass(frozen=True)
class Entry:
    """An entry of a feed; `problem` says why it names no page. `content` is HTML, "" where there is none."""

    link: str
    about: About
    content: str
    problem: Broken | None = None

    @property
    def page(self) -> bytes:
        """The content as a page of its own."""
        title = escape(self.about.get("title", ""))
        head = f"<html><head><meta charset='utf-8'><title>{title}</title></head>"
        body = f"<body><article>{self.content}</article></body></html>"
        return (head + body).encode("utf-8", "replace")


def entries(data: bytes, address: str) -> Iterator[Entry | Broken]:
    """The entries of a feed in its order, the first of each link; `Broken` where it is none, or not to its end."""
    import feedparser

    try:
        feed = feedparser.parse(io.BytesIO(data), response_headers={"content-location": address})
    except Exception as error:  # whatever it does with broken content, the next source is to be read
        yield Broken("broken feed", f"{type(error).__name__}: {error}"[:300])
        return
    problem = feed.get("bozo_exception")
    if not feed.entries and not feed.get("version"):
        yield Broken("no feed", str(problem or "neither RSS nor Atom")[:300])
        return
    seen = set[str]()
    for each in feed.entries:
        entry = _entry(each, feed.feed)
        if entry.problem is not None or entry.link not in seen:
            seen.add(entry.link)
            yield entry
    if problem is not None and type(problem).__name__ not in _NO_HARM:
        yield Broken("broken feed", f"{type(problem).__name__}: {problem}"[:300])


def _entry(entry: Any, feed: Any) -> Entry:
    dates = dict(entry)  # feedparser's own look-up warns where only one of them is told
    told = {
        "title": entry.get("title"),
        "date": _date(dates.get("published_parsed") or dates.get("updated_parsed")),
        "language": _language(entry) or feed.get("language"),
        "license": _license(entry) or _license(feed),
    }
    about: About = {name: without_debris(value).strip() for name, value in told.items() if value}  # type: ignore[assignment]
    contents = [part.get("value", "") for part in entry.get("content", ())]
    content = without_debris(max([*contents, entry.get("summary", "")], key=len))
    try:
        return Entry(checked(entry.get("link", "")), about, content)
    except Broken as problem:
        return Entry("", about, content, Broken("entry without a link", entry.get("link", "") or problem.why))


def _date(parsed: Any) -> str:
    """A time in UTC, as feedparser gives it."""
    if not parsed:
        return ""
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC).isoformat()
    except (ValueError, OverflowError):
        return ""


def _language(entry: Any) -> str:
    told = [part.get("language") for part in (*entry.get("content", ()), entry.get("title_detail", {}))]
    return next((language for language in told if language), "")


def _license(told: Any) -> str:
    links = [link.get("href", "") for link in told.get("links", ()) if link.get("rel") == "license"]
    return next((text for text in (told.get("license", ""), *links, told.get("rights", "")) if text), "")

"""Feeds: their entries' pages or contents, with what is said about them; broken ones give what they hold."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from chatwright.corpus.collection.documents import extract
from chatwright.corpus.fetching.feeds import Entry, entries
from chatwright.corpus.fetching.pages import Pages
from chatwright.corpus.readers.found import Broken, Found
from tests.corpus.fetching.site import Answer, Site, page, serving
from tests.corpus.fetching.test_pages import fetched, rules

TEXT = "The river by the mill was low that summer, and the farmers led their cattle over the stones. " * 4
RSS = f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
     xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule"><channel>
<title>News</title><link>/</link><language>en</language>
<creativeCommons:license>https://creativecommons.org/licenses/by/4.0/</creativeCommons:license>
<item><title>One &amp; all</title><link>/one.html#comments</link><pubDate>Tue, 10 Nov 2026 10:00:00 +0100</pubDate>
<description>short</description><content:encoded><![CDATA[<p>{TEXT}</p><script>alert(1)</script>]]></content:encoded></item>
<item><title>Two</title><link>/two.html</link><pubDate>some day</pubDate></item>
<item><title>Two again</title><link>/two.html</link></item>
<item><title>Mail</title><link>mailto:me@example.org</link></item>
<item><title>None</title></item>
</channel></rss>"""
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title>Nouvelles</title><id>urn:x</id>
<updated>2026-11-01T00:00:00Z</updated><rights>CC0-1.0</rights>
<entry xml:lang="de"><title>Eins</title><id>urn:1</id><link href="eins.html"/>
<published>2026-11-02T03:04:05Z</published>
<updated>2026-11-03T00:00:00Z</updated><content type="html">&lt;p&gt;Inhalt&lt;/p&gt;</content></entry>
<entry><title>Deux</title><id>urn:2</id><link rel="alternate" href="http://127.0.0.1:9/deux"/>
<link rel="license" href="https://example.org/licence"/><updated>2026-11-04T00:00:00Z</updated></entry></feed>"""


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as site:
        site.answers = {
            "/rss": Answer(RSS.encode(), kind="application/rss+xml"),
            "/atom": Answer(gzip.compress(ATOM.encode()), kind="text/xml", header={"Content-Encoding": "gzip"}),
            "/one.html": page("The first page"),
            "/two.html": page("The second page"),
            "/eins.html": page("Seite"),
        }
        yield site


def found_in(data: bytes) -> list[Entry | Broken]:
    return list(entries(data, "http://h.example/feeds/x.xml"))


def test_pages_of_entries_are_fetched_with_what_the_feed_says(site: Site, tmp_path: Path) -> None:
    found = fetched(tmp_path, Pages("key", feed=f"{site.address}/rss"))
    assert rules(found) == ["", "", "entry without a link", "entry without a link"]
    one, two = (each for each in found if isinstance(each, Found))
    assert one.origin == one.url == f"{site.address}/one.html" and b"The first page" in one.raw
    assert (one.title, one.date, one.language) == ("One & all", "2026-11-10T09:00:00+00:00", "en")
    assert one.license == two.license == "https://creativecommons.org/licenses/by/4.0/"
    assert (two.title, two.date) == ("Two", "")
    assert site.paths() == ["/robots.txt", "/rss", "/one.html", "/two.html"]


def test_atom_too_packed_and_with_relative_links(site: Site, tmp_path: Path) -> None:
    found = fetched(tmp_path, Pages("key", feed=f"{site.address}/atom"), retries=0)
    assert rules(found) == ["", "no connection"]
    (one,) = (each for each in found if isinstance(each, Found))
    assert one.url == f"{site.address}/eins.html"
    assert (one.title, one.date, one.language, one.license) == ("Eins", "2026-11-02T03:04:05+00:00", "de", "CC0-1.0")
    both = found_in(ATOM.encode())
    assert isinstance(both[1], Entry) and both[1].about["license"] == "https://example.org/licence"


def test_contents_of_entries_are_documents_without_a_request_more(site: Site, tmp_path: Path) -> None:
    found = fetched(tmp_path, Pages("key", feed=f"{site.address}/rss", contents=True))
    assert rules(found) == ["", *["entry without content"] * 3]
    assert site.paths() == ["/robots.txt", "/rss"]
    (one,) = (each for each in found if isinstance(each, Found))
    assert one.origin == f"{site.address}/rss#1" and one.url == f"{site.address}/one.html" and b"alert" not in one.raw
    made = extract([one.format], [one.raw], [one.charset], [one.title], [one.date], [one.language])
    assert made["text"][0].split() == TEXT.split() and made["title"] == ["One & all"]


@pytest.mark.parametrize(
    ("data", "count", "rule"),
    [
        (RSS.encode()[: RSS.index("<item><title>Two again")], 2, "broken feed"),
        (RSS.replace("One &amp; all", "One &nosuch; all").encode(), 4, "broken feed"),
        (RSS.replace("utf-8", "us-ascii").replace("One", "Öne").encode(), 4, ""),
        (b"<html><body>no feed</body></html>", 0, "no feed"),
        (b"", 0, "no feed"),
        (b"\x00\xff" * 500, 0, "no feed"),
        (b"http://127.0.0.1:9/another", 0, "no feed"),  # an address is text here, never fetched
    ],
)
def test_broken_feeds_give_what_they_hold(data: bytes, count: int, rule: str) -> None:
    found = found_in(data)
    assert sum(isinstance(each, Entry) for each in found) == count
    assert [each.rule for each in found if isinstance(each, Broken)] == [rule] * bool(rule)


def test_a_feed_that_grows_without_end_does_not(site: Site, tmp_path: Path) -> None:
    names = "abcdefghij"
    grown = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(names))
    item = "<channel><item><title>&j;</title></item></channel>"
    bomb = f'<!DOCTYPE r [<!ENTITY a "xxxxxxxxxx">{grown}]><rss version="2.0">{item}</rss>'
    site.answers["/bomb"] = Answer(bomb.encode(), kind="text/xml")
    found = found_in(bomb.encode())
    assert all(len(each.about.get("title", "")) < 100 for each in found if isinstance(each, Entry))
    assert "" not in rules(fetched(tmp_path, Pages("key", feed=f"{site.address}/bomb")))


@pytest.mark.parametrize(("path", "rule"), [("/none", "HTTP status that is no success"), ("/one.html", "no feed")])
def test_a_feed_that_is_none_is_told(site: Site, tmp_path: Path, path: str, rule: str) -> None:
    assert rules(fetched(tmp_path, Pages("key", feed=site.address + path))) == [rule]

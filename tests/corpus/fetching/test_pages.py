"""Fetching is polite, bounded and done once; what goes wrong with an address is told, and costs that address only."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from chatwright.core.progress import Silent
from chatwright.corpus.fetching.pages import Pages, fetch_pages, page_files, page_origin, read_page
from chatwright.corpus.fetching.settings import FetchSettings
from chatwright.corpus.readers.found import Failed, Found
from chatwright.corpus.readers.settings import Columns, Limits
from tests.corpus.fetching.site import PAGE, Answer, Site, page, serving

QUICK: dict[str, Any] = {"requests_per_second": 100.0, "retries": 2}


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as site:
        yield site


def fetched(
    folder: Path,
    source: Pages,
    earlier: Path | None = None,
    others: tuple[Path, ...] = (),
    **settings: Any,
) -> list[Found | Failed]:
    fetch_pages(folder, earlier, others, [source], FetchSettings(**{**QUICK, **settings}), Silent())
    return [
        found
        for path in page_files(folder, source.key)
        for found in read_page(path, folder, source.key, Limits(), Columns())
    ]


def urls(site: Site, *paths: str) -> Pages:
    return Pages("key", tuple(site.address + path for path in paths))


def rules(found: list[Found | Failed]) -> list[str]:
    return [each.rule if isinstance(each, Failed) else "" for each in found]


def test_pages_come_in_order_and_the_requests_say_who_asks(site: Site, tmp_path: Path) -> None:
    site.answers = {f"/{name}": page(name) for name in "cab"}
    found = fetched(tmp_path, urls(site, "/c", "/a", "/b#part", "/b"), contact="https://me.example/bot")
    assert [each.origin for each in found] == [f"{site.address}/{name}" for name in "cab"]
    assert all(isinstance(each, Found) and each.format == "html" and each.url == each.origin for each in found)
    assert site.paths() == ["/robots.txt", "/c", "/a", "/b"]
    assert all(each.header["user-agent"].startswith("Chatwright/") for each in site.asked)
    assert all("(+https://me.example/bot)" in each.header["user-agent"] for each in site.asked)
    assert not any({"cookie", "authorization", "referer"} & set(each.header) for each in site.asked)


def test_nobody_is_known_again_by_a_cookie(site: Site, tmp_path: Path) -> None:
    site.answers = {"/a": page("a", Set_Cookie="id=1"), "/b": page("b")}
    fetched(tmp_path, urls(site, "/a", "/b"))
    assert not any("cookie" in each.header for each in site.asked)


def test_robots_are_obeyed(site: Site, tmp_path: Path) -> None:
    told = "User-agent: *\nAllow: /\n\nUser-agent: chatwright\nDisallow: /private\nAllow: /private/open\n"
    site.answers = {"/robots.txt": Answer(told.encode(), kind="text/plain"), "/moved": Answer(status=302)}
    site.answers |= {path: page(path) for path in ("/private/a", "/private/open", "/b")}
    site.answers["/moved"] = Answer(status=302, header={"Location": "/private/a"})
    found = fetched(tmp_path, urls(site, "/private/a", "/private/open", "/b", "/moved"))
    assert rules(found) == ["disallowed by robots.txt", "", "", "disallowed by robots.txt"]
    assert "/private/a" not in site.paths() and site.paths().count("/robots.txt") == 1


def test_another_agent_is_another_to_robots(site: Site, tmp_path: Path) -> None:
    site.answers = {"/robots.txt": Answer(b"User-agent: Reader\nDisallow: /", kind="text/plain"), "/a": page("a")}
    assert rules(fetched(tmp_path / "a", urls(site, "/a"))) == [""]
    assert rules(fetched(tmp_path / "b", urls(site, "/a"), agent="Reader")) == ["disallowed by robots.txt"]
    assert site.asked[-1].header["user-agent"].startswith("Reader/")
    assert "Chatwright" in site.asked[-1].header["user-agent"]


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (Answer(status=404), ""),
        (Answer(status=403), ""),
        (Answer(status=500), "HTTP status that is no success"),
        (Answer(status=301, header={"Location": "/elsewhere.txt"}), "disallowed by robots.txt"),
        (Answer(status=301, header={"Location": "/robots.txt"}), ""),  # in a circle: as if it were missing
        (Answer(b"\xff\xfe<html>\0", kind="text/html"), ""),
    ],
)
def test_what_becomes_of_robots_that_are_no_robots(site: Site, tmp_path: Path, answer: Answer, rule: str) -> None:
    site.answers = {"/robots.txt": answer, "/a": page("a")}
    site.answers["/elsewhere.txt"] = Answer(b"User-agent: *\nDisallow: /", kind="text/plain")
    assert rules(fetched(tmp_path, urls(site, "/a"))) == [rule]
    assert ("/a" in site.paths()) == (not rule)


def test_requests_keep_their_distance(site: Site, tmp_path: Path) -> None:
    site.answers = {f"/{number}": page(str(number)) for number in range(6)}
    began = time.monotonic()
    fetched(tmp_path, urls(site, *site.answers), requests_per_second=20.0)
    # counted from before the first request, so that a slow moment of the server's cannot bring two of them together
    assert all(each.time - began >= place / 20 - 1e-3 for place, each in enumerate(site.asked))
    assert len(site.asked) == 7


def test_robots_may_ask_for_a_longer_distance(site: Site, tmp_path: Path) -> None:
    site.answers = {"/robots.txt": Answer(b"User-agent: *\nCrawl-delay: 0.2", kind="text/plain")}
    site.answers |= {f"/{number}": page(str(number)) for number in range(3)}
    began = time.monotonic()
    fetched(tmp_path / "a", urls(site, "/0", "/1", "/2"))
    assert site.asked[-1].time - began >= 0.4
    found = fetched(tmp_path / "b", urls(site, "/0"), longest_wait_seconds=0.1)
    assert rules(found) == ["host that asks to wait too long"]


def test_hosts_are_asked_side_by_side(site: Site, tmp_path: Path) -> None:
    site.answers = {"/a": page("a"), "/b": page("b")}
    other = site.address.replace("127.0.0.1", "localhost")
    found = fetched(tmp_path, Pages("key", (f"{site.address}/a", f"{other}/a", f"{site.address}/b")))
    assert rules(found) == ["", "", ""] and site.paths().count("/robots.txt") == 2


def test_a_host_that_is_busy_is_asked_again_when_it_says(site: Site, tmp_path: Path) -> None:
    later = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    site.answers = {
        "/a": [Answer(status=429, header={"Retry-After": "1"}), page("a")],
        "/b": [Answer(status=503, header={"Retry-After": later}), Answer(status=500), page("b")],
        "/c": Answer(status=503),
        "/d": Answer(status=429, header={"Retry-After": "86400"}),
        "/e": Answer(status=410),
    }
    found = fetched(tmp_path, urls(site, "/a", "/b", "/c", "/e", "/d"), longest_wait_seconds=5)
    status = "HTTP status that is no success"
    assert rules(found) == ["", "", status, status, "host that asks to wait too long"]
    assert [site.paths().count(f"/{name}") for name in "abced"] == [2, 3, 3, 1, 1]
    first, second = (each.time for each in site.asked if each.path == "/a")
    assert second - first >= 0.9  # a second, told after the first was answered


def test_redirects_are_followed_so_far(site: Site, tmp_path: Path) -> None:
    site.answers = {
        "/a": Answer(status=301, header={"Location": "b?x=1"}),
        "/b?x=1": Answer(status=308, header={"Location": f"{site.address}/c"}),
        "/c": page("c"),
        "/round": Answer(status=302, header={"Location": "/round"}),
        "/file": Answer(status=302, header={"Location": "file:///etc/passwd"}),
        "/none": Answer(status=302),
    }
    found = fetched(tmp_path, urls(site, "/a", "/round", "/file", "/none"), redirects=3)
    nowhere = "redirect that leads nowhere"
    assert rules(found) == ["", "too many redirects", nowhere, nowhere]
    assert isinstance(found[0], Found) and found[0].url == f"{site.address}/c" and found[0].origin.endswith("/a")
    assert site.paths().count("/round") == 4


def test_answers_are_bounded_in_time_and_size(site: Site, tmp_path: Path) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"<p>and so on</p>" * 4_096

    def dripping() -> Iterator[bytes]:
        while True:
            yield b"<p>"
            time.sleep(0.05)

    site.answers = {
        "/endless": Answer(pieces=endless),
        "/slow": Answer(pieces=dripping),
        "/told": Answer(header={"Content-Length": "99999999"}),
        "/a": page("a"),
    }
    found = fetched(
        tmp_path, urls(site, "/endless", "/slow", "/told", "/a"), megabytes=1, timeout_seconds=0.6, retries=0
    )
    assert rules(found) == ["answer too long", "no answer in time", "answer too long", ""]
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 100_000


def test_a_body_that_breaks_off_is_asked_for_again(site: Site, tmp_path: Path) -> None:
    short = Answer(header={"Content-Length": "1000"}, pieces=lambda: iter([b"<p>half"]))
    site.answers = {"/a": [short, page("a")], "/b": short}
    found = fetched(tmp_path, urls(site, "/a", "/b"))
    assert rules(found) == ["", "connection that breaks"] and site.paths().count("/b") == 3


def test_addresses_that_lead_nowhere_cost_themselves(site: Site, tmp_path: Path) -> None:
    site.answers = {"/a": page("a")}
    addresses = (
        "ftp://host/a",
        "nothing",
        "http://me:word@host/",
        "http://[::1",
        "http://127.0.0.1:9/a",
        "http://x y/",
    )
    found = fetched(
        tmp_path, Pages("key", (*addresses, "http://no-such-host.invalid/a", f"{site.address}/a")), retries=0
    )
    none = "no web address"
    assert rules(found)[:4] == [none, none, "address with a password", none] and rules(found)[4] == "no connection"
    assert rules(found)[5:] == [none, "no such host", ""] or rules(found)[6] == "no connection"


def test_every_content_goes_to_its_reader(site: Site, tmp_path: Path) -> None:
    chinese = "河水很浅，农民把牛赶过石头。".encode("gb18030")
    rows = b'{"text": "one"}\n{"text": "two"}\n'
    site.answers = {
        "/text": Answer(chinese, kind="text/plain; charset=gb18030"),
        "/page": Answer(
            "<p>é</p>".encode("latin-1"), kind="text/html; charset=latin-1", header={"Content-Language": "fr"}
        ),
        "/rows.jsonl": Answer(rows, kind="text/plain"),
        "/rows.jsonl.gz": Answer(gzip.compress(rows), kind="application/octet-stream"),
        "/data": Answer(b'[{"text": "three"}]', kind="application/json"),
        "/broken.pdf": Answer(b"%PDF-", kind="application/pdf"),
        "/image": Answer(b"\x89PNG", kind="image/png"),
        "/packed": Answer(gzip.compress(PAGE.encode()), header={"Content-Encoding": "gzip"}),
        "/unpacked": Answer(PAGE.encode(), header={"Content-Encoding": "gzip"}),
        "/bomb": Answer(gzip.compress(b"\0" * 10**7), header={"Content-Encoding": "gzip"}),
        "/strange": Answer(b"x", header={"Content-Encoding": "br"}),
        "/nothing": Answer(b""),
    }
    found = fetched(tmp_path, urls(site, *site.answers))
    by_path: dict[str, list[Found | Failed]] = {}
    for each in found:
        by_path.setdefault(each.origin.removeprefix(site.address).partition("#")[0], []).append(each)
    texts = {path: [each.text for each in some if isinstance(each, Found)] for path, some in by_path.items()}
    assert texts["/text"] == ["河水很浅，农民把牛赶过石头。"]
    assert texts["/rows.jsonl"] == texts["/rows.jsonl.gz"] == ["one", "two"] and texts["/data"] == ["three"]
    (french,) = by_path["/page"]
    assert isinstance(french, Found) and (french.charset, french.language) == ("latin-1", "fr")
    assert all(
        isinstance(each, Found) and each.raw == PAGE.encode() for each in by_path["/packed"] + by_path["/unpacked"]
    )
    failed = {path: each.rule for path, (each, *_) in by_path.items() if isinstance(each, Failed)}
    assert failed == {
        "/broken.pdf": "broken pdf",
        "/image": "content type that is not read",
        "/bomb": "compressed more than 200 times",
        "/strange": "content encoding that is not read",
        "/nothing": "empty file",
    }


def test_what_was_fetched_is_not_asked_for_again(site: Site, tmp_path: Path) -> None:
    site.answers = {"/a": page("a"), "/b": page("b"), "/gone": Answer(status=404)}
    one = fetched(tmp_path / "one", urls(site, "/a", "/gone"))
    site.asked.clear()
    assert fetched(tmp_path / "one", urls(site, "/a", "/gone")) == one and not site.asked
    more = fetched(tmp_path / "two", urls(site, "/b", "/a", "/gone"), earlier=tmp_path / "one")
    assert more[1:] == one and site.paths() == ["/robots.txt", "/b", "/gone"]  # what failed is tried again


def test_when_it_is_asked_for_again_only_what_is_new_is_sent(site: Site, tmp_path: Path) -> None:
    date = "Tue, 10 Nov 2026 10:00:00 GMT"
    site.answers = {"/a": page("a", ETag='"1"'), "/b": page("b", Last_Modified=date), "/c": page("c", ETag='"3"')}
    site.answers["/d"] = Answer(status=302, header={"Location": "/a"})
    source = urls(site, "/a", "/b", "/c", "/d")
    one = fetched(tmp_path / "one", source)
    site.asked.clear()
    site.answers["/c"] = page("new", ETag='"4"')
    since = datetime.now(UTC) + timedelta(seconds=5)
    two = fetched(tmp_path / "two", source, earlier=tmp_path / "one", since=since)
    header = {each.path: each.header for each in site.asked}
    assert header["/a"]["if-none-match"] == '"1"' and header["/b"]["if-modified-since"] == date
    assert two[:2] == one[:2] and two[3] == one[3]
    assert isinstance(two[2], Found) and b"new" in two[2].raw
    site.asked.clear()  # what another run has is never taken without asking
    assert fetched(tmp_path / "three", source, others=(tmp_path / "two",)) == two
    assert [each.header.get("if-none-match") for each in site.asked if each.path == "/c"] == ['"4"']


def test_stopped_half_way_it_goes_on(site: Site, tmp_path: Path) -> None:
    site.answers = {f"/{number}": page(str(number)) for number in range(6)}
    source = urls(site, *site.answers)
    whole = fetched(tmp_path / "whole", source)
    site.asked.clear()
    fetch_pages(tmp_path / "half", None, (), [urls(site, "/0", "/1", "/2")], FetchSettings(**QUICK), Silent())
    assert fetched(tmp_path / "half", source) == whole
    assert sorted(path for path in site.paths() if path != "/robots.txt") == sorted(site.answers)


def test_origins_are_addresses(site: Site, tmp_path: Path) -> None:
    site.answers = {"/a": page("a")}
    fetched(tmp_path, urls(site, "/a", "/b"))
    files = page_files(tmp_path, "key")
    assert [page_origin(path, tmp_path, "key") for path in files] == [f"{site.address}/a", f"{site.address}/b"]

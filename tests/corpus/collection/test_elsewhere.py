"""Collections of what is fetched: once, with a line for whatever did not come, and the same after any interruption."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from chatwright.core.errors import UsageError
from chatwright.core.progress import Silent
from chatwright.corpus.collection.parts import read_parts
from chatwright.pipeline import collection
from chatwright.pipeline.job import Job
from chatwright.recipe import Recipe
from tests.corpus.collection.test_collection import _toml, drops, hashes, prose
from tests.corpus.fetching.site import Answer, Site, serving
from tests.corpus.fetching.test_rows import write_set

PAGES = 8


def html(seed: int) -> Answer:
    return Answer(f"<html><head><title>{seed}</title></head><body><p>{prose(seed)}</p></body></html>".encode())


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as site:
        links = "".join(f"<item><title>Entry {n}</title><link>/page/{n}</link></item>" for n in (6, 7))
        feed = f'<rss version="2.0"><channel><title>x</title><language>en</language>{links}</channel></rss>'
        site.answers = {f"/page/{number}": html(number) for number in range(PAGES)}
        site.answers |= {"/feed": Answer(feed.encode(), kind="application/rss+xml"), "/pdf": Answer(b"", 404)}
        site.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /page/3\n", kind="text/plain")
        site.answers["/asked.csv"] = Answer(f'question\n"{prose(1)[20:160]}"\n'.encode(), kind="text/csv")
        yield site


def values(site: Site, data: Path) -> dict[str, Any]:
    lines = ["# pages", "", *(f"{site.address}/page/{n}" for n in range(5)), "no address"]
    (data / "list.txt").write_text("\n".join(lines), encoding="utf-8")
    (data / "texts").mkdir(exist_ok=True)
    (data / "texts" / "a.txt").write_text(prose(20), encoding="utf-8")
    return {
        "name": "mine",
        "story": "text",
        "text": {"data": str(data), "minimum_characters": 100, "held_out": 0.2},
        "collection": {
            "sources": [
                {"name": "list", "urls": "list.txt", "license": "CC-BY-4.0"},
                {"name": "more", "urls": [f"{site.address}/pdf", f"{site.address}/page/5"]},
                {"name": "news", "feed": f"{site.address}/feed"},
                {"name": "texts", "path": "texts"},
            ],
            "evaluated": [{"name": "asked", "urls": f"{site.address}/asked.csv", "columns": {"text": "question"}}],
            "engine": {"threads": 1, "part_megabytes": 1},
            "fetch": {"requests_per_second": 50, "retries": 0},
        },
    }


def build(told: dict[str, Any], run: Path, stage: str = "collect") -> Job:
    run.mkdir(exist_ok=True)
    job = Job(Recipe.model_validate(told), run, lambda name: nullcontext(Silent()))
    getattr(collection, stage)(job)
    return job


def rows(folder: Path) -> list[dict[str, Any]]:
    return [row for table in read_parts(folder) for row in table.to_pylist()]


def test_pages_lists_and_feeds_are_collected(site: Site, tmp_path: Path) -> None:
    told, run = values(site, tmp_path), tmp_path / "run"
    job = build(told, run)
    found = {row["origin"].removeprefix(site.address): row for row in rows(run / "collect")}
    assert list(found) == [*(f"/page/{n}" for n in (0, 1, 2, 4, 5, 6, 7)), "a.txt"]
    assert {found[f"/page/{n}"]["license"] for n in (0, 4)} == {"CC-BY-4.0"}
    assert (found["/page/6"]["title"], found["/page/6"]["language"]) == ("Entry 6", "en")
    assert found["/page/5"]["url"] == f"{site.address}/page/5" and found["/page/5"]["source"] == "more"
    gone = {drop["origin"].removeprefix(site.address): drop for drop in drops(run / "collect")}
    assert {origin: drop["rule"] for origin, drop in gone.items()} == {
        "/page/3": "disallowed by robots.txt",
        "/pdf": "HTTP status that is no success",
        "no address": "no web address",
    }
    assert gone["/pdf"]["why"] == "404" and gone["/pdf"]["source"] == "more"
    assert "/page/3" not in site.paths() and len(set(site.paths())) == len(site.paths())
    assert job.done["fetch"].figures == {"addresses": 11, "failed": 3, "rows": 0}


def test_later_runs_ask_for_nothing_until_they_are_told_to(site: Site, tmp_path: Path) -> None:
    told, run = values(site, tmp_path), tmp_path / "run"
    build(told, run, "fetch")
    site.asked.clear()
    told["collection"]["sources"][0]["weight"] = 2  # another setting of a later stage
    told["collection"]["engine"]["part_megabytes"] = 2
    assert build(told, run, "fetch").done["fetch"].reused and not site.asked
    told["collection"]["sources"][1]["urls"].append(f"{site.address}/page/0?again")
    site.answers["/page/0?again"] = html(30)
    build(told, run, "fetch")
    assert site.paths() == ["/robots.txt", "/pdf", "/page/0?again"]  # and what failed before
    site.asked.clear()
    told["collection"]["fetch"]["since"] = "2099-01-01"
    build(told, run, "fetch")
    assert sorted(site.paths()) == sorted(["/robots.txt", "/feed", "/pdf", "/asked.csv", "/page/0?again"] + [
        f"/page/{n}" for n in range(PAGES) if n != 3
    ])  # fmt: skip


@pytest.mark.slow
def test_evaluation_sets_are_fetched_too(site: Site, tmp_path: Path) -> None:
    run = tmp_path / "run"
    build(values(site, tmp_path), run, "decontaminate")
    assert [drop["origin"] for drop in drops(run / "decontaminate")] == [f"{site.address}/page/1"]


@pytest.mark.slow
def test_rows_of_a_data_set_are_documents(site: Site, tmp_path: Path) -> None:
    write_set(tmp_path / "sets" / "wikipedia", shards=1, count=120)
    told, run = values(site, tmp_path), tmp_path / "run"
    source = {"name": "wiki", "dataset": "sets/wikipedia", "subset": "20231101.zh", "rows": 110, "language": "zh"}
    told["collection"] |= {"sources": [source], "evaluated": []}
    job = build(told, run)
    found, gone = rows(run / "collect"), drops(run / "collect")
    assert len(found) == 108 and [drop["rule"] for drop in gone] == ["row has no text column"] * 2
    assert [drop["origin"] for drop in gone] == [f"sets/wikipedia/20231101.zh/train#{n}" for n in (1, 101)]
    assert found[0]["title"] == "Title 1" and {row["language"] for row in found} == {"zh"}
    assert job.done["fetch"].figures == {"rows": 110} | {"addresses": 0, "failed": 0}
    assert build(told, run).done["fetch"].reused


@pytest.mark.slow
def test_a_fetching_that_is_killed_comes_out_the_same(site: Site, tmp_path: Path) -> None:
    told = values(site, tmp_path)
    told["collection"]["fetch"]["requests_per_second"] = 10
    build(told, tmp_path / "whole")
    (tmp_path / "recipe.toml").write_text(_toml(told), encoding="utf-8")
    run, drawn = tmp_path / "run", random.Random(0)
    command = [sys.executable, "-m", "chatwright", "corpus", "build", str(tmp_path / "recipe.toml"), "--out", str(run)]
    site.asked.clear()
    for _ in range(4):
        asked = len(site.asked)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        wanted = asked + drawn.randint(2, 4)
        while len(site.asked) < wanted and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    build(told, run)
    assert hashes(run / "collect") == hashes(tmp_path / "whole" / "collect")
    counts = [site.paths().count(f"/page/{number}") for number in range(PAGES)]
    assert counts[3] == 0 and max(counts) <= 2 and sum(counts) <= PAGES - 1 + 4  # what was on its way was asked again


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({}, "names none"),
        ({"path": "a", "feed": "https://example.org/feed"}, "names path and feed"),
        ({"urls": ["https://example.org/", "ftp://x/"]}, "'ftp://x/' cannot be fetched: no web address"),
        ({"feed": "example.org/feed"}, "cannot be fetched"),
        ({"path": "a", "entries": "contents"}, "entries belongs to a feed"),
        ({"urls": "list.txt", "subset": "x"}, "subset belongs to a dataset"),
    ],
)
def test_sources_that_mean_nothing_are_refused(source: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Recipe.model_validate({"name": "a", "story": "text", "collection": {"sources": [{"name": "a", **source}]}})


def test_a_list_that_is_not_there_is_told(site: Site, tmp_path: Path) -> None:
    told = values(site, tmp_path)
    (tmp_path / "list.txt").write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no address in this list"):
        build(told, tmp_path / "run")
    (tmp_path / "list.txt").unlink()
    with pytest.raises(UsageError, match=r"list: .*list\.txt: the list of addresses cannot be read"):
        build(told, tmp_path / "run")
    assert not site.asked

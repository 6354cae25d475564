"""The pages of sources that are lists of addresses or feeds: fetched host by host, kept in a store, read from there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from chatwright.core.files import read_json, write_json
from chatwright.core.progress import Part, Progress
from chatwright.corpus.fetching import feeds
from chatwright.corpus.fetching.addresses import checked
from chatwright.corpus.fetching.crowd import Crowd
from chatwright.corpus.fetching.settings import FetchSettings
from chatwright.corpus.fetching.store import Record, Store, key_in, key_of, now
from chatwright.corpus.readers.found import About, Broken, Failed, Found
from chatwright.corpus.readers.read import read_file
from chatwright.corpus.readers.settings import Columns, Limits
from chatwright.corpus.readers.stream import Reading, Stream
from chatwright.corpus.readers.unpack import Unpacked


@dataclass(frozen=True)
class Pages:
    """What a source names: addresses, or a feed, whose entries are pages to be fetched or contents to be taken."""

    key: str  # its name in the store
    addresses: tuple[str, ...] = ()
    feed: str = ""
    contents: bool = False


@dataclass(frozen=True)
class _Listed:
    """A document to come: where its record is, and what its source says about it."""

    key: str
    address: str
    about: About = field(default_factory=About)


def fetch_pages(
    folder: Path,
    earlier: Path | None,
    others: Sequence[Path],
    sources: Sequence[Pages],
    settings: FetchSettings,
    progress: Progress,
) -> None:
    """Fetch all that these sources name, and write down what belongs to which.

    What lies in `folder` is not fetched again, nor what lies in `earlier` since the time that is set. What `others`
    have is asked for with their entity tags and dates, so that only what is new is sent.
    """
    store = Store(folder)
    kept = Store(earlier) if earlier is not None else None
    asyncio.run(_fetch(store, kept, [Store(other) for other in others], sources, settings, progress))


async def _fetch(
    store: Store,
    earlier: Store | None,
    others: Sequence[Store],
    sources: Sequence[Pages],
    settings: FetchSettings,
    progress: Progress,
) -> None:
    async with Crowd(store, earlier, others, settings) as crowd:
        wanted = {key_of("feed", source.feed): source.feed for source in sources if source.feed}
        await crowd.fetch(wanted, Part(progress, 0.0, 0.1, "feeds"), feed=True)
        lists = [list(_listed(source, store)) for source in sources]
        wanted = {each.key: each.address for listed in lists for each in listed if store.get(each.key) is None}
        await crowd.fetch(wanted, Part(progress, 0.1, 0.9, "pages"), feed=False)
    for source, listed in zip(sources, lists, strict=True):
        write_json(_list_file(store.folder, source.key), [asdict(each) for each in listed])


def page_files(folder: Path, key: str) -> list[Path]:
    """A file for each address of a source, in its order: the body, or the record where there is none."""
    store = Store(folder)
    return [store.path(each) for each in _lists(_list_file(folder, key))]


def page_counts(folder: Path, keys: Sequence[str]) -> dict[str, int]:
    """How many addresses these sources have, and how many of them nothing came of."""
    store = Store(folder)
    records = {each: store.get(each) for key in keys for each in _lists(_list_file(folder, key))}
    return {
        "addresses": len(records),
        "failed": sum(record is None or bool(record.rule) for record in records.values()),
    }


def page_origin(path: Path, folder: Path, key: str) -> str:
    """The address of such a file."""
    return _lists(_list_file(folder, key))[key_in(path)].address


def read_page(path: Path, folder: Path, key: str, limits: Limits, columns: Columns) -> Iterator[Found | Failed]:
    """The documents of such a file. What they say of themselves goes before what the source says, and that before the
    answer's header."""
    listed = _lists(_list_file(folder, key))[key_in(path)]
    record = Store(folder).get(listed.key)
    assert record is not None
    if record.rule:
        yield Failed(listed.address, 0, record.rule, record.why)
        return
    for found in read_file(path, listed.address, limits, columns, record.charset):
        if isinstance(found, Failed):
            yield found
            continue
        told: About = {"url": record.url, "language": record.language}
        about = {**told, **listed.about}
        new: Any = {name: value for name, value in about.items() if value and not getattr(found, name)}
        yield replace(found, **new)


def _list_file(folder: Path, key: str) -> Path:
    return folder / f"list-{key}.json"


def _lists(path: Path) -> dict[str, _Listed]:
    return _read_lists(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read_lists(path: Path, changed: int) -> dict[str, _Listed]:
    return {each["key"]: _Listed(**each) for each in read_json(path)}


def _listed(source: Pages, store: Store) -> Iterator[_Listed]:
    """The documents that a source names; what is none of its addresses gets its record here."""
    for text in source.addresses:
        try:
            address = checked(text)
        except Broken as problem:
            yield _refused(store, text[:300], problem)
        else:
            yield _Listed(key_of(address), address)
    if source.feed:
        yield from _feed_listed(source, store)


def _refused(store: Store, address: str, problem: Broken) -> _Listed:
    key = key_of("refused", address, problem.rule)
    store.put(key, Record(address, rule=problem.rule, why=problem.why))
    return _Listed(key, address)


def _feed_listed(source: Pages, store: Store) -> Iterator[_Listed]:
    key = key_of("feed", source.feed)
    record = store.get(key)
    assert record is not None
    if record.rule:
        yield _Listed(key, source.feed)
        return
    try:
        data = _whole(store.path(key))
    except Broken as problem:
        yield _refused(store, source.feed, problem)
        return
    for number, entry in enumerate(feeds.entries(data, record.url), start=1):
        origin = f"{source.feed}#{number}"
        if isinstance(entry, Broken):
            yield _refused(store, source.feed, entry)
        elif source.contents and entry.content.strip():
            own = key_of("content", origin)
            store.put_body(own, Record(origin, entry.link, now(), ".html", "utf-8"), entry.page)
            yield _Listed(own, origin, entry.about)
        elif source.contents:
            yield _refused(store, origin, Broken("entry without content"))
        elif entry.problem is not None:
            yield _refused(store, origin, entry.problem)
        else:
            yield _Listed(key_of(entry.link), entry.link, entry.about)


def _whole(path: Path) -> bytes:
    """A feed, unpacked if it was sent packed."""
    limits = Limits()
    with path.open("rb") as file:
        stream = Stream(file.read)
        if path.name.endswith(".gz"):
            stream = Stream(Unpacked(stream, "gzip", Reading(limits, Columns())).read)
        return stream.whole(limits.document_bytes, "document too long")

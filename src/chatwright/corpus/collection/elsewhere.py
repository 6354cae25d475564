"""Sources that are no files here: addresses, feeds and data sets. They are fetched into a folder, and read from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chatwright.core.errors import UsageError
from chatwright.core.files import hash_json
from chatwright.core.progress import Part, Progress
from chatwright.corpus.collection.settings import CollectionSettings, SourceSettings
from chatwright.corpus.fetching.addresses import checked, listed
from chatwright.corpus.fetching.pages import Pages, fetch_pages, page_counts, page_files, page_origin, read_page
from chatwright.corpus.fetching.rows import Rows, fetch_rows, read_rows, row_count, row_files
from chatwright.corpus.readers.found import Failed, Found
from chatwright.corpus.readers.settings import Limits

_DECIDES = {"since", "agent", "megabytes", "redirects"}  # of the settings: what comes, not how fast


def fetched_sources(settings: CollectionSettings) -> list[SourceSettings]:
    """The sources that have to be fetched."""
    return [source for source in (*settings.sources, *settings.evaluated) if not source.path]


def identity(settings: CollectionSettings, data: str | None) -> dict[str, Any]:
    """What decides what is fetched, as JSON: the addresses, the data sets, and since when they are asked for."""
    told = dict[str, Any]()
    for source in fetched_sources(settings):
        if source.dataset:
            rows = _rows(source, data)
            told[rows.key] = {"dataset": source.dataset, "files": rows.files()}
        else:
            told[_key(source)] = {"addresses": _pages(source, data).addresses, "feed": source.feed}
    return {"sources": told, "fetch": settings.fetch.model_dump(mode="json", include=_DECIDES)}


def fetch(
    folder: Path,
    earlier: Path | None,
    others: Sequence[Path],
    settings: CollectionSettings,
    data: str | None,
    progress: Progress,
) -> dict[str, int]:
    """Fetch what the sources name; returns how many addresses, how many of them failed, and how many rows there are.

    `earlier` is what this run has fetched before, `others` are what other runs have.
    """
    sources = fetched_sources(settings)
    pages = [_pages(source, data) for source in sources if not source.dataset]
    sets = [_rows(source, data) for source in sources if source.dataset]
    if pages:
        share = len(pages) / len(sources)
        fetch_pages(folder, earlier, others, pages, settings.fetch, Part(progress, 0.0, share, "the web"))
    for number, rows in enumerate(sets, start=len(pages)):
        part = Part(progress, number / len(sources), 1 / len(sources), rows.dataset)
        part.update(0.0, "asking for it")
        fetch_rows(folder, earlier, rows, settings.fetch, partial(_tell, part, rows.rows))
    counts = page_counts(folder, [each.key for each in pages])
    return counts | {"rows": sum(row_count(folder, each.key) for each in sets)}


def _tell(progress: Progress, most: int, rows: int) -> None:
    progress.update(rows / most, f"{rows:,} rows")


def fetched_files(source: SourceSettings, folder: Path) -> list[Path]:
    """The files of a source below the folder where all was fetched to."""
    return (row_files if source.dataset else page_files)(folder, _key(source))


def fetched_origin(source: SourceSettings, folder: Path, path: Path) -> str:
    """What the origin of such a file is: its address, or the name of its data set."""
    return _title(source) if source.dataset else page_origin(path, folder, _key(source))


def read_fetched(source: SourceSettings, folder: Path, path: Path, limits: Limits) -> Iterator[Found | Failed]:
    """The documents of such a file."""
    if source.dataset:
        return read_rows(path, _title(source), limits, source.columns)
    return read_page(path, folder, _key(source), limits, source.columns)


def _key(source: SourceSettings) -> str:
    """The name of what a source asks for, the same for all that ask for the same."""
    asked = {"urls", "feed", "entries", "dataset", "subset", "split", "rows", "revision"}
    if source.dataset:
        asked.add("columns")
    return hash_json(source.model_dump(mode="json", include=asked))[:16]


def _title(source: SourceSettings) -> str:
    return "/".join(part for part in (source.dataset, source.subset, source.split) if part)


def _pages(source: SourceSettings, data: str | None) -> Pages:
    if source.feed:
        return Pages(_key(source), feed=checked(source.feed), contents=source.entries == "contents")
    if isinstance(source.urls, tuple):
        return Pages(_key(source), source.urls)
    path = Path(data or ".") / Path(source.urls).expanduser()
    try:
        addresses = listed(path)
    except OSError as error:
        raise UsageError(
            f"the list of addresses cannot be read: {error.strerror}",
            where=f"{source.name}: {path}",
            remedy='name a text file with one address a line, or write urls = ["https://…"]',
        ) from None
    if not addresses:
        raise UsageError(
            "there is no address in this list", where=f"{source.name}: {path}", remedy="write one address a line"
        )
    return Pages(_key(source), tuple(addresses))


def _rows(source: SourceSettings, data: str | None) -> Rows:
    here = Path(data or ".") / Path(source.dataset).expanduser()
    return Rows(
        _key(source),
        source.dataset,
        source.subset,
        source.split,
        source.rows,
        source.revision,
        source.columns,
        str(here.resolve()) if here.is_dir() else "",
    )

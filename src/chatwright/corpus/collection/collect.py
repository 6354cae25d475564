"""Collecting: the files of every source, read into parts of about one size."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from chatwright.core.errors import DataError, UsageError
from chatwright.core.files import write_json
from chatwright.core.progress import Progress
from chatwright.corpus.clean import clean_text, identifier
from chatwright.corpus.collection import elsewhere
from chatwright.corpus.collection.documents import extract
from chatwright.corpus.collection.parts import (
    ABOUT,
    DROPS,
    FOUND,
    Write,
    dropped_file,
    part_file,
    part_numbers,
    writing,
)
from chatwright.corpus.collection.settings import CollectionSettings, SourceSettings
from chatwright.corpus.engine import ProcessDiedError, run_apart
from chatwright.corpus.folder import is_run, link_rule
from chatwright.corpus.private.replace import find_private, replace_private
from chatwright.corpus.readers.found import Failed, Found
from chatwright.corpus.readers.read import read_file

STAGE = "collect"
_ROW_BYTES = 1_000  # what a row takes in memory beside its columns
_HELD_BYTES = 8 * 10**6  # rows that are in memory before they are written
_MOST_ABOUT = 10_000  # characters of a title, an address and the like
_PARTS_A_GROUP = 100_000  # numbers that a group may use


def source_files(source: SourceSettings, data: str | None, fetched: Path | None = None) -> tuple[Path, list[Path]]:
    """The folder that a source's origins are told from, and its files in order; `UsageError` where there are none.

    A path is a file, a folder or a pattern (`news/**/*.gz`), and below `data` unless it begins at the root. What is no
    path lies in `fetched`.
    """
    if not source.path:
        assert fetched is not None
        return fetched, elsewhere.fetched_files(source, fetched)
    named = Path(data or ".") / Path(source.path).expanduser()
    if named.exists():
        named = named.resolve()
    if named.is_dir():
        root, found = named, list(_below(named))
    elif named.exists():
        root, found = named.parent, [named]
    else:
        root = next(parent for parent in named.parents if not set("*?[") & set(str(parent)))
        try:
            found = [path for path in root.glob(str(named.relative_to(root))) if not path.is_dir()]
        except (ValueError, OSError):
            found = []  # no pattern, or no folder to look into
    if not found:
        raise UsageError(
            "this source has no files",
            where=f"{source.name}: {source.path}",
            remedy="name a file, a folder or a pattern (such as news/**/*.gz) below the folder of --data DIR",
        )
    return root.resolve(), [root.resolve() / path.relative_to(root) for path in sorted(found)]


def _below(root: Path) -> Iterator[Path]:
    """The files below a folder, without hidden ones and what we made ourselves; and folders that are not entered."""
    unreadable = list[Path]()
    for folder, inner, names in os.walk(root, onerror=lambda error: unreadable.append(Path(error.filename))):
        yield from (Path(folder) / name for name in inner if (Path(folder) / name).is_symlink())  # told, not followed
        inner[:] = [name for name in inner if not (name.startswith(".") or is_run(Path(folder) / name))]
        yield from (Path(folder) / name for name in names if not name.startswith("."))
    yield from unreadable


def origin_of(path: Path, root: Path, source: SourceSettings) -> str:
    """A file's path below its source, as text that can be written anywhere; names stay apart. Or its address."""
    if not source.path:
        return elsewhere.fetched_origin(source, root, path)
    return _printable(path.relative_to(root).as_posix())


def collect(
    folder: Path, settings: CollectionSettings, data: str | None, fetched: Path | None, progress: Progress
) -> None:
    """Read every source into parts of `FOUND`; a group of files that was read is not read again.

    `fetched` is the folder of what was fetched, where sources need it.
    """
    groups = list(_groups(settings, data, fetched))
    for number, (source, root, paths) in enumerate(groups):
        progress.update(number / len(groups), f"{source.name}: {paths[0].name}")
        if (folder / f"group-{number:05}.json").exists():
            continue
        try:
            run_apart(_read_group, folder, number, source, root, paths, settings, ())
        except ProcessDiedError:  # a library that reads a format can take its process with it: which file was it?
            deadly = [path for path in paths if _kills(source, root, path, settings)]
            run_apart(_read_group, folder, number, source, root, paths, settings, deadly)


@dataclass(frozen=True)
class Item:
    """An item of an evaluation set: where it is from, and its texts, the whole and each paragraph by itself."""

    id: str
    source: str
    origin: str
    texts: tuple[str, ...]


def asked_items(settings: CollectionSettings, data: str | None, fetched: Path | None = None) -> Iterator[Item]:
    """The items of the evaluation sets, treated as the corpus is; `DataError` where a file of theirs cannot be read."""
    for source in settings.evaluated:
        for found in read_source(source, *source_files(source, data, fetched), settings):
            if isinstance(found, Failed):
                raise DataError(
                    f"an evaluation set cannot be read: {found.rule} {found.why}".strip(),
                    where=f"{source.name}: {found.origin}",
                    remedy="mend or take away the file; what is not read cannot be kept out of the corpus",
                )
            text = text_of(found)
            text, _ = replace_private(text, find_private(text, settings.judge.private))
            name = identifier(source.name, found.origin, str(found.offset))
            texts = dict.fromkeys((text, *text.split("\n\n")))  # question and answer apart
            yield Item(name, source.name, found.origin, tuple(texts))


def text_of(found: Found) -> str:
    """A document's text, extracted and cleaned as the corpus is."""
    page = extract(["html"], [found.raw], [found.charset], [""], [""], [""]) if found.format == "html" else {}
    return clean_text(page["text"][0] if page else found.text)


def _groups(
    settings: CollectionSettings, data: str | None, fetched: Path | None
) -> Iterator[tuple[SourceSettings, Path, list[Path]]]:
    """Files of one source that are read together: until they weigh as much as a part."""
    for source in settings.sources:
        group, weight = list[Path](), 0.0
        root, files = source_files(source, data, fetched)
        for path in files:
            group.append(path)
            weight += path.lstat().st_size
            if weight >= settings.engine.part_megabytes * 1e6:
                yield source, root, group
                group, weight = [], 0.0
        if group:
            yield source, root, group


def _kills(source: SourceSettings, root: Path, path: Path, settings: CollectionSettings) -> bool:
    """Does reading this file end the process that does it?"""
    try:
        run_apart(_read_only, source, root, path, settings)
    except ProcessDiedError:
        return True
    return False


def _read_only(source: SourceSettings, root: Path, path: Path, settings: CollectionSettings) -> None:
    for _ in read_source(source, root, [path], settings):
        pass


def _read_group(
    folder: Path,
    group: int,
    source: SourceSettings,
    root: Path,
    paths: list[Path],
    settings: CollectionSettings,
    deadly: Sequence[Path],
) -> None:
    """Read the files of a group into parts, without those that are `deadly`."""
    for number in part_numbers(folder):  # of a reading that did not end
        if number // _PARTS_A_GROUP == group:
            part_file(folder, number).unlink()
            dropped_file(folder, number).unlink(missing_ok=True)
    for path in folder.glob(".*.aside"):  # what a process that died was writing
        path.unlink()
    told = (Failed(origin_of(path, root, source), 0, "reading it ends the process") for path in deadly)
    living = [path for path in paths if path not in deadly]
    reading = chain(told, read_source(source, root, living, settings))
    parts, found = 0, next(reading, None)
    while found is not None or not parts:
        with writing(folder, group * _PARTS_A_GROUP + parts, FOUND) as write:
            part = _Part(write)
            while found is not None and part.size < settings.engine.part_megabytes * 1e6:
                part.add(source, found)
                found = next(reading, None)
            part.write()
        parts += 1
    write_json(folder / f"group-{group:05}.json", {"parts": parts})


class _Part:
    """A part that is written while it is read, so that few rows are in memory; `size` is what it holds so far."""

    def __init__(self, write: Write) -> None:
        self.size = 0
        self._write, self._held = write, 0
        self._rows, self._drops = list[dict[str, Any]](), list[dict[str, Any]]()

    def add(self, source: SourceSettings, found: Found | Failed) -> None:
        """Add a document, or what could not be read."""
        if isinstance(found, Failed):
            row = _drop(source, found)
            self._drops.append(row)
        else:
            row = _row(source, found)
            self._rows.append(row)
        size = _ROW_BYTES + sum(map(len, row.values()))
        self.size += size
        self._held += size
        if self._held >= _HELD_BYTES:
            self.write()

    def write(self) -> None:
        """Write what is in memory."""
        self._write(pa.Table.from_pylist(self._rows, schema=FOUND), pa.Table.from_pylist(self._drops, schema=DROPS))
        self._rows, self._drops, self._held = [], [], 0


def read_source(
    source: SourceSettings, root: Path, paths: list[Path], settings: CollectionSettings
) -> Iterator[Found | Failed]:
    """Everything in these files. No two have the same origin and offset, from which their ids are made."""
    for path in paths:
        origin, seen = origin_of(path, root, source), Counter[tuple[str, int]]()
        for found in _read_one(source, root, path, origin, settings):
            if "!" not in found.origin:
                yield found
                continue
            seen[found.origin, found.offset] += 1  # an archive may hold members of one name
            times = seen[found.origin, found.offset]
            yield found if times == 1 else replace(found, origin=f"{found.origin} ({times})")


def _read_one(
    source: SourceSettings, root: Path, path: Path, origin: str, settings: CollectionSettings
) -> Iterator[Found | Failed]:
    if not source.path:
        reading = elsewhere.read_fetched(source, root, path, settings.limits)
    elif path.resolve() != path:  # the file or a folder on the way to it is a link
        yield Failed(origin, 0, link_rule(path, root))
        return
    else:
        reading = read_file(path, origin, settings.limits, source.columns)
    for found in reading:
        if isinstance(found, Found) and source.begins and found.format != "html":
            yield from _documents(found, source.begins)
        else:
            yield found


def _documents(found: Found, begins: str) -> Iterator[Found]:
    """The documents of a text in which lines that match `begins` each begin one."""
    starts = [match.start() for match in re.finditer(f"^(?:{begins})", found.text, re.MULTILINE)]
    for number, (start, end) in enumerate(pairwise([*dict.fromkeys([0, *starts]), len(found.text)])):
        if part := found.text[start:end].strip():
            yield replace(found, origin=f"{found.origin}#{number}", offset=start, text=part)


def _row(source: SourceSettings, found: Found) -> dict[str, Any]:
    about = {name: getattr(found, name)[:_MOST_ABOUT] for name in ABOUT}
    about["language"] = about["language"] or source.language
    about["license"] = about["license"] or source.license
    return {
        "id": identifier(source.name, found.origin, str(found.offset)),
        "source": source.name,
        "origin": found.origin,
        "format": found.format,
        "content": found.raw if found.format == "html" else found.text.encode("utf-8", "replace"),
        "charset": found.charset,
        **about,
    }


def _drop(source: SourceSettings, failed: Failed) -> dict[str, Any]:
    return {
        "id": identifier(source.name, failed.origin, str(failed.offset), failed.rule),  # never that of a document
        "source": source.name,
        "origin": failed.origin,
        "stage": STAGE,
        "rule": failed.rule,
        "why": _printable(failed.why),
        "excerpt": "",
    }


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")

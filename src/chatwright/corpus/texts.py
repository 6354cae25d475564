"""Plain text to read from: books of a folder, and public collections; cut into passages, cleaned of doubles, split.

FOLDER/*.txt or DATA/gutenberg/… → without licence and boilerplate → paragraphs → passages → documents.parquet
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatwright.core.errors import DataError, UsageError
from chatwright.core.files import write_json
from chatwright.core.progress import Progress
from chatwright.core.seeds import share
from chatwright.corpus.books import book
from chatwright.corpus.clean import clean_text, identifier, text_key
from chatwright.corpus.folder import folder_identity, list_files, open_folder, read_file
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.public import public_hashes, read_text
from chatwright.corpus.settings import TextSettings
from chatwright.corpus.tables import DOCUMENTS, DROPPED, write_rows

DOCUMENTS_FILE = "documents.parquet"
_MOST_MEGABYTES = 50
_FORMATS = ("text", "markdown")
_HEADING = re.compile(r"^ ?(?:= )+[^=\n]+(?: =)+ ?$")


@dataclass(frozen=True)
class TextSet:
    """A public collection: its files below the folder of public data, and how one is made plain text."""

    files: tuple[str, ...]
    plain: Callable[[str], str]
    description: str


def running(text: str) -> str:
    """WikiText's separated tokens as running text; headings become lines of their own.

    >>> running(" He had a guest @-@ starring role , in 2 @.@ 5 films ( \\" A \\" ) . ")
    'He had a guest-starring role, in 2.5 films ("A").'
    """
    lines = []
    for line in text.split("\n"):
        if _HEADING.match(line):
            line = line.replace("=", " ")
        line = re.sub(r" @([-,.])@ ", r"\1", line)
        line = re.sub(r'" ([^"]*?) "', r'"\1"', line)
        line = re.sub(r" ([,.;:?!%)\]])", r"\1", line)
        line = re.sub(r"([(\[$]) ", r"\1", line)
        line = re.sub(r" (n't|'(?:s|re|ve|ll|d|m|t)?)(?= |$|[,.;:?!])", r"\1", line)
        lines.append(" ".join(line.split()))
    return "\n\n".join(line for line in lines if line)


TEXT_SETS = {
    "gutenberg": TextSet(
        (
            "gutenberg/alice_pg11.txt",
            "gutenberg/pride_and_prejudice_pg1342.txt",
            "gutenberg/war_and_peace.txt.gz",
        ),
        book,
        "three books of Project Gutenberg",
    ),
    "wikitext-2": TextSet(("wikitext-2/train.txt.gz",), running, "WikiText-2"),
}


def texts_files(settings: TextSettings) -> dict[str, Sequence[str]]:
    """The files that are read, by collection, below the folder of public data."""
    return {name: TEXT_SETS[name].files for name in settings.names}


def texts_identity(settings: TextSettings) -> dict[str, str]:
    """Hashes of what is read; what is missing is a `UsageError`."""
    if settings.docs is None and (not settings.names or settings.data is None):
        raise UsageError(
            "there is no text to read",
            where=", ".join(settings.names),
            remedy="name a folder of books with --docs FOLDER, or that of public data sets with --data DIR",
        )
    found = public_hashes(settings.data, texts_files(settings))
    return found | (folder_identity(settings.docs, _MOST_MEGABYTES * 10**6) if settings.docs is not None else {})


def build_texts(folder: Path, settings: TextSettings, progress: Progress) -> dict[str, Any]:
    """Write documents.parquet (passages), ledger.json and dropped.parquet; returns the figures."""
    ledger, rows, seen = Ledger(), list[dict[str, str]](), set[str]()
    for source, origin, text in _found(settings, ledger):
        progress.update(0.5, f"reading {origin}")
        for number, passage in enumerate(passages(clean_text(text), settings.passage_characters)):
            key = text_key(passage)
            if key in seen:
                ledger.note("deduplicate", "the same passage again", f"{origin} {number}", passage[:80])
                continue
            seen.add(key)
            rows.append(
                {
                    "id": identifier(source, origin, str(number)),
                    "text": passage,
                    "title": f"{origin} {number + 1}",
                    "kind": "passage",
                    "source": source,
                    "origin": origin,
                    "split": "validation" if share(key, 0, "split") < settings.held_out else "train",
                }
            )
    characters = {split: sum(len(row["text"]) for row in rows if row["split"] == split) for split in _SPLITS}
    where = settings.docs or ", ".join(settings.names)
    if sum(characters.values()) < settings.minimum_characters:
        raise DataError(
            f"{sum(characters.values()):,} characters are too few to learn a language from "
            f"(the least: {settings.minimum_characters:,})",
            where=where,
            remedy="give more text",
        )
    if empty := [split for split in _SPLITS if not characters[split]]:
        raise DataError(
            f"of {len(rows)} passages none is chosen for {' and '.join(empty)}",
            where=where,
            remedy="give more text, set text.held_out to a larger share, or text.passage_characters lower",
        )
    write_rows(folder / DOCUMENTS_FILE, DOCUMENTS, rows)
    write_json(folder / "ledger.json", ledger.entries())
    write_rows(folder / "dropped.parquet", DROPPED, ledger.drops)
    told = [TEXT_SETS[name].description for name in settings.names]
    told += [f"the folder {Path(settings.docs).name}"] if settings.docs is not None else []
    return {
        "documents": len(rows),
        "characters": characters["train"],
        "validation_characters": characters["validation"],
        "dropped": {stage: count for stage in ("collect", "deduplicate") if (count := ledger.counts(stage))},
        "description": " and ".join(told),
        "license": settings.license,
    }


_SPLITS = ("train", "validation")


def _found(settings: TextSettings, ledger: Ledger) -> Iterator[tuple[str, str, str]]:
    """(collection, file, plain text) of everything that is read."""
    for name in settings.names:
        for file in TEXT_SETS[name].files:
            yield name, file, TEXT_SETS[name].plain(read_text(Path(str(settings.data)) / file))
    if settings.docs is None:
        return
    root, limit = open_folder(settings.docs), _MOST_MEGABYTES * 10**6
    for path, origin, kind in list_files(root, ledger):
        if kind not in _FORMATS:
            ledger.note("collect", "format that is not read as a book", origin, path.suffix)
        elif (read := read_file(path, origin, kind, limit, ledger)) is not None:
            yield "folder", origin, book(read.text)


def passages(text: str, characters: int) -> Iterator[str]:
    """A text in pieces of about so many characters, cut between paragraphs."""
    piece, size = list[str](), 0
    for paragraph in text.split("\n\n"):
        if piece and size + len(paragraph) > characters:
            yield "\n\n".join(piece)
            piece, size = [], 0
        piece.append(paragraph)
        size += len(paragraph)
    if any(part.strip() for part in piece):
        yield "\n\n".join(piece)

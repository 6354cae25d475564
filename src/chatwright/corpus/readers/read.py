"""Any file to documents: told by its name what it is, unpacked, and handed to the reader of its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from chatwright.core.progress import Progress
from chatwright.corpus.folder import FORMATS
from chatwright.corpus.readers.archives import read_tar, read_zip
from chatwright.corpus.readers.columns import row_documents
from chatwright.corpus.readers.found import Broken, Failed, Found, Row
from chatwright.corpus.readers.kinds import KINDS, kind_of
from chatwright.corpus.readers.office import read_docx, read_epub
from chatwright.corpus.readers.opening import changed, open_regular
from chatwright.corpus.readers.parquet import parquet_rows
from chatwright.corpus.readers.pdf import read_pdf
from chatwright.corpus.readers.plain import read_document
from chatwright.corpus.readers.rows import json_line_rows, json_rows
from chatwright.corpus.readers.settings import Columns, Limits
from chatwright.corpus.readers.stream import Reading, Source, Stream
from chatwright.corpus.readers.table import table_rows
from chatwright.corpus.readers.unpack import COMPRESSIONS, Unpacked
from chatwright.corpus.readers.warc import read_warc

T = TypeVar("T")
_Readers = Mapping[str, Callable[[Source], Iterator[T | Failed]]]
NOT_READ = "format that is not read"  # the rule that files of other kinds fail by
_TOLD_EVERY = 1_000  # rows or documents, after which progress is told

_ROWS: dict[str, Callable[[Source], Iterator[Row]]] = {
    "jsonl": json_line_rows,
    "json": json_rows,
    "csv": table_rows,
    "tsv": partial(table_rows, delimiter="\t"),
    "parquet": parquet_rows,
}
_READERS: dict[str, Callable[[Source], Iterator[Found | Failed]]] = {
    **{name: partial(read_document, format=name) for name in sorted(set(FORMATS.values()))},
    **{kind: partial(row_documents, rows=rows) for kind, rows in _ROWS.items()},
    "pdf": read_pdf,
    "epub": read_epub,
    "docx": read_docx,
    "warc": read_warc,
}


def _text_rows(source: Source, format: str) -> Iterator[Row | Failed]:
    for found in read_document(source, format):
        if isinstance(found, Failed):
            yield found
        else:
            yield Row(found.origin, 1, 1, 0, {"text": found.text})


_ROW_READERS: dict[str, Callable[[Source], Iterator[Row | Failed]]] = {
    **{name: partial(_text_rows, format=name) for name in ("text", "markdown", "rst")},
    **_ROWS,
}


def formats() -> dict[str, str]:
    """What is read: a name's ending to what is done with it. Compressions may stand behind any of the others."""
    archives = {"zip": "archive", "tar": "archive", "warc": "web archive"}
    return {suffix: archives.get(kind, kind) for suffix, kind in KINDS.items()} | dict.fromkeys(
        COMPRESSIONS, "compression"
    )


def read_file(path: Path, origin: str, limits: Limits, columns: Columns, charset: str = "") -> Iterator[Found | Failed]:
    """The documents of a file as they are read, and what was lost on the way.

    Never raises for what the file holds or is: that comes as `Failed`, where possible after the documents before
    the break and before those behind it. In memory are a few documents at a time, and of what has to be read in any
    order inside something else, `limits.line_megabytes`. `charset` is what an HTTP header declared.
    """
    yield from _read_file(path, origin, Reading(limits, columns), _READERS, None, charset)


def read_rows(path: Path, origin: str, limits: Limits, progress: Progress) -> Iterator[Row | Failed]:
    """The rows of a file of rows, as `read_file` reads documents; a plain text is one row with one column."""
    yield from _read_file(path, origin, Reading(limits, Columns()), _ROW_READERS, progress)


def _read_file(
    path: Path,
    origin: str,
    reading: Reading,
    readers: _Readers[T],
    progress: Progress | None,
    charset: str = "",
) -> Iterator[T | Failed]:
    try:
        file, status = open_regular(path)
    except Broken as problem:
        yield Failed(origin, 0, problem.rule, problem.why)
        return
    with file:
        source = Source(origin, Stream(file.read, file.seek), reading, file, charset=charset)
        furthest = 0.0
        for number, item in enumerate(_read(readers, source, path.name)):
            if progress is not None and number % _TOLD_EVERY == 0:
                furthest = max(furthest, min(1.0, file.tell() / max(1, status.st_size)))
                progress.update(furthest, f"{number:,} read")
            yield item
        if why := changed(file, path, status):
            yield Failed(origin, 0, "file changed while it was read", why)


def _read(readers: _Readers[T], source: Source, name: str) -> Iterator[T | Failed]:
    """What a file or a member holds; everything that goes wrong in it ends here."""
    outer, member = source.stream, partial(_read, readers)
    try:
        compressions, kind = kind_of(name)
        if kind not in readers and kind not in ("zip", "tar"):
            raise Broken(NOT_READ, Path(name).suffix)
        if source.file is None or compressions:
            _refuse_empty(source)
        for place, compression in enumerate(compressions):
            source.file = None
            if kind == "warc" and compression == "gzip" and place == len(compressions) - 1:
                source.compression = compression  # its reader finds the next record behind a broken one
            else:
                source.stream = Stream(Unpacked(source.stream, compression, source.reading).read)
        if kind == "zip":
            yield from read_zip(source, member)
        elif kind == "tar":
            yield from read_tar(source, member)
        else:
            yield from readers[kind](source)
    except Broken as problem:
        yield Failed(source.origin, source.stream.position, problem.rule, problem.why)
    except OSError as error:
        yield Failed(source.origin, outer.position, "file that cannot be read on", error.strerror or str(error))
    except MemoryError:
        yield Failed(source.origin, source.stream.position, "too large for the memory")
    except Exception as error:  # whatever a library does with broken content, the next file is to be read
        why = f"{type(error).__name__}: {cast(object, error)}"[:300]
        yield Failed(source.origin, source.stream.position, "content that no reader expected", why)


def _refuse_empty(source: Source) -> None:
    if not source.stream.peek(1):
        raise Broken("empty file", "0 bytes")

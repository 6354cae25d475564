"""Any file to documents: told by its name what it is, unpacked, and handed to the reader of its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import cast

from chatwright.corpus.folder import FORMATS
from chatwright.corpus.readers.archives import read_tar, read_zip
from chatwright.corpus.readers.found import Broken, Failed, Found
from chatwright.corpus.readers.kinds import KINDS, kind_of
from chatwright.corpus.readers.office import read_docx, read_epub
from chatwright.corpus.readers.opening import changed, open_regular
from chatwright.corpus.readers.parquet import read_parquet
from chatwright.corpus.readers.pdf import read_pdf
from chatwright.corpus.readers.plain import read_document
from chatwright.corpus.readers.rows import read_json, read_json_lines
from chatwright.corpus.readers.settings import Columns, Limits
from chatwright.corpus.readers.stream import Reading, Source, Stream
from chatwright.corpus.readers.table import read_table
from chatwright.corpus.readers.unpack import COMPRESSIONS, Unpacked
from chatwright.corpus.readers.warc import read_warc

_READERS: dict[str, Callable[[Source], Iterator[Found | Failed]]] = {
    **{name: partial(read_document, format=name) for name in sorted(set(FORMATS.values()))},
    "jsonl": read_json_lines,
    "json": read_json,
    "csv": read_table,
    "tsv": partial(read_table, delimiter="\t"),
    "parquet": read_parquet,
    "pdf": read_pdf,
    "epub": read_epub,
    "docx": read_docx,
    "warc": read_warc,
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
    try:
        file, status = open_regular(path)
    except Broken as problem:
        yield Failed(origin, 0, problem.rule, problem.why)
        return
    with file:
        source = Source(origin, Stream(file.read, file.seek), Reading(limits, columns), file, charset=charset)
        yield from _read(source, path.name)
        if why := changed(file, path, status):
            yield Failed(origin, 0, "file changed while it was read", why)


def _read(source: Source, name: str) -> Iterator[Found | Failed]:
    """What a file or a member holds; everything that goes wrong in it ends here."""
    outer = source.stream
    try:
        compressions, kind = kind_of(name)
        if not kind:
            raise Broken("format that is not read", Path(name).suffix)
        if source.file is None or compressions:
            _refuse_empty(source)
        for place, compression in enumerate(compressions):
            source.file = None
            if kind == "warc" and compression == "gzip" and place == len(compressions) - 1:
                source.compression = compression  # its reader finds the next record behind a broken one
            else:
                source.stream = Stream(Unpacked(source.stream, compression, source.reading).read)
        if kind == "zip":
            yield from read_zip(source, _read)
        elif kind == "tar":
            yield from read_tar(source, _read)
        else:
            yield from _READERS[kind](source)
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

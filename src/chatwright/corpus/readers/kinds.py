"""What a file is, told by its name: how it is compressed, and which reader it needs."""

from __future__ import annotations

import os

from chatwright.corpus.folder import FORMATS, format_of
from chatwright.corpus.readers.unpack import COMPRESSIONS

KINDS = {
    **FORMATS,
    ".pdf": "pdf",
    ".epub": "epub",
    ".docx": "docx",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".zip": "zip",
    ".tar": "tar",
    ".warc": "warc",
    ".wet": "warc",  # Common Crawl's texts: WARC with conversion records
    ".arc": "warc",
}
_SHORT = {
    ".tgz": (".tar", "gzip"),
    ".tbz2": (".tar", "bzip2"),
    ".tbz": (".tar", "bzip2"),
    ".txz": (".tar", "xz"),
    ".tzst": (".tar", "zstd"),
}


def kind_of(name: str) -> tuple[tuple[str, ...], str]:
    """(compressions from outside in, kind); the kind is "" where the file is none that is read.

    >>> kind_of("crawl.warc.gz"), kind_of("notes.tgz"), kind_of("picture.png")
    ((('gzip',), 'warc'), (('gzip',), 'tar'), ((), ''))
    """
    stem, suffix = os.path.splitext(name)
    compressions = []
    while (compression := COMPRESSIONS.get(suffix.lower())) is not None:
        compressions.append(compression)
        name = stem
        stem, suffix = os.path.splitext(name)
    if short := _SHORT.get(suffix.lower()):
        compressions.append(short[1])
        name = stem + short[0]
        suffix = short[0]
    kind = KINDS.get(suffix.lower()) if suffix.lower() not in FORMATS else None
    return tuple(compressions), kind or format_of(os.path.basename(name)) or ""

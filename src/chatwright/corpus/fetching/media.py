"""What was fetched as a file's ending, by which the readers know it: told by its media type, or by its name."""

from __future__ import annotations

from posixpath import basename
from urllib.parse import unquote, urlsplit

from chatwright.corpus.readers.found import Broken
from chatwright.corpus.readers.http import media_type
from chatwright.corpus.readers.kinds import KINDS, kind_of
from chatwright.corpus.readers.unpack import COMPRESSIONS, GZIP_MAGIC

_ENDINGS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/x-rst": ".rst",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/json": ".json",
    "application/jsonl": ".jsonl",
    "application/x-jsonlines": ".jsonl",
    "application/jsonlines": ".jsonl",
    "application/x-ndjson": ".jsonl",
    "application/vnd.apache.parquet": ".parquet",
    "application/warc": ".warc",
}
# They say less than a name does: servers give them to all that they do not know.
_VAGUE = frozenset(
    {
        "",
        "text/plain",
        "application/octet-stream",
        "binary/octet-stream",
        "application/x-download",
        "application/gzip",
        "application/x-gzip",
        "application/x-bzip2",
        "application/x-xz",
        "application/zstd",
        "application/zip",
        "application/x-zip-compressed",
        "application/x-tar",
    }
)
_KIND_ENDINGS = {kind: ending for ending, kind in reversed(KINDS.items())}
_COMPRESSION_ENDINGS = {name: ending for ending, name in reversed(COMPRESSIONS.items())}


def ending(content_type: str, address: str) -> str:
    """The ending of a file with this content, such as ".html" or ".jsonl.gz"; `Broken` where no reader knows it."""
    media = media_type(content_type)
    if media in _ENDINGS:
        return _ENDINGS[media]
    if media in _VAGUE:
        compressions, kind = kind_of(basename(unquote(urlsplit(address).path)))
        if kind:
            outward = reversed([_COMPRESSION_ENDINGS[name] for name in compressions])
            return _KIND_ENDINGS[kind] + "".join(outward)
        if media == "text/plain":
            return ".txt"
    raise Broken("content type that is not read", media or "none is told")


def unpacked_ending(ending: str, content_encoding: str, begins: bytes) -> str:
    """The ending with the compression in which the answer was sent.

    Servers that send a compressed file call it encoded too, and some say so of what is not compressed.
    """
    encoding = content_encoding.strip().lower()
    if encoding in {"", "identity"}:
        return ending
    if encoding not in {"gzip", "x-gzip"}:
        raise Broken("content encoding that is not read", encoding[:40])
    compressed = begins.startswith(GZIP_MAGIC) and not ending.endswith(".gz")
    return f"{ending}.gz" if compressed else ending

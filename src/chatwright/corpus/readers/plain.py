"""Whole files that are one document: text, Markdown, reStructuredText and HTML; books without their licence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatwright.corpus.books import START, book
from chatwright.corpus.readers.decoding import decoded
from chatwright.corpus.readers.found import Broken, Failed, Found
from chatwright.corpus.readers.stream import Source

_MARK = "PROJECT GUTENBERG"
_FIELD = re.compile(r"^(Title|Author):[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_HEADER = 20_000  # characters in which the header of a book ends


def read_document(source: Source, format: str) -> Iterator[Found | Failed]:
    """The file as one document; half a document is none."""
    data = source.stream.whole(source.limits.document_bytes, "document too long")
    if not data:
        raise Broken("empty file", "0 bytes")
    if format == "html":
        yield Found(source.origin, 0, format, raw=data, charset=source.charset)
        return
    text = decoded(data, format, source.charset)
    title = ""
    if format == "text":
        title, text = book_text(text)
    if not text.strip():
        raise Broken("no text", "white space only")
    yield Found(source.origin, 0, format, text, title=title)


def book_text(text: str) -> tuple[str, str]:
    """(title and author, text) of a book of Project Gutenberg without header and licence; ("", text) of others."""
    start = START.search(text[:_HEADER].replace("\r\n", "\n")) if _MARK in text[:_HEADER].upper() else None
    if start is None:
        return "", text
    fields = dict(reversed(_FIELD.findall(text[:_HEADER].replace("\r\n", "\n")[: start.start()])))
    title = " by ".join(fields[name] for name in ("Title", "Author") if name in fields)
    return title, book(text)

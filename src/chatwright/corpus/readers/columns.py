"""A row to a document: which column is the text, and which say where it comes from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from chatwright.corpus.exchanges import COLUMNS as SHAPE_COLUMNS
from chatwright.corpus.exchanges import is_pair, is_shape
from chatwright.corpus.readers.decoding import refuse_replaced, without_debris
from chatwright.corpus.readers.found import About, Broken, Failed, Found, Row
from chatwright.corpus.readers.settings import Columns
from chatwright.corpus.readers.shapes import rendered
from chatwright.corpus.readers.stream import Source

TEXT = (
    "text", "content", "body", "document", "raw_content", "page_content", "full_text", "fulltext", "maintext",
    "plain_text", "markdown", "article", "passage", "story", "paragraph", "paragraphs", "sentence", "abstract",
    "dialogue",
)  # fmt: skip
ABOUT = {
    "title": ("title", "headline", "page_title"),
    "url": ("url", "uri", "link", "source_url", "warc-target-uri"),
    "date": ("date", "timestamp", "published", "publish_date", "date_published", "created", "created_at", "warc-date"),
    "language": ("language", "lang", "language_code", "locale"),
    "license": ("license", "licence", "rights"),
}
_NESTED = ("meta", "metadata")  # where some sets keep what they know about a text


def row_documents(source: Source, rows: Callable[[Source], Iterator[Row]]) -> Iterator[Found | Failed]:
    """Each of the rows as a document."""
    for row in rows(source):
        origin = f"{row.origin}#{row.number}"
        if isinstance(row.value, Broken):
            yield Failed(origin, row.offset, row.value.rule, row.value.why)
        else:
            yield row_document(row.value, origin, row.offset, source)


def row_document(row: Any, origin: str, offset: int, source: Source) -> Found | Failed:
    """The row as a document; what keeps it from being one is a `Failed`."""
    try:
        if not isinstance(row, dict):
            raise Broken("row is no JSON object", f"it is {type(row).__name__}")
        text = without_debris(_text(row, source.reading.columns))
        if not text.strip():
            raise Broken("row has no text", "the text is empty")
        if len(text) > source.limits.document_bytes or len(text.encode()) > source.limits.document_bytes:
            raise Broken("document too long", f"the limit is {source.limits.document_megabytes:g} MB")
        return Found(origin, offset, "text", text, **about(row, source.reading.columns))
    except Broken as problem:
        return Failed(origin, offset, problem.rule, problem.why)


def has_text(names: list[str], columns: Columns) -> bool:
    """Whether a table with these columns holds documents."""
    row: dict[str, list[str]] = {name: [] for name in names}
    known = columns.text in names if columns.text else any(name.lower() in TEXT for name in names)
    return known or is_shape(row) or is_pair(row)


def wanted(names: list[str], columns: Columns) -> list[str]:
    """The columns that are worth reading."""
    usual = {*TEXT, *_NESTED, *SHAPE_COLUMNS, *(name for group in ABOUT.values() for name in group)}
    named = {name for name in columns.model_dump().values() if name}
    return [name for name in names if name in named or name.lower() in usual]


def text_column(row: Mapping[str, Any]) -> str | None:
    """The column that holds the row's text; None of a conversation and the like, and where there is none."""
    return None if is_shape(row) else _find(row, TEXT)


def _text(row: dict[str, Any], columns: Columns) -> str:
    name = columns.text if columns.text is not None else text_column(row)
    if name is not None:
        if name not in row:
            raise Broken("row lacks the text column", f"no {name!r} among {_names(row)}")
        return as_text(row[name], name)
    if is_shape(row) or is_pair(row):
        return rendered(row)
    raise Broken("row has no text column", f"columns: {_names(row)}")


def _names(row: Mapping[str, Any]) -> str:
    return ", ".join(str(name) for name in list(row)[:8])[:200]


def _find(row: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        if row.get(name) is not None:
            return name
    if all(name.islower() for name in row):
        return None
    lower = {name.lower(): name for name in row if row[name] is not None}
    return next((lower[name] for name in names if name in lower), None)


def as_text(value: Any, name: str) -> str:
    """A column's value as text; `Broken` where it is none."""
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
        refuse_replaced(text, value.count("\ufffd".encode()))
        return text
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "\n\n".join(value)
    if not isinstance(value, str):
        raise Broken("column is no text", f"{name} is {type(value).__name__}")
    return value


def about(row: dict[str, Any], columns: Columns) -> About:
    """Title, address, date, language and licence, as far as the row or its `meta` tells them."""
    found = dict[str, str]()
    nested = _nested(row)
    for key, names in ABOUT.items():
        named = getattr(columns, key)
        value = row.get(named) if named is not None else _first(row, nested, names)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            found[key] = without_debris(str(value)).strip()
        elif value is not None and hasattr(value, "isoformat"):
            found[key] = value.isoformat()
    return cast(About, found)


def _first(row: dict[str, Any], nested: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    name = _find(row, names)
    if name is not None:
        return row[name]
    name = _find(nested, names) if nested else None
    return nested[name] if name is not None else None


def _nested(row: dict[str, Any]) -> Mapping[str, Any]:
    for name in _NESTED:
        value = row.get(name)
        if isinstance(value, str) and value.startswith("{"):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                continue
        if isinstance(value, dict):
            return value
    return {}

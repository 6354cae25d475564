"""The text of PDF files, read by pypdf page after page."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from chatwright.corpus.readers.decoding import without_debris
from chatwright.corpus.readers.found import About, Broken, Failed, Found
from chatwright.corpus.readers.stream import Source


def read_pdf(source: Source) -> Iterator[Found | Failed]:
    """The file as one document, its pages with blank lines between; a page that cannot be read costs only itself."""
    import pypdf

    logging.getLogger("pypdf").addHandler(logging.NullHandler())  # its many warnings are no results of ours
    file = source.any_order()
    try:
        reader = pypdf.PdfReader(file)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Broken("encrypted", "a password is needed")
        count = len(reader.pages)
        about = _about(reader.metadata)
    except Broken:
        raise
    except Exception as error:  # pypdf raises nearly anything for broken files
        raise Broken("broken pdf", f"{type(error).__name__}: {error}"[:300]) from None
    problems, pages, size = list[Failed](), list[str](), 0
    for number in range(count):
        try:
            text = without_debris(reader.pages[number].extract_text()).strip()
        except Exception as error:
            why = f"{type(error).__name__}: {error}"[:300]
            problems.append(Failed(f"{source.origin}#{number + 1}", number, "broken page", why))
            continue
        size += len(text.encode())
        if size > source.limits.document_bytes:
            raise Broken("document too long", f"the limit is {source.limits.document_megabytes:g} MB")
        if text:
            pages.append(text)
    if pages:
        yield Found(source.origin, 0, "text", "\n\n".join(pages), **about)
    yield from problems
    if not pages and not problems:
        raise Broken("no text", f"{count} pages without any, perhaps pictures of text")


def _about(metadata: Any) -> About:
    if metadata is None:
        return {}
    title, date = metadata.title, metadata.creation_date
    return {
        "title": without_debris(str(title)).strip() if title else "",
        "date": date.isoformat() if date is not None else "",
    }

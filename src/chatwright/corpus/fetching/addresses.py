"""Addresses of the web: which are fetched, in one spelling; and lists of them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urldefrag, urlsplit

from chatwright.corpus.readers.found import Broken

_MOST_CHARACTERS = 4_000


def checked(text: str) -> str:
    """The address without its fragment; `Broken` where it is none that is fetched.

    >>> checked(" https://example.org/a?b=1#part ")
    'https://example.org/a?b=1'
    """
    address = urldefrag(text.strip()).url
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Broken("no web address", str(error)) from None
    if parts.scheme.lower() not in {"http", "https"} or not host:
        raise Broken("no web address", "it begins with neither http:// nor https://")
    if parts.username is not None:
        raise Broken("address with a password", "it would be written down with every document")
    if len(address) > _MOST_CHARACTERS or any(sign.isspace() or not sign.isprintable() for sign in address):
        raise Broken("no web address", "it is too long, or holds white space or control characters")
    return address


def listed(path: Path) -> list[str]:
    """The lines of a list of addresses; empty ones and those that begin with # are passed over."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines())
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))

"""What a reader gives: a document, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict


@dataclass(frozen=True)
class Found:
    """A document, and what its source says about it; "" is unknown.

    `origin` is the file's path below the source folder, then "!" and a member's name for each archive around it,
    then "#" and a number for a row or record. `offset` counts bytes (of what was unpacked) or rows from 0, so that
    an id made of both is stable. HTML stays in bytes (`raw`, with the `charset` of an HTTP header); all other
    formats ("text", "markdown", "rst") are decoded into `text`.
    """

    origin: str
    offset: int
    format: str
    text: str = ""
    raw: bytes = b""
    charset: str = ""
    title: str = ""
    url: str = ""
    date: str = ""
    language: str = ""
    license: str = ""


class About(TypedDict, total=False):
    """What a source says about a document; the fields of `Found`."""

    title: str
    url: str
    date: str
    language: str
    license: str


@dataclass(frozen=True)
class Failed:
    """What could not be read: a short fixed `rule`, and the details of this case in `why`."""

    origin: str
    offset: int
    rule: str
    why: str = ""


class Broken(Exception):  # noqa: N818 – not a user's mistake: readers turn it into a `Failed`, nobody else sees it
    """Reading cannot go on here, for this reason."""

    def __init__(self, rule: str, why: str = "") -> None:
        super().__init__(rule, why)
        self.rule, self.why = rule, why


@dataclass(frozen=True)
class Row:
    """A row of a file, before anything is made of it: its value, or what keeps it from being one.

    `number` counts rows from 1 (of JSON Lines, lines); `line` is where it begins, None where there are no lines;
    `offset` is that of the document which is made of it. `nuls`: it held NUL bytes, which are taken out.
    """

    origin: str
    number: int
    line: int | None
    offset: int
    value: Any | Broken
    nuls: bool = False

"""What was fetched, as files: an answer's body under an ending that readers know, and a record beside it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from chatwright.core.files import read_json, replacing, write_json

_RECORD = ".record.json"
_KEY_DIGITS = 32


@dataclass(frozen=True)
class Record:
    """What came of an address: a body (its `ending` is told), or the `rule` by which there is none.

    `url` is where redirects ended, `fetched` the time in UTC (ISO 8601); `etag` and `modified` are what a server is
    asked with whether it has anything new (RFC 9110, section 13).
    """

    address: str
    url: str = ""
    fetched: str = ""
    ending: str = ""
    charset: str = ""
    language: str = ""
    etag: str = ""
    modified: str = ""
    rule: str = ""
    why: str = ""


def key_of(*parts: str) -> str:
    """The name of an address (or of whatever else these parts name) in a store."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:_KEY_DIGITS]


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Store:
    """A folder of records and bodies. A record that is there is whole: its body was there before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _place(self, key: str, ending: str) -> Path:
        return self.folder / key[:2] / f"{key}{ending}"

    def get(self, key: str) -> Record | None:
        """The record of this key, if there is one."""
        path = self._place(key, _RECORD)
        return Record(**read_json(path)) if path.exists() else None

    def path(self, key: str) -> Path:
        """The body of this key; its record, where there is no body. `ArtifactError` where there is neither."""
        record = Record(**read_json(self._place(key, _RECORD)))
        return self._place(key, record.ending or _RECORD)

    def put(self, key: str, record: Record) -> None:
        """Write a record; its body, if it has one, is there."""
        path = self._place(key, _RECORD)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, asdict(record))

    def put_body(self, key: str, record: Record, body: bytes) -> None:
        """Write a body and its record."""
        with self.writing(key) as aside:
            aside.write_bytes(body)
            self.publish(key, record, aside)

    @contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        """A path to write a body to, which is gone afterwards unless it was published."""
        aside = self._place(key, ".aside")
        aside.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield aside
        finally:
            aside.unlink(missing_ok=True)

    def publish(self, key: str, record: Record, aside: Path) -> None:
        """Make what was written to `aside` the body of this key."""
        aside.replace(self._place(key, record.ending))
        self.put(key, record)

    def take_over(self, key: str, other: Store, fetched: str = "") -> None:
        """Copy a body and its record out of another store; as of `fetched`, if that is told."""
        record = other.get(key)
        assert record is not None
        record = replace(record, fetched=fetched or record.fetched)
        place = self._place(key, record.ending)
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(place) as aside:
            shutil.copyfile(other._place(key, record.ending), aside)
        self.put(key, record)


def key_in(path: Path) -> str:
    """The key of a body or record."""
    return path.name[:_KEY_DIGITS]

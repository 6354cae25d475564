"""Files that appear whole or not at all, and their hashes."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from chatwright.core.errors import ArtifactError

_DISK_FULL = "No space left"  # how libraries that raise errors of their own pass it on


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_json(value: Any) -> str:
    """The SHA-256 of a JSON value in one canonical spelling (sorted keys, no spaces)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def sync_file(path: Path) -> None:
    """Wait until a file's content is on the disk."""
    with path.open("rb+") as file:  # some systems sync only what may be written
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can."""
    # Some systems can neither open nor sync a folder; the file itself is synced.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write; when the block ends well it becomes `path`, else it is gone.

    A full disk or a kill in the middle leaves the old file as it was; the full disk is told as an
    `ArtifactError`, whichever library met it.
    """
    aside = path.with_name(f".{path.name}.aside")
    try:
        yield aside
        sync_file(aside)
        aside.replace(path)
        sync_folder(path.parent)
    except Exception as error:
        if getattr(error, "errno", None) != errno.ENOSPC and _DISK_FULL not in str(error):
            raise
        raise ArtifactError(
            "the disk is full", where=str(path), remedy="free disk space and run the same command again; it goes on"
        ) from None
    finally:
        aside.unlink(missing_ok=True)


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON for people and strict readers: not escaped, and null for what is no finite number."""
    return json.dumps(_finite(value), indent=indent, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically, readable by people (indented, not escaped)."""
    with replacing(path) as aside:
        aside.write_text(json_text(value, indent=1) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file; a missing or damaged one is an `ArtifactError` that names it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError("the file is missing", where=str(path)) from None
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"cannot be read: {error}", where=str(path), remedy="delete it and run the stage again"
        ) from None

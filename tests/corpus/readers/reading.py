"""How the tests of this folder read: a file written, then everything that comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chatwright.corpus.readers.found import Failed, Found
from chatwright.corpus.readers.read import read_file
from chatwright.corpus.readers.settings import Columns, Limits


def read(path: Path, columns: dict[str, str] | None = None, **limits: Any) -> list[Found | Failed]:
    """Everything that comes of a file."""
    return list(read_file(path, path.name, Limits(**limits), Columns.model_validate(columns or {})))


def written(folder: Path, name: str, data: bytes | str) -> Path:
    """A new file."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def texts(results: list[Found | Failed]) -> list[str]:
    """The texts that were found."""
    return [result.text for result in results if isinstance(result, Found)]


def rules(results: list[Found | Failed]) -> list[str]:
    """The rules of what failed."""
    return [result.rule for result in results if isinstance(result, Failed)]

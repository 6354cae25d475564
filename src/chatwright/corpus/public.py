"""Files of public data sets: found below one folder, read as UTF-8, compressed by gzip or not."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from chatwright.core.errors import DataError, UsageError
from chatwright.core.files import hash_file


def public_files(data: str | None, name: str, files: Sequence[str]) -> dict[str, str]:
    """Hashes of a data set's files; `UsageError` says which are not there, and where they were looked for."""
    if data is None:
        raise UsageError(
            f"the data set {name!r} is read from a folder, and none is named",
            remedy="name the folder of public data sets: --data DIR, or the variable CHATWRIGHT_DATA",
        )
    missing = [file for file in files if not (Path(data) / file).is_file()]
    if missing:
        raise UsageError(
            f"these files of {name} are not there: {', '.join(missing)}",
            where=data,
            remedy=f"name the folder that holds {missing[0]} with --data DIR or CHATWRIGHT_DATA",
        )
    return {file: hash_file(Path(data) / file) for file in files}


def public_hashes(data: str | None, wanted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Hashes of the files of several data sets."""
    found = dict[str, str]()
    for name, files in wanted.items():
        found |= public_files(data, name, files)
    return found


def public_folder(data: str | None, name: str) -> dict[str, str]:
    """Hashes of all files of a data set; `UsageError` where its folder is missing or empty."""
    folder = Path(data) / name if data else None
    found = sorted(path for path in folder.rglob("*") if path.is_file()) if folder else []
    files = [path.relative_to(str(data)).as_posix() for path in found]
    return public_files(data, name, files or [f"{name}/…"])


def read_text(path: Path) -> str:
    """The text of a file, without a byte-order mark."""
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"cannot be read: {error}", where=str(path)) from None


def read_lines(path: Path) -> list[str]:
    """The lines of a file; only `\\n` ends a line."""
    return read_text(path).removesuffix("\n").split("\n")


def read_json_lines(path: Path, keys: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """These keys of each line's JSON object, as text; empty lines are passed over."""
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            yield {key: str(row[key]) for key in keys}
        except (ValueError, KeyError, TypeError):
            raise DataError(
                f"a line needs a JSON object with {' and '.join(keys)}", where=f"{path.name} line {number}"
            ) from None


def read_table(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """These columns of each row of a CSV file with a header."""
    rows = csv.DictReader(io.StringIO(read_text(path), newline=""))
    missing = [column for column in columns if column not in (rows.fieldnames or ())]
    if missing:
        raise DataError(
            f"has no column {', '.join(missing)}", where=str(path), remedy="take the file as it was published"
        )
    for row in rows:
        if any(row[column] is None for column in columns):
            raise DataError("a row has too few columns", where=f"{path.name} line {rows.line_num}")
        yield {column: row[column] for column in columns}


def read_tabbed(path: Path, columns: int) -> Iterator[tuple[int, list[str]]]:
    """Numbered lines of a table whose `columns` are separated by tabs; the last may hold more of them."""
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        parts = line.rstrip("\r").split("\t", columns - 1)
        if len(parts) < columns:
            raise DataError(f"a line needs {columns} columns with tabs between", where=f"{path.name} line {number}")
        yield number, parts

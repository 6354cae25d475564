"""Reading a folder of text: which files, in which encoding, and why the rest was left out."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from chatwright.core.artifacts import MANIFEST
from chatwright.core.errors import UsageError
from chatwright.core.files import hash_file
from chatwright.corpus.ledger import Ledger

STAGE = "read"
FORMATS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".rst": "rst",
    ".rest": "rst",
    ".txt": "text",
    ".text": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}
# Files without a suffix are text only under these names; others are scripts, keys and build files.
_TEXT_NAMES = (
    "readme",
    "news",
    "changes",
    "changelog",
    "history",
    "install",
    "faq",
    "hacking",
    "contributing",
    "todo",
)
_MARKUP_INSIDE = {".rst": "rst", ".md": "markdown"}  # page.rst.txt, as Sphinx copies its sources
# Byte-order marks; UTF-32's little-endian one begins with UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_HEAD = 2_048  # bytes of a page in which its character set is declared
_SAMPLE = 65_536  # bytes from which an unknown encoding is guessed


@dataclass(frozen=True)
class SourceFile:
    """A file that was read: its path relative to the folder, its format, its text."""

    origin: str
    format: str
    text: str
    size: int


def open_folder(docs: str | None) -> Path:
    """The folder that a person named, links resolved; `UsageError` when it is no readable folder."""
    remedy = "name a folder of Markdown, reStructuredText, text or HTML files with --docs FOLDER"
    if not docs:
        raise UsageError("the source is a folder, and none is named", where="corpus.docs", remedy=remedy)
    folder = Path(docs).expanduser()
    if not folder.exists():
        raise UsageError("there is no such folder", where=str(folder), remedy=remedy)
    if not folder.is_dir():
        raise UsageError("is a file, not a folder", where=str(folder), remedy=remedy)
    if not os.access(folder, os.R_OK | os.X_OK):
        raise UsageError("the folder may not be read", where=str(folder), remedy="change its permissions")
    return folder.resolve()


def format_of(name: str) -> str | None:
    """The format of a file by its name; None when it is none that is read."""
    stem, suffix = os.path.splitext(name.lower())
    if suffix == ".txt":
        return _MARKUP_INSIDE.get(os.path.splitext(stem)[1], "text")
    if suffix not in FORMATS and stem.startswith(_TEXT_NAMES):
        return "text" if suffix in {"", ".debian"} else None
    return FORMATS.get(suffix)


def link_rule(path: Path, root: Path) -> str:
    """Why a link below `root` is not read."""
    try:
        inside = path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return "link that leads nowhere"
    return "link to what is read anyway" if inside else "link out of the folder"


def is_run(folder: Path) -> bool:
    """Is this a run folder of ours? What was made of the text is no text to read."""
    return any((folder / stage / MANIFEST).exists() for stage in ("plan", "corpus", "fetch", "collect"))


def _printable(origin: str) -> str:
    return origin.encode("utf-8", "replace").decode("utf-8")


def list_files(root: Path, ledger: Ledger) -> Iterator[tuple[Path, str, str]]:
    """(path, origin, format) of every file that may be read, sorted by origin."""

    def unreadable(error: OSError) -> None:
        ledger.note(STAGE, "folder that may not be read", _printable(str(error.filename)), error.strerror or "")

    found = []
    for folder, inner, names in os.walk(root, onerror=unreadable):
        for name in sorted([*names, *inner]):
            path = Path(folder) / name
            origin = _printable(path.relative_to(root).as_posix())
            if name.startswith("."):
                ledger.note(STAGE, "hidden", origin)
            elif path.is_symlink():
                ledger.note(STAGE, link_rule(path, root), origin)
            elif name in inner and is_run(path):
                ledger.note(STAGE, "run folder of ours", origin)
            elif name in names:
                found.append((path, origin))
                continue
            else:
                continue
            if name in inner:
                inner.remove(name)
    for path, origin in sorted(found, key=lambda pair: pair[1]):
        file_format = format_of(path.name)
        if file_format is None:
            ledger.note(STAGE, "format that is not read", origin, path.suffix)
        else:
            yield path, origin, file_format


def decode(data: bytes, file_format: str) -> tuple[str, str] | None:
    """(text, encoding): by its mark, as UTF-8, as a page declares it, or as guessed; None if nothing fits."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return (data.decode(encoding, "replace"), encoding)
    candidates = ["utf-8"]
    if file_format == "html" and (declared := _DECLARED.search(data[:_HEAD])):
        candidates.append(declared.group(1).decode("ascii", "replace"))
    for encoding in candidates:
        try:
            return data.decode(encoding), encoding
        except (UnicodeError, LookupError):
            continue
    best = from_bytes(data[:_SAMPLE]).best()
    return (data.decode(best.encoding, "replace"), best.encoding) if best else None


def _problem(path: Path, limit: int) -> tuple[str, str]:
    """(rule, why) that keeps a file from being opened; ("", "") when nothing does."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        return "neither file nor folder", "a pipe, socket or device"
    if status.st_size == 0:
        return "empty file", "0 bytes"
    if status.st_size > limit:
        return "file too long", f"{status.st_size / 1e6:.1f} MB, the limit is {limit / 1e6:g} MB"
    return "", ""


def read_file(path: Path, origin: str, file_format: str, limit: int, ledger: Ledger) -> SourceFile | None:
    """Read one file of at most `limit` bytes; None, and a ledger line, when it cannot be used."""
    try:
        rule, why = _problem(path, limit)
        if not rule:
            with path.open("rb") as file:
                data = file.read(limit + 1)  # it may have grown
            marked = data.startswith(tuple(mark for mark, _ in MARKS))
            if b"\x00" in data and not marked:
                rule, why = "binary file", "holds NUL bytes"
    except OSError as error:
        rule, why = "file that may not be read", error.strerror or str(error)
    if rule:
        ledger.note(STAGE, rule, origin, why)
        return None
    decoded = decode(data, file_format)
    if decoded is None:
        ledger.note(STAGE, "unknown encoding", origin, "neither UTF-8 nor anything that could be guessed")
        return None
    text, encoding = decoded
    if encoding not in {"utf-8", "utf-8-sig"}:
        ledger.note("decoded", f"read as {encoding}", origin, "kept; not UTF-8")
    return SourceFile(origin, file_format, text, len(data))


def folder_identity(docs: str | None, limit: int) -> dict[str, str]:
    """What the folder holds: relative path to size and content hash (over-long files: size only)."""
    root = open_folder(docs)
    identity = {}
    for path, origin, _ in list_files(root, Ledger()):
        try:
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode):
                continue
            digest = hash_file(path) if status.st_size <= limit else "too long"
            identity[origin] = f"{status.st_size}:{digest}"
        except OSError as error:
            identity[origin] = f"unreadable: {error.strerror}"
    return identity

"""Texts to measure with: public data sets, and what a machine has of its own: manuals, documentation, docstrings.

They are mixed in an order that hashes of them decide, so each slice is like every other and none holds another's text.
"""

from __future__ import annotations

import gzip
import inspect
import json
import os
import re
import sysconfig
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from chatwright.core.errors import DataError
from chatwright.core.progress import Progress
from chatwright.corpus.clean import identifier
from chatwright.corpus.engine import run_apart
from chatwright.corpus.public import public_files, read_text
from chatwright.corpus.readers.found import Found
from chatwright.corpus.readers.read import read_file
from chatwright.corpus.readers.settings import Columns, Limits

ARTICLES = "wikitext-2/train.txt.gz"
CHINESE = {  # clean text, none of it made for a rule: file and what holds the text
    "headlines": ("fewclue/tnews/unlabeled.json.gz", "sentence"),
    "reviews": ("fewclue/eprstmt/unlabeled.json.gz", "sentence"),
    "sentences": ("tatoeba-en-zh/cmn-eng.train.tsv.gz", ""),
    "lyrics": ("zh-poetry/song_ci.jsonl.gz", "paragraphs"),
}
TEXTS = [ARTICLES, *(file for file, _ in CHINESE.values())]
_SETS = (
    "gutenberg/war_and_peace.txt.gz",
    "gutenberg/pride_and_prejudice_pg1342.txt",
    "gutenberg/alice_pg11.txt",
    "pretrain-samples/c4_demo.jsonl",
    "pretrain-samples/wiki_demo.txt",
    "tinyshakespeare/input.txt",
    "alpaca-en/alpaca_data.jsonl.gz",
    "alpaca-zh/alpaca_zh.jsonl.gz",
    "dialogsum/dialogsum.train.jsonl.gz",
    "zh-poetry/tang_shi.jsonl.gz",
    *TEXTS,
)

_ARTICLE = re.compile(r"\n(?= = [^=])")
_DOCSTRING = re.compile(r'"""(.*?)"""', re.DOTALL)
_REQUEST = re.compile(r"^[.'](?:(?:BR?|BI|IR?|IB|R[BI]|S[HSM]|TH)\b[ \t]*|.*\n?)", re.MULTILINE)  # of a manual page
_ESCAPE = re.compile(r"\\(?:f(?:\[\w*\]|\(..|.)|[&|^/,]|s[-+]?\d)")
_LEAST, _MOST = 200, 20_000  # characters of a docstring, of a piece of a long document
_MANUALS = "/usr/share/man"
_PLACES = ("/usr/share/doc", _MANUALS, "/usr/share/info")
_ENDINGS = (".py", ".rst", ".md", ".txt")


def public_texts(data: str | None, files: Sequence[str]) -> Path:
    """The folder of public data sets, in which these files are; `UsageError` says which are not."""
    public_files(data, "the bench", files)
    return Path(str(data))


def articles(data: str | None) -> list[str]:
    """Encyclopedia articles, as their source writes them."""
    return _ARTICLE.split(read_text(public_texts(data, [ARTICLES]) / ARTICLES))


def write_slices(folder: Path, data: str | None, count: int, megabytes: float, progress: Progress) -> list[Path]:
    """Files of JSON Lines, of so many megabytes (10^6 bytes of UTF-8) of text each; fewer where there is less text.

    What is there already is taken as it is.
    """
    found = sorted(folder.glob("slice-*.jsonl"))
    if not found:
        progress.update(0.0, "gathering text: data sets, manuals, documentation, docstrings")
        folder.mkdir(parents=True, exist_ok=True)
        run_apart(_write_slices, folder, public_texts(data, _SETS), count, megabytes)
        found = sorted(folder.glob("slice-*.jsonl"))
    if len(found) < count:
        raise DataError(
            f"this machine has text for {len(found)} of {count} slices of {megabytes:g} MB",
            where=", ".join(map(str, _roots())),
            remedy="install documentation (packages of manual pages, Python packages)",
        )
    return found


def _write_slices(folder: Path, data: Path, count: int, megabytes: float) -> None:
    size, texts, seen = 0, list[tuple[str, str]](), set[str]()
    for text in _all_texts(data):
        key = identifier(text)
        if key not in seen:
            seen.add(key)
            texts.append((key, text))
            size += len(text.encode())
        if size > count * (megabytes * 1e6 + 3 * _MOST):  # each slice ends with a whole text
            break
    texts.sort(reverse=True)
    for number in range(count):
        lines, held = list[str](), 0
        while texts and held < megabytes * 1e6:
            key, text = texts.pop()
            lines.append(json.dumps({"id": key, "text": text}, ensure_ascii=False))
            held += len(text.encode())
        if held >= megabytes * 1e6:
            (folder / f"slice-{number:02}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _all_texts(data: Path) -> Iterator[str]:
    for name in _SETS:
        for found in read_file(data / name, name, Limits(), Columns()):
            if isinstance(found, Found):
                whole = _ARTICLE.split(found.text) if name == ARTICLES else [found.text]
                yield from (piece for text in whole for piece in _pieces(text))
    paths = sorted((path for root in _roots() for path in _below(root)), key=identifier)
    for path in paths:
        for text in _read_own(path):
            yield from _pieces(text.encode("utf-8", "replace").decode())


def _pieces(text: str) -> Iterator[str]:
    """A text, cut at ends of paragraphs where it is long."""
    held, size = list[str](), 0
    for paragraph in text.split("\n\n"):
        if held and size + len(paragraph) > _MOST:
            yield "\n\n".join(held)
            held, size = [], 0
        held.append(paragraph)
        size += len(paragraph)
    if any(map(str.strip, held)):
        yield "\n\n".join(held)


def _roots() -> list[str]:
    return [*dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"))), *_PLACES]


def _below(root: str) -> Iterator[str]:
    for folder, _, names in os.walk(root):
        for name in names:
            if folder.startswith(_PLACES) or name.endswith(_ENDINGS):
                path = os.path.join(folder, name)
                if not os.path.islink(path) and not name.endswith((".html", ".js", ".css", ".svg", ".png", ".pdf")):
                    yield path


def _read_own(path: str) -> Iterable[str]:
    """The texts of one of the machine's own files: of a Python module its docstrings, of a manual page what it says."""
    try:
        content = Path(path).read_bytes()
        text = (gzip.decompress(content) if path.endswith(".gz") else content).decode()
    except (OSError, EOFError, UnicodeDecodeError, zlib.error):
        return []
    if path.endswith(".py"):
        told = (inspect.cleandoc(each) for each in _DOCSTRING.findall(text) if len(each) >= _LEAST)
        return [each for each in ["\n\n".join(told)] if each]
    if path.startswith(_MANUALS):
        text = _ESCAPE.sub("", _REQUEST.sub("", text)).replace("\\-", "-").replace("\\(aq", "'").replace('"', "")
    return [text]

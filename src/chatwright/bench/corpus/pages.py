"""How well the main text of web pages is found, and how fast, beside trafilatura's own modes and plain paragraphs.

The pages and the passages that their text holds (`with`) and does not hold (`without`) are those of trafilatura's
evaluation, counted as there: a passage that is to be found and is, white space aside, is a true positive, one that is
not to be found and is, a false one. Choices of `corpus.web` were made by looking at half of the pages (by a hash of
their address), so the other half has rows of its own.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chatwright.bench.asked import Asked, row
from chatwright.bench.corpus.texts import public_texts
from chatwright.bench.measured import Row
from chatwright.core.errors import DataError
from chatwright.corpus.clean import one_line
from chatwright.corpus.engine import run_apart
from chatwright.corpus.public import read_text
from chatwright.corpus.web.main_text import main_text

PAGES = "html-trafilatura/evaldata.json"
_FULL, _OURS = "trafilatura", "main text"
_LESS = 0.005  # of F1
_ROUNDS = 5


@dataclass(frozen=True)
class Marked:
    """A page and what a person says of its text."""

    content: bytes
    held: tuple[str, ...]
    not_held: tuple[str, ...]
    looked_at: bool  # in the half that choices were made with


@dataclass(frozen=True)
class Found:
    """F1, precision and recall of passages."""

    f1: float
    precision: float
    recall: float


def measure_pages(asked: Asked, rounds: int = _ROUNDS) -> list[Row]:
    """Passages found in the text of web pages, and pages read a second: ours, trafilatura's modes, plain paragraphs."""
    public_texts(asked.data, [PAGES])
    pages = read_marked_pages(Path(str(asked.data)))
    with asked.show("pages") as progress:
        progress.update(0.1, "reading web pages")
        texts, speeds = run_apart(_read, pages, rounds)  # apart, as the stage reads them: beside nothing else
    rows = list[Row]()
    for name in texts:
        target, holds = None, None
        for unseen, which in ((False, ""), (True, " on pages not tuned on")):
            found, theirs = score(pages, texts[name], unseen=unseen), score(pages, texts[_FULL], unseen=unseen)
            if name == _OURS:
                least = theirs.f1 - _LESS
                target, holds = f"at least {least:.3f} (trafilatura's less {_LESS})", found.f1 >= least
            rows.append(row(f"{name}: F1{which}", found.f1, "F1", target, holds))
            rows.append(row(f"{name}: precision{which}", found.precision, "share"))
            rows.append(row(f"{name}: recall{which}", found.recall, "share"))
        speed = float(np.median(speeds[name]))
        if name == _OURS:
            target, holds = "at least 40", speed >= 40
        rows.append(row(f"{name}: speed", speed, "pages/s of one core", target, holds))
    return rows


def read_marked_pages(data: Path) -> list[Marked]:
    """The pages of the set; `DataError` where a file of it is not what was published."""
    try:
        return [
            Marked(
                gzip.decompress((data / PAGES).parent.joinpath("html", f"{each['file']}.gz").read_bytes()),
                tuple(one_line(passage) for passage in each["with"]),
                tuple(one_line(passage) for passage in each["without"]),
                looked_at=hashlib.sha256(address.encode()).digest()[-1] % 2 == 0,
            )
            for address, each in json.loads(read_text(data / PAGES)).items()
        ]
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"not what was published: {error!r}",
            where=str(data / PAGES),
            remedy="take the files as they were published",
        ) from None


def score(pages: Sequence[Marked], texts: Sequence[str], *, unseen: bool = False) -> Found:
    """How the passages of the pages are found in their texts; with `unseen`, of pages that no choice was made with."""
    right = wrong = asked = 0
    for page, text in zip(pages, texts, strict=True):
        if not (unseen and page.looked_at):
            text = one_line(text)
            right += sum(passage in text for passage in page.held)
            wrong += sum(passage in text for passage in page.not_held)
            asked += len(page.held)
    return Found(2 * right / max(1, asked + right + wrong), right / max(1, right + wrong), right / max(1, asked))


def _ways() -> dict[str, Callable[[bytes], str]]:
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return {
        _OURS: lambda content: main_text(content).text,
        _FULL: lambda content: trafilatura.extract(content, include_comments=False) or "",
        "trafilatura, fast": lambda content: trafilatura.extract(content, include_comments=False, fast=True) or "",
        "paragraphs": lambda content: trafilatura.baseline(content)[1],
    }


def _read(pages: Sequence[Marked], rounds: int) -> tuple[dict[str, list[str]], dict[str, list[float]]]:
    """What each way says of the pages, and how many it reads a second of processor time, in rounds that take turns."""
    ways = _ways()
    texts, speeds = dict[str, list[str]](), {name: list[float]() for name in ways}
    for turn in range(rounds + 1):  # the first is for what a library does once
        for name, way in ways.items():
            started = time.process_time()
            texts[name] = [way(page.content) for page in pages]
            if turn:
                speeds[name].append(len(pages) / (time.process_time() - started))
    return texts, speeds

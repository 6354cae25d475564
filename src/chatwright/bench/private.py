"""How well personal data is found: F1 by kind, false alarms in encyclopedia articles, speed of one thread.

A span is found where one of the same kind has exactly its characters; beside that stands the F1 where it need only
touch (`f1_touching`).
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatwright.core.errors import DataError
from chatwright.corpus.private.kinds import KINDS, Kind
from chatwright.corpus.private.replace import Span, find_private
from chatwright.corpus.public import public_files, read_lines, read_text

_PRESIDIO = "pii-presidio/synth_dataset_v2.json"
_WIKITEXT = "wikitext-2/train.txt.gz"
_PRESIDIO_KINDS: dict[str, Kind] = {  # its other kinds (names, places, ages, ...) have no shape
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "CARD",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP",
    "US_SSN": "SSN",
}
_KIND_NAMES: dict[str, Kind] = {kind: kind for kind in KINDS}
_ARTICLE = re.compile(r"\n(?= = [^=])")
_MARKED = re.compile("⟦([A-Z_]+) ([^⟧]+)⟧")
_REPEATS = 3
_SHOWN = 30  # characters around a false alarm


@dataclass(frozen=True)
class Marked:
    """A text and the personal data that a person says it holds."""

    text: str
    spans: tuple[Span, ...]


def score_private(data: Path, sentences: Path | None = None) -> dict[str, Any]:
    """Every figure: `presidio` (`tuned`: even rows, that rules were made with; `held_out`: odd rows), `wikitext`.

    `data` is the folder of public data sets; `sentences` a file of marked sentences (`read_marked`), told as
    `sentences`. `UsageError` says which file is missing.
    """
    public_files(str(data), "personal data", (_PRESIDIO, _WIKITEXT))
    presidio = _read_presidio(data / _PRESIDIO)
    figures: dict[str, Any] = {
        "presidio": {"tuned": score_marked(presidio[::2]), "held_out": score_marked(presidio[1::2])},
        "wikitext": measure_alarms(_ARTICLE.split(read_text(data / _WIKITEXT))),
    }
    if sentences is not None:
        figures["sentences"] = score_marked(read_marked(sentences))
    return figures


def score_marked(rows: Iterable[Marked]) -> dict[str, dict[str, float]]:
    """By kind and for `all` (micro-averaged): f1, precision, recall, f1_touching, count of spans that are there."""
    there, found, right, touched, hit = (Counter[str]() for _ in range(5))
    for row in rows:
        told = find_private(row.text)
        for key in ("kind", "all"):
            there.update(span.kind if key == "kind" else key for span in row.spans)
            found.update(span.kind if key == "kind" else key for span in told)
            right.update(span.kind if key == "kind" else key for span in row.spans if span in told)
            touched.update(span.kind if key == "kind" else key for span in row.spans if _touches(span, told))
            hit.update(span.kind if key == "kind" else key for span in told if _touches(span, row.spans))
    return {
        kind: {
            "f1": _ratio(2 * right[kind], there[kind] + found[kind]),
            "precision": _ratio(right[kind], found[kind]),
            "recall": _ratio(right[kind], there[kind]),
            "f1_touching": _ratio(touched[kind] + hit[kind], there[kind] + found[kind]),
            "count": there[kind],
        }
        for kind in sorted({*there, *found})
    }


def measure_alarms(texts: Sequence[str]) -> dict[str, Any]:
    """What is found in texts that hold nothing private, and the megabytes (10^6 bytes of UTF-8) read a second.

    `alarms` shows each one, since a text may hold something private after all. The best of some rounds counts.
    """
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    seconds = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        found = [find_private(text) for text in texts]
        seconds.append(time.perf_counter() - started)
    alarms = [_shown(text, span) for text, spans in zip(texts, found, strict=True) for span in spans]
    return {
        "megabytes": round(megabytes, 3),
        "alarms": alarms,
        "alarms_per_megabyte": round(len(alarms) / megabytes, 3),
        "megabytes_per_second": round(megabytes / min(seconds), 1),
    }


def read_marked(path: Path) -> list[Marked]:
    """Sentences, one a line, with marks like ⟦EMAIL anna@example.org⟧; `\\n` stands for a new line, ¦ for nothing.

    Empty lines and those that begin with "# " are passed over; `DataError` for a kind that is unknown.
    """
    rows = []
    for number, line in enumerate(read_lines(path), 1):
        if not line or line.startswith("# "):
            continue
        parts, spans, at, length = [], [], 0, 0
        line = line.replace("¦", "").replace("\\n", "\n")
        for mark in _MARKED.finditer(line):
            parts += [line[at : mark.start()], mark[2]]
            length += mark.start() - at + len(mark[2])
            if (kind := _KIND_NAMES.get(mark[1])) is None:
                raise DataError(
                    f"unknown kind {mark[1]!r}",
                    where=f"{path.name} line {number}",
                    remedy=f"mark one of {', '.join(KINDS)}",
                )
            spans.append(Span(length - len(mark[2]), length, kind))
            at = mark.end()
        rows.append(Marked("".join([*parts, line[at:]]), tuple(spans)))
    return rows


def _read_presidio(path: Path) -> list[Marked]:
    """Sentences of Presidio's synthetic data, with the spans of the kinds that have a shape."""
    try:
        return [
            Marked(
                row["full_text"],
                tuple(
                    Span(span["start_position"], span["end_position"], _PRESIDIO_KINDS[span["entity_type"]])
                    for span in row["spans"]
                    if span["entity_type"] in _PRESIDIO_KINDS
                ),
            )
            for row in json.loads(read_text(path))
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"not what was published: {error!r}", where=str(path), remedy="take the file as it was published"
        ) from None


def _touches(span: Span, others: Iterable[Span]) -> bool:
    """Whether one of the others is of the same kind and shares a character."""
    return any(span.kind == other.kind and span.start < other.end and other.start < span.end for other in others)


def _ratio(part: int, whole: int) -> float:
    """Part of the whole; nothing asked and nothing said is all right."""
    return round(part / whole, 4) if whole else 1.0


def _shown(text: str, span: Span) -> str:
    """A span with its kind and what stands around it."""
    before, after = text[max(0, span.start - _SHOWN) : span.start], text[span.end : span.end + _SHOWN]
    return f"{before}⟦{span.kind} {text[span.start : span.end]}⟧{after}"

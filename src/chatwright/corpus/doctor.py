"""What data is like that someone wants to train on: its formats, its problems with their lines, what would be learnt.

Rows are looked at as they come. What is kept of each is four numbers; what is compared over all rows (copies,
lengths, columns) is compared at the end.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from chatwright.core.errors import UsageError
from chatwright.core.progress import Part, Progress
from chatwright.corpus.readers.found import Failed, Row
from chatwright.corpus.readers.read import NOT_READ, read_rows
from chatwright.corpus.readers.settings import Limits
from chatwright.corpus.row_checks import TEXT, WARNINGS, Checked, Talk, check_row

TOO_LONG, FAR_LONGER = "longer than the context", "far longer than others of its file"
AGAIN, OTHER_COLUMNS = "the same row again", "other columns than most rows of its file"
_LATE_WARNINGS = frozenset({TOO_LONG, FAR_LONGER, AGAIN, OTHER_COLUMNS})
_FAR = 30  # times the median
_LEAST = 20  # rows from which on lengths have a median worth comparing with
_MOST_COLUMN_SETS = 1_000  # of a file, told apart
_BATCH = 256  # rows measured at a time

# (how long, how much of it is learnt) of each talk or document, in `Measure.unit`.
Sizes = list[tuple[int, int]]


@dataclass(frozen=True)
class Measure:
    """How long texts are: in tokens, or without a tokenizer in characters. `context` is what a model can read."""

    sizes: Callable[[Sequence[Talk | str]], Sizes]
    unit: str
    context: int | None = None


def characters(texts: Sequence[Talk | str]) -> Sizes:
    """Lengths in characters."""
    sizes = list[tuple[int, int]]()
    for text in texts:
        if isinstance(text, str):
            sizes.append((len(text), len(text)))
            continue
        said = [turn for turn in text.learnt if turn["role"] == "assistant"]
        whole = sum(len(turn["content"]) for turn in (*text.prompt, *text.learnt))
        sizes.append((whole, sum(len(turn["content"]) for turn in said)))
    return sizes


def data_files(paths: Iterable[Path]) -> list[tuple[Path, str]]:
    """The named files, and those below the named folders without hidden ones; each with its name as people read it."""
    found = list[tuple[Path, str]]()
    for path in paths:
        if not path.exists():
            raise UsageError(
                "there is no such file or folder", where=str(path), remedy="name the data that is to be trained on"
            )
        if not path.is_dir():
            found.append((path.resolve(), str(path)))
            continue
        below = list[Path]()
        for folder, inner, names in os.walk(path):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            below += [Path(folder) / name for name in names if not name.startswith(".")]
        if not below:
            raise UsageError("there are no files in this folder", where=str(path), remedy="name a folder that has some")
        found += [(file, str(file)) for file in sorted(below)]
    return list({path: (path, name.encode("utf-8", "backslashreplace").decode()) for path, name in found}.values())


@dataclass
class _File:
    """What was counted of a file or an archive's member."""

    name: str
    first: int  # its first row among those of all files
    by_lines: bool
    formats: Counter[str] = field(default_factory=Counter)
    labels: Counter[bool] = field(default_factory=Counter)
    column_sets: dict[tuple[str, ...], int] = field(default_factory=dict)
    rows: int = 0
    usable: int = 0


class Examination:
    """Takes in files, and says what was found. `kept` examples of each problem and of each format are kept."""

    def __init__(self, measure: Measure, kept: int) -> None:
        self._measure, self._kept = measure, kept
        self._files = list[_File]()
        self._counts, self._examples = Counter[str](), defaultdict[str, list[dict[str, Any]]](list)
        self._left_out = list[str]()
        self._shown = defaultdict[str, list[Checked]](list)
        self._waiting = list[Checked]()
        self._learnt = 0
        # Of each row: a hash of what it says (0: nothing), its length, its line or number, its columns.
        self._keys, self._sizes = array("Q"), array("Q")
        self._places, self._columns = array("Q"), array("H")

    def read(self, paths: Iterable[Path], progress: Progress) -> None:
        """Take in files and folders; `UsageError` where there are none."""
        files = data_files(paths)
        sizes = [path.lstat().st_size + 1 for path, _ in files]
        done = 0
        for (path, name), size in zip(files, sizes, strict=True):
            part = Part(progress, done / sum(sizes), size / sum(sizes), name)
            self.take(read_rows(path, name, Limits(), part))
            done += size

    def take(self, rows: Iterable[Row | Failed]) -> None:
        """Take in the rows of a file."""
        for row in rows:
            if isinstance(row, Failed):
                if row.rule == NOT_READ:
                    self._left_out.append(row.origin)
                else:
                    self._note(row.rule, {"file": row.origin}, row.why)
                continue
            self._take_row(row)
            if len(self._waiting) >= _BATCH:
                self._flush()
        self._flush()

    def _take_row(self, row: Row) -> None:
        checked = check_row(row)
        if self._files and self._files[-1].name == row.origin:
            file = self._files[-1]
        else:
            self._files.append(file := _File(row.origin, len(self._keys), row.line is not None))
        file.rows += 1
        file.usable += bool(checked.texts)
        if checked.format:
            file.formats[checked.format] += 1
        if checked.label is not None:
            file.labels[checked.label] += 1
        names = tuple(sorted(map(str, row.value))) if isinstance(row.value, dict) else ()
        if len(file.column_sets) < _MOST_COLUMN_SETS:
            file.column_sets.setdefault(names, len(file.column_sets))
        self._columns.append(file.column_sets.get(names, _MOST_COLUMN_SETS))
        told = repr((checked.format, checked.key)).encode("utf-8", "surrogatepass")
        key = hashlib.blake2b(told, digest_size=8).digest() if checked.key is not None else b""
        self._keys.append(int.from_bytes(key, "big"))
        self._places.append(row.line if row.line is not None else row.number)
        self._waiting.append(checked)
        shown = self._shown[checked.format]
        if checked.texts and len(shown) < self._kept:
            shown.append(checked)

    def _flush(self) -> None:
        """Measure the rows that wait, and note what is wrong with them, in order."""
        sizes = iter(self._measure.sizes([text for checked in self._waiting for text in checked.texts]))
        for checked in self._waiting:
            row = checked.row
            place = _place(row.origin, row.line, row.number)
            for kind, why in checked.problems.items():
                self._note(kind, place, why)
            measured = [next(sizes) for _ in checked.texts]
            size = max((size for size, _ in measured), default=0)
            self._sizes.append(size)
            self._learnt += sum(learnt for _, learnt in measured)
            if checked.format != TEXT and self._measure.context is not None and size > self._measure.context:
                self._note(TOO_LONG, place, f"{size:,} {self._measure.unit} of {self._measure.context:,}")
        self._waiting.clear()

    def _note(self, kind: str, place: dict[str, Any], why: str) -> None:
        self._counts[kind] += 1
        if len(self._examples[kind]) < self._kept:
            self._examples[kind].append({**place, "why": why.encode("utf-8", "backslashreplace").decode()})

    def result(self) -> dict[str, Any]:
        """All that was found, as values that JSON can hold. To be called once, after everything was taken in."""
        lengths = dict[str, Any]()
        if self._keys:
            self._note_copies()
            lengths = self._note_lengths()
            self._note_columns()
        problems = [
            {
                "kind": kind,
                "severity": "warning" if kind in WARNINGS | _LATE_WARNINGS else "error",
                "count": count,
                "examples": self._examples[kind],
            }
            for kind, count in self._counts.most_common()
        ]
        return {
            "files": [self._told(file) for file in self._files],
            "left_out": self._left_out,
            "rows": len(self._keys),
            "usable_rows": sum(file.usable for file in self._files),
            "unit": self._measure.unit,
            "learnt": self._learnt,
            "lengths": lengths,
            "context": self._measure.context,
            "problems": sorted(problems, key=lambda problem: problem["severity"] != "error"),
        }

    def shown(self, most: int) -> list[Checked]:
        """Rows to show: the first of each format, then the second of each, up to `most`."""
        ranked = [(place, checked) for rows in self._shown.values() for place, checked in enumerate(rows)]
        return [checked for _, checked in sorted(ranked, key=lambda pair: pair[0])[:most]]

    def _told(self, file: _File) -> dict[str, Any]:
        labels = {str(label).lower(): count for label, count in file.labels.items()}
        usual = int(np.bincount(self._column_ids(file)).argmax())
        columns = [list(names) for names, at in file.column_sets.items() if at == usual]
        return {
            "file": file.name,
            "rows": file.rows,
            "usable_rows": file.usable,
            "formats": dict(file.formats.most_common()),
            "labels": labels,
            "columns": columns[0] if columns else [],
        }

    def _column_ids(self, file: _File) -> Any:
        return np.frombuffer(self._columns, np.uint16)[file.first : file.first + file.rows]

    def _where(self, index: int) -> dict[str, Any]:
        file = self._files[bisect_right(self._files, index, key=lambda file: file.first) - 1]
        place = self._places[index]
        return _place(file.name, place if file.by_lines else None, place)

    def _note_rows(self, kind: str, rows: Sequence[int], why: Callable[[int], str]) -> None:
        """Note a problem of rows that are known by their index."""
        for index in rows[: self._kept]:
            self._note(kind, self._where(index), why(index))
        if len(rows) > self._kept:
            self._counts[kind] += len(rows) - self._kept

    def _note_copies(self) -> None:
        keys = np.frombuffer(self._keys, np.uint64)
        order = np.argsort(keys, kind="stable")
        ranked = keys[order]
        group = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
        firsts = np.empty_like(order)
        firsts[order] = np.repeat(order[group], np.diff(np.r_[group, len(order)]))
        again = np.flatnonzero((firsts != np.arange(len(firsts))) & (keys != 0))
        self._note_rows(AGAIN, again.tolist(), lambda index: f"as {spelt(self._where(int(firsts[index])))}")

    def _note_lengths(self) -> dict[str, Any]:
        sizes = np.frombuffer(self._sizes, np.uint64)
        real = sizes[sizes > 0]
        if not len(real):
            return {}
        for file in self._files:
            own = sizes[file.first : file.first + file.rows]
            if np.count_nonzero(own) >= _LEAST:
                median = int(np.median(own[own > 0]))
                why = partial(self._longer, median)
                self._note_rows(FAR_LONGER, (np.flatnonzero(own > _FAR * median) + file.first).tolist(), why)
        longest = int(sizes.argmax())
        return {"median": int(np.median(real)), "longest": int(sizes[longest]), "longest_at": self._where(longest)}

    def _longer(self, median: int, index: int) -> str:
        return f"{self._sizes[index]:,} {self._measure.unit}, the median of its file is {median:,}"

    def _note_columns(self) -> None:
        """Rows whose columns are not those that most rows of their file have."""
        for file in self._files:
            ids, names = self._column_ids(file), {at: set(columns) for columns, at in file.column_sets.items()}
            usual = int(np.bincount(ids).argmax())
            nameless = file.column_sets.get((), -1)  # no objects: that is told as what it is
            others = np.flatnonzero((ids != usual) & (ids != nameless)) + file.first
            if len(others) and usual != nameless:
                differs = partial(self._differs, names, names.get(usual, set()))
                self._note_rows(OTHER_COLUMNS, others.tolist(), differs)

    def _differs(self, names: dict[int, set[str]], usual: set[str], index: int) -> str:
        return _difference(usual, names.get(self._columns[index], set()))


def _difference(usual: set[str], found: set[str]) -> str:
    more, fewer = sorted(found - usual), sorted(usual - found)
    told = [f"{word} {', '.join(names[:6])}" for word, names in (("lacks", fewer), ("has also", more)) if names]
    return "; ".join(told)[:200]


def _place(name: str, line: int | None, number: int) -> dict[str, Any]:
    return {"file": name, "row": number} if line is None else {"file": name, "line": line}


def spelt(place: dict[str, Any]) -> str:
    """A place as people read it: `talks.jsonl:12`, as editors open it; rows of Parquet have no lines.

    >>> spelt({"file": "talks.jsonl", "line": 12}), spelt({"file": "talks.parquet", "row": 3})
    ('talks.jsonl:12', 'talks.parquet row 3')
    """
    if "line" in place:
        return f"{place['file']}:{place['line']}"
    return f"{place['file']} row {place['row']}" if "row" in place else str(place["file"])


def why_refused(result: dict[str, Any]) -> str:
    """Why nothing can be learnt from the data; empty if something can.

    >>> why_refused({"rows": 2, "usable_rows": 0, "learnt": 0, "unit": "characters"})
    'nothing can be learnt: none of 2 rows can be used'
    """
    if not result["rows"]:
        return "nothing can be learnt: there are no rows"
    if not result["usable_rows"]:
        return f"nothing can be learnt: none of {result['rows']:,} rows can be used"
    return "" if result["learnt"] else f"nothing can be learnt: 0 {result['unit']} are supervised"

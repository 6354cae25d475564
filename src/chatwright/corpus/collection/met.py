"""Which items of the evaluation sets the corpus holds, and in how many documents: scores can be told without them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from chatwright.core.files import write_json
from chatwright.corpus.collection.collect import Item
from chatwright.corpus.collection.parts import read_drops, read_parts, read_piece_by_piece
from chatwright.corpus.contamination import Asked, Runs, item_runs
from chatwright.corpus.tables import write_rows

MET_FILE, ASKED_FILE = "met.parquet", "asked.json"
_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
MET = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("origin", pa.string(), nullable=False),
        pa.field("dropped", pa.int64(), nullable=False),  # documents that hold a run of the item and went for it
        pa.field("kept", pa.int64(), nullable=False),  # documents that hold one and stay: less than the share allowed
    ]
)


def write_met(
    before: Path, folder: Path, items: Iterable[Item], asked: Asked, near: Mapping[str, str], words: int, least: int
) -> None:
    """Write `met.parquet`, a row for each item that any document holds or nearly is, and `asked.json`, counts by set.

    `before` holds the documents that were looked at, `folder` those that stay, with the share of each that is asked;
    `near` are documents that are nearly an item: the ids of both.
    """
    dropped = {name for table in read_drops([folder]) for name in table["id"].to_pylist()}
    kept = {
        name
        for table in read_parts(folder, ["id", "asked"])
        for name in table.filter(pc.greater(table["asked"], 0))["id"].to_pylist()
    }
    rows, holding = _holding(items, words, least)
    number_of = {row["id"]: number for number, row in enumerate(rows)}
    documents = Counter[str]()
    told_of = pa.array(sorted(dropped | kept), pa.large_string())
    for table in read_piece_by_piece(before, ["id", "text"]):
        some = table.filter(pc.is_in(table["id"].cast(pa.large_string()), told_of))
        for name, text in zip(some["id"].to_pylist(), some["text"], strict=True):
            numbers = holding.items(asked.met(text.as_py()))
            if name in near:
                numbers.add(number_of[near[name]])
            met = [rows[number] for number in sorted(numbers)]
            documents.update({row["source"] for row in met})
            for row in met:
                row["dropped" if name in dropped else "kept"] += 1
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        counts.setdefault(row["source"], Counter()).update({"items": 1, "met": int(row["dropped"] + row["kept"] > 0)})
    write_rows(folder / MET_FILE, MET, [row for row in rows if row["dropped"] + row["kept"]])
    told = {source: {**count, "documents": documents[source]} for source, count in counts.items()}
    write_json(folder / ASKED_FILE, told)


class _Holding:
    """Which items hold a run: for each number of words the sorted runs, and beside them the numbers of the items."""

    def __init__(self, runs: Mapping[int, Sequence[tuple[int, Runs]]]) -> None:
        self._runs: dict[int, tuple[Runs, NDArray[np.int64]]] = {}
        for long, own in runs.items():
            hashes = np.concatenate([each for _, each in own])
            numbers = np.repeat([number for number, _ in own], [len(each) for _, each in own])
            order = np.argsort(hashes, kind="stable")
            self._runs[long] = hashes[order], numbers[order]

    def items(self, met: Iterable[tuple[int, int]]) -> set[int]:
        """The items that hold any of these runs: (number of words, hash) each."""
        found = set[int]()
        for long, run in met:
            runs, numbers = self._runs[long]
            start, end = (int(np.searchsorted(runs, np.uint64(run), side)) for side in _SIDES)
            found.update(numbers[start:end].tolist())
        return found


def _holding(items: Iterable[Item], words: int, least: int) -> tuple[list[dict[str, Any]], _Holding]:
    """A row for each item, which no document is counted for yet, and which of them hold a run."""
    rows, runs = list[dict[str, Any]](), defaultdict[int, list[tuple[int, Runs]]](list)
    for number, item in enumerate(items):
        rows.append({"id": item.id, "source": item.source, "origin": item.origin, "dropped": 0, "kept": 0})
        for text in item.texts:
            for long, own in item_runs(text, words, least):
                runs[long].append((number, own))
    return rows, _Holding(runs)

"""Which items of the evaluation sets the corpus holds, and in how many documents: scores can be told without them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from chatwright.core.files import write_json
from chatwright.corpus.collection.collect import Item
from chatwright.corpus.collection.parts import read_drops, read_parts, read_piece_by_piece
from chatwright.corpus.contamination import Asked, Holders
from chatwright.corpus.tables import write_rows

MET_FILE, ASKED_FILE = "met.parquet", "asked.json"
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


def _holding(items: Iterable[Item], words: int, least: int) -> tuple[list[dict[str, Any]], Holders]:
    """A row for each item, which no document is counted for yet, and which of them hold a run."""
    rows = list[dict[str, Any]]()

    def texts() -> Iterator[tuple[str, ...]]:
        for item in items:
            rows.append({"id": item.id, "source": item.source, "origin": item.origin, "dropped": 0, "kept": 0})
            yield item.texts

    holders = Holders(texts(), words, least)
    return rows, holders

"""Which items of the evaluation sets the corpus holds, and in how many documents: scores can be told without them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from chatwright.core.files import write_json
from chatwright.corpus.collection.collect import Item
from chatwright.corpus.collection.parts import read_drops, read_parts
from chatwright.corpus.contamination import Asked, item_runs
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


def write_met(before: Path, folder: Path, items: Iterable[Item], asked: Asked, words: int, least: int) -> None:
    """Write `met.parquet`, a row for each item that any document holds a run of, and `asked.json`, counts by set.

    `before` holds the documents that were looked at, `folder` those that stay, with the share of each that is asked.
    """
    dropped = {name for table in read_drops([folder]) for name in table["id"].to_pylist()}
    kept = {
        name
        for table in read_parts(folder, ["id", "asked"])
        for name in table.filter(pc.greater(table["asked"], 0))["id"].to_pylist()
    }
    holders = defaultdict[tuple[int, int], set[str]](set)
    for table in read_parts(before, ["id", "text"]):
        holding = table.filter(pc.is_in(table["id"], pa.array(sorted(dropped | kept), table["id"].type)))
        for row in holding.to_pylist():
            for run in asked.met(row["text"]):
                holders[run].add(row["id"])
    counts: dict[str, Counter[str]] = {}
    documents, rows = defaultdict[str, set[str]](set), list[dict[str, Any]]()
    for item in items:
        runs = {
            (long, run) for text in item.texts for long, own in item_runs(text, words, least) for run in own.tolist()
        }
        met = set[str]().union(*(holders[run] for run in runs if run in holders))
        counts.setdefault(item.source, Counter()).update({"items": 1, "met": int(bool(met))})
        documents[item.source] |= met
        if met:
            where = {"id": item.id, "source": item.source, "origin": item.origin}
            rows.append({**where, "dropped": len(met & dropped), "kept": len(met & kept)})
    write_rows(folder / MET_FILE, MET, rows)
    told = {source: {**count, "documents": len(documents[source])} for source, count in counts.items()}
    write_json(folder / ASKED_FILE, told)

"""Texts that were there more than once: how many groups, how large, and the largest with what stays of them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from chatwright.core.files import write_json
from chatwright.core.seeds import share
from chatwright.corpus.collection.parts import SAME, excerpt, read_drops, read_parts

CLUSTERS_FILE = "clusters.json"
_LARGEST = 12  # groups that are shown
_GONE = 4  # of each, texts that went

Row = dict[str, Any]


def write_clusters(folder: Path) -> None:
    """Write `clusters.json` for a finished deduplication: sizes of all groups, and the largest with excerpts.

    A group is a text that stays and all that went for it, also by way of a text that went itself. Similarities are
    those with the text that each went for.
    """
    told = ["id", "kept", "value", "rule", "source"]
    gone = {row["id"]: row for table in read_drops([folder]) for row in table.select(told).to_pylist()}
    groups: dict[str, list[Row]] = {}
    for row in gone.values():
        kept = row["kept"]
        while kept in gone:
            kept = gone[kept]["kept"]
        groups.setdefault(kept, []).append(row)
    largest = heapq.nsmallest(_LARGEST, groups, key=lambda kept: (-len(groups[kept]), kept))
    shown = {kept: heapq.nsmallest(_GONE, groups[kept], key=_order) for kept in largest}
    went = _excerpts(read_drops([folder]), [row["id"] for rows in shown.values() for row in rows])
    stays = _excerpts(read_parts(folder), largest)
    sizes = Counter(len(rows) + 1 for rows in groups.values())
    figures = {
        "groups": len(groups),
        "gone": len(gone),
        "sizes": {str(size): sizes[size] for size in sorted(sizes)},
        "largest": [
            {
                **stays[kept],
                **_group(groups[kept]),
                "examples": [{**went[row["id"]], "similarity": row["value"]} for row in shown[kept]],
            }
            for kept in largest
        ],
    }
    write_json(folder / CLUSTERS_FILE, figures)


def _order(row: Row) -> float:
    return share(row["id"], 0, "example")


def _group(rows: list[Row]) -> Row:
    similar = [row["value"] for row in rows]
    return {
        "gone": len(rows),
        "same": sum(row["rule"] == SAME for row in rows),
        "least": min(similar),
        "most": max(similar),
        "sources": dict(Counter(row["source"] for row in rows).most_common()),
    }


def _excerpts(tables: Iterable[pa.Table], ids: list[str]) -> dict[str, Row]:
    """Where the texts of these ids are from, and how they begin."""
    found = dict[str, Row]()
    for table in tables:
        for row in table.filter(pc.is_in(table["id"], pa.array(ids, table["id"].type))).to_pylist():
            begins = row["excerpt"] if "excerpt" in row else excerpt(row["text"])
            found[row["id"]] = {**{name: row[name] for name in ("id", "source", "origin")}, "excerpt": begins}
    return found

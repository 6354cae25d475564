"""Texts that were there more than once: how many groups, how large, and the largest with what stays of them."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from chatwright.core.files import write_json
from chatwright.core.seeds import share
from chatwright.corpus.collection.parts import SAME, excerpt, read_drops, read_piece_by_piece

CLUSTERS_FILE = "clusters.json"
_LARGEST = 12  # groups that are shown
_GONE = 4  # of each, texts that went

Row = dict[str, Any]


def write_clusters(folder: Path) -> None:
    """Write `clusters.json` for a finished deduplication: sizes of all groups, and the largest with excerpts.

    A group is a text that stays and all that went for it, also by way of a text that went itself. Similarities are
    those with the text that each went for.
    """
    kept_for = {name: kept for table in read_drops([folder]) for name, kept in _rows(table, "id", "kept")}
    counts = Counter(_stays(kept, kept_for) for kept in kept_for.values())
    largest = heapq.nsmallest(_LARGEST, counts, key=lambda kept: (-counts[kept], kept))
    groups = {kept: _Group() for kept in largest}
    for table in read_drops([folder]):
        for name, value, rule, source in _rows(table, "id", "value", "rule", "source"):
            if group := groups.get(_stays(kept_for[name], kept_for)):
                group.add(name, value, rule, source)
    went = _excerpts(read_drops([folder]), [name for group in groups.values() for name in group.examples])
    stays = _excerpts(read_piece_by_piece(folder, ["id", "source", "origin", "text"]), largest)
    sizes = Counter(count + 1 for count in counts.values())
    figures = {
        "groups": len(counts),
        "gone": len(kept_for),
        "sizes": {str(size): sizes[size] for size in sorted(sizes)},
        "largest": [
            {
                **stays[kept],
                **group.told(),
                "examples": [{**went[name], "similarity": value} for name, value in group.examples.items()],
            }
            for kept, group in groups.items()
        ],
    }
    write_json(folder / CLUSTERS_FILE, figures)


def _rows(table: pa.Table, *columns: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in columns), strict=True)


def _stays(kept: str, kept_for: Mapping[str, str]) -> str:
    while kept in kept_for:
        kept = kept_for[kept]
    return kept


class _Group:
    """What went for one text: counts, and of some the similarity by their ids."""

    def __init__(self) -> None:
        self.gone = self.same = 0
        self.least, self.most = math.inf, -math.inf
        self.sources = Counter[str]()
        self.examples: dict[str, float] = {}

    def add(self, name: str, similarity: float, rule: str, source: str) -> None:
        """Count a text."""
        self.gone += 1
        self.same += rule == SAME
        self.least, self.most = min(self.least, similarity), max(self.most, similarity)
        self.sources[source] += 1
        self.examples[name] = similarity
        shown = heapq.nsmallest(_GONE, self.examples, key=lambda name: share(name, 0, "example"))
        self.examples = {name: self.examples[name] for name in shown}

    def told(self) -> Row:
        """The counts as JSON values."""
        return {
            "gone": self.gone,
            "same": self.same,
            "least": self.least,
            "most": self.most,
            "sources": dict(self.sources.most_common()),
        }


def _excerpts(tables: Iterable[pa.Table], ids: list[str]) -> dict[str, Row]:
    """Where the texts of these ids are from, and how they begin."""
    found = dict[str, Row]()
    for table in tables:
        for row in table.filter(pc.is_in(table["id"], pa.array(ids, table["id"].type))).to_pylist():
            begins = row["excerpt"] if "excerpt" in row else excerpt(row["text"])
            found[row["id"]] = {**{name: row[name] for name in ("id", "source", "origin")}, "excerpt": begins}
    return found

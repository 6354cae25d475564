"""What a stage did, in one small file beside its parts: by source, language, length and rule, with examples."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from chatwright.core.files import read_json, write_json
from chatwright.corpus.collection.parts import EXCERPT, read_drops, read_piece_by_piece
from chatwright.corpus.judging.rules import RULES

SUMMARY_FILE = "summary.json"
LENGTHS = (*(digit * 10**power for power in range(1, 6) for digit in (1, 2, 5)), 1_000_000)  # characters
_EXAMPLES = 5  # of a rule
_CONTEXTS = 3  # of a placeholder
_MEASURES = {rule.name: rule.measure for rule in RULES}
_COUNTS = 10 ** np.arange(0, 7.01, 0.1)
_SHARES = np.linspace(0, 1, 41)
_UNTOLD = ("curly_brackets", "lorem_ipsum")  # any at all is too many: there is nothing to look at
_EDGES: dict[str, NDArray[np.float64]] = {  # what is beyond counts with the last class
    **{rule.measure: _SHARES for rule in RULES if rule.measure not in _UNTOLD},
    "characters": _COUNTS,
    "words": _COUNTS,
    "sentences": _COUNTS,
    "word_length": np.linspace(0, 20, 41),
    "stop_words": np.arange(0, 11.0),
}
_EXAMPLE = ("id", "source", "origin", "value", "limit", "why", "kept", "excerpt")

Row = dict[str, Any]


def write_summary(folder: Path) -> Row:
    """Write `summary.json`; returns what the manifest tells: documents, characters, and how many went by which rule."""
    tally = _Tally()
    for table in read_piece_by_piece(folder):
        tally.stays(table)
    for table in read_drops([folder]):
        tally.goes(table)
    summary = tally.summary()
    write_json(folder / SUMMARY_FILE, summary)
    dropped = {rule["rule"]: rule["count"] for rule in summary["rules"]}
    figures = {"documents": summary["documents"], "characters": summary["characters"], "dropped": dropped}
    return {**figures, "lines": summary["lines"]} if summary["lines"] else figures


def read_summary(folder: Path) -> Row:
    """What `write_summary` wrote."""
    summary: Row = read_json(folder / SUMMARY_FILE)
    return summary


def histogram(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of these lengths are in each class of `LENGTHS`: below the first edge, …, from the last one on."""
    return np.bincount(np.searchsorted(LENGTHS, lengths, side="right"), minlength=len(LENGTHS) + 1)


def _first(rows: list[Row], count: int) -> list[Row]:
    """So many of the rows by id, which is a hash: the same ones each time, from all over the corpus."""
    return sorted(rows, key=lambda row: row["id"])[:count]


class _Rule:
    """What one rule dropped."""

    def __init__(self) -> None:
        self.count = 0
        self.sources, self.languages = Counter[str](), Counter[str]()
        self.limits, self.examples = set[float](), list[Row]()
        self.values: NDArray[np.int64] | None = None


class _Tally:
    """Counts while parts go by, so that no more than one is in memory."""

    def __init__(self) -> None:
        self.documents = self.characters = self.bytes = 0
        self.sources: dict[str, Counter[str]] = {}
        self.languages = Counter[str]()
        self.lengths = np.zeros(len(LENGTHS) + 1, np.int64)
        self.rules: dict[str, _Rule] = {}
        self.measured: dict[tuple[str, str], NDArray[np.int64]] = {}  # measure and language to its histogram
        self.private: dict[str, Counter[str]] | None = None  # none: the stage does not know
        self.contexts: dict[str, list[Row]] = {}
        self.lines = Counter[str]()  # that went from documents, by their kind

    def stays(self, table: pa.Table) -> None:
        """Count what stays of a part."""
        self.documents += len(table)
        found = "content" in table.column_names
        sizes = (pc.binary_length(table["content"]) if found else pc.utf8_length(table["text"])).to_numpy()
        sources = np.array(table["source"].to_pylist(), object)
        for source in dict.fromkeys(sources):
            counts = self.sources.setdefault(source, Counter())
            own = sizes[sources == source]
            counts.update({"documents": len(own), "bytes" if found else "characters": int(own.sum())})
        if found:
            self.bytes += int(sizes.sum())
        else:
            self.characters += int(sizes.sum())
            self.lengths += histogram(sizes)
        self.languages.update(table["language"].to_pylist())
        if "measures" in table.column_names:
            self._measures(table)
        if "private" in table.column_names:
            self._placeholders(table)
        if "cut" in table.column_names:
            kinds = pc.value_counts(pc.struct_field(pc.list_flatten(table["cut"]), "kind"))
            self.lines.update({kind["values"]: kind["counts"] for kind in kinds.to_pylist()})

    def _measures(self, table: pa.Table) -> None:
        languages = np.array(table["language"].to_pylist(), object)
        measures = table["measures"].combine_chunks()
        for name in _EDGES:
            values = pc.struct_field(measures, name).to_numpy(zero_copy_only=False)
            for language in dict.fromkeys(languages):
                own = _counts(name, values[languages == language])
                self.measured[name, language] = self.measured.get((name, language), 0) + own

    def _placeholders(self, table: pa.Table) -> None:
        self.private = {} if self.private is None else self.private
        some = table.filter(pc.greater(pc.list_value_length(table["private"]), 0)).select(["id", "text", "private"])
        for row in some.to_pylist():
            for kind, count in Counter(row["private"]).items():
                self.private.setdefault(kind, Counter()).update({"count": count, "documents": 1})
                place = row["text"].find(f"<{kind}>")
                context = row["text"][max(0, place - EXCERPT // 3) : place + EXCERPT // 3]
                kept = [*self.contexts.get(kind, []), {"id": row["id"], "excerpt": context}]
                self.contexts[kind] = _first(kept, _CONTEXTS)

    def goes(self, table: pa.Table) -> None:
        """Count what goes from a part."""
        for name in table["rule"].unique().to_pylist():
            dropped = table.filter(pc.equal(table["rule"], name))
            rule = self.rules.setdefault(name, _Rule())
            rule.count += len(dropped)
            rule.sources.update(dropped["source"].to_pylist())
            rule.languages.update(language or "" for language in dropped["language"].to_pylist())
            rule.limits.update(dropped["limit"].drop_null().unique().to_pylist())
            if (measure := _MEASURES.get(name)) in _EDGES:
                own = _counts(measure, dropped["value"].drop_null().to_numpy())
                rule.values = own if rule.values is None else rule.values + own
            first = pc.select_k_unstable(dropped, _EXAMPLES, [("id", "ascending")])
            told = dropped.select(_EXAMPLE).take(first).to_pylist()
            rule.examples = _first([*rule.examples, *told], _EXAMPLES)

    def summary(self) -> Row:
        """All of it, as JSON values."""
        return {
            "documents": self.documents,
            "characters": self.characters,
            "bytes": self.bytes,
            "sources": {name: dict(counts) for name, counts in self.sources.items()},
            "languages": dict(self.languages.most_common()),
            "lengths": {"edges": LENGTHS, "counts": self.lengths.tolist()},
            "private": self.private
            and {kind: {**counts, "examples": self.contexts[kind]} for kind, counts in sorted(self.private.items())},
            "rules": [
                {
                    "rule": name,
                    "count": rule.count,
                    "sources": dict(rule.sources.most_common()),
                    "languages": dict(rule.languages.most_common()),
                    "limits": sorted(rule.limits),
                    "values": self._values(name, rule),
                    "examples": rule.examples,
                }
                for name, rule in sorted(self.rules.items(), key=lambda item: -item[1].count)
            ],
            "lines": dict(self.lines.most_common()),
        }

    def _values(self, name: str, rule: _Rule) -> Row | None:
        """Histograms of what was measured: of texts that stay, in languages in which some went, and of those that went.

        Classes beyond all of them are left out.
        """
        measure = _MEASURES.get(name, "")
        kept = [self.measured[measure, each] for each in rule.languages if (measure, each) in self.measured]
        if rule.values is None or not kept:
            return None
        stays, edges = np.sum(kept, axis=0), _EDGES[measure]
        used = np.flatnonzero(stays + rule.values)
        first, last = int(used[0]), int(used[-1]) + 1
        return {
            "measure": measure,
            "edges": edges[first : last + 1].tolist(),
            "kept": stays[first:last].tolist(),
            "dropped": rule.values[first:last].tolist(),
        }


def _counts(measure: str, values: NDArray[Any]) -> NDArray[np.int64]:
    """How many values are in each class of a measure; those beyond its edges are in the outermost."""
    edges = _EDGES[measure]
    places = np.searchsorted(edges, values[np.isfinite(values)].astype(np.float32), side="right") - 1
    return np.bincount(np.clip(places, 0, len(edges) - 2), minlength=len(edges) - 1)

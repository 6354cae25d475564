"""The data card: what a corpus holds, as figures (`card.json`) and as a page in the layout of the Hugging Face hub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chatwright.corpus.collection.settings import CollectionSettings, SourceSettings
from chatwright.corpus.collection.summary import LENGTHS, histogram

CARD_FILE, CARD_PAGE = "card.json", "DATA_CARD.md"
SPLITS = ("train", "validation")
_SIZES = {  # by what the hub calls them, the number of rows that they are below
    "n<1K": 10**3,
    "1K<n<10K": 10**4,
    "10K<n<100K": 10**5,
    "100K<n<1M": 10**6,
    "1M<n<10M": 10**7,
    "10M<n<100M": 10**8,
    "100M<n<1B": 10**9,
}

Row = dict[str, Any]


class Tally:
    """Counts what is written, document by document."""

    def __init__(self, sources: Sequence[SourceSettings]) -> None:
        self.sources: dict[str, Row] = {
            source.name: {"documents": 0, "characters": 0, "licenses": {}, "weight": source.weight, "read": 0}
            for source in sources
        }
        self.documents, self.characters = Counter[str](), Counter[str]()  # by language
        self.splits = {split: Counter(documents=0, passages=0, characters=0) for split in SPLITS}
        self.lengths = np.zeros(len(LENGTHS) + 1, np.int64)

    def count(self, document: Row, passages: Sequence[Row]) -> None:
        """Count a document and the passages that are read of it, as often as they are read."""
        size, read = len(document["text"]), sum(len(passage["text"]) for passage in passages)
        source, license_ = self.sources[document["source"]], document["license"]
        source["documents"] += 1
        source["characters"] += size
        source["read"] += read
        source["licenses"][license_] = source["licenses"].get(license_, 0) + 1
        self.documents[document["language"]] += 1
        self.characters[document["language"]] += size
        self.lengths += histogram(np.array([size]))
        self.splits[passages[0]["split"]].update(documents=1, passages=len(passages), characters=read)

    def card(self, summaries: Mapping[str, Row]) -> Row:
        """All of it as JSON values; `summaries` are those of the stages, in order."""
        first = next(iter(summaries.values()))
        known = [summary["private"] for summary in summaries.values() if summary["private"] is not None]
        private = known[-1] if known else {}
        return {
            "found": {"documents": first["documents"], "bytes": first["bytes"]},
            "sources": self.sources,
            "documents_by_language": dict(self.documents.most_common()),
            "characters_by_language": dict(self.characters.most_common()),
            "documents_by_length": {"edges": LENGTHS, "counts": self.lengths.tolist()},
            "splits": {split: dict(counts) for split, counts in self.splits.items()},
            "dropped": {
                stage: {rule["rule"]: rule["count"] for rule in summary["rules"]}
                for stage, summary in summaries.items()
            },
            "private": {kind: told["count"] for kind, told in private.items()},
        }


def data_card(card: Row, settings: CollectionSettings, license_: str | None) -> str:
    """The card as Markdown; its head holds what the hub reads of a data set."""
    import yaml

    front = yaml.safe_dump(_head(card, license_), sort_keys=False, allow_unicode=True, width=100)
    documents = sum(split["documents"] for split in card["splits"].values())
    parts = [
        f"---\n{front}---\n",
        f"# A corpus of {_plain(', '.join(card['sources']))}\n",
        f"{documents:,} documents of {card['found']['documents']:,} that were found, as passages in "
        "`documents.parquet` (columns: id, text, title, kind, source, origin, split). "
        "What went, and why, is in `dropped.parquet`, a row a document.\n",
        "## Sources\n",
        _table(
            ("source", "files", "documents", "characters", "weight", "licences"),
            [
                (
                    source.name,
                    source.path,
                    f"{told['documents']:,}",
                    f"{told['characters']:,}",
                    f"{told['weight']:g}",
                    ", ".join(f"{name or 'unknown'} ({count:,})" for name, count in told["licenses"].items()),
                )
                for source in settings.sources
                for told in [card["sources"][source.name]]
            ],
        ),
        "A weight says how often a text is read in training. Texts keep the licences of their sources.\n",
        "## Splits\n",
        "By the hash of a document's id; no passage of a document for validation is read in training.\n",
        _table(
            ("split", "documents", "passages", "characters"),
            [(name, *(f"{value:,}" for value in split.values())) for name, split in card["splits"].items()],
        ),
        "## Languages\n",
        _table(
            ("language", "documents", "characters"),
            [
                (name or "unknown", f"{count:,}", f"{card['characters_by_language'][name]:,}")
                for name, count in card["documents_by_language"].items()
            ],
        ),
        "## Lengths\n",
        _table(("characters", "documents"), _lengths(**card["documents_by_length"])),
        "## What went\n",
        _table(
            ("stage", "rule", "documents"),
            [(stage, rule, f"{count:,}") for stage, rules in card["dropped"].items() for rule, count in rules.items()],
        ),
        "## Personal data\n",
        _private(card, settings),
    ]
    return "\n".join(parts)


def _head(card: Row, license_: str | None) -> Row:
    named = sorted({name for source in card["sources"].values() for name in source["licenses"] if name})
    passages = sum(split["passages"] for split in card["splits"].values())
    head: Row = {}
    if languages := [name for name in card["documents_by_language"] if name]:
        head["language"] = languages
    head["license"] = "other" if license_ or named else "unknown"
    if license_ or named:
        head["license_name"] = license_ or ", ".join(named)
    head["size_categories"] = [next((name for name, most in _SIZES.items() if passages < most), "n>1B")]
    head["task_categories"] = ["text-generation"]
    head["tags"] = ["chatwright"]
    head["configs"] = [{"config_name": "default", "data_files": "documents.parquet"}]
    return head


def _private(card: Row, settings: CollectionSettings) -> str:
    asked = ", ".join(settings.judge.private) or "nothing"
    counts = ", ".join(f"{kind} {count:,}" for kind, count in card["private"].items()) or "none was found"
    return (
        f"Looked for: {asked}. Replaced by placeholders like `<EMAIL>`, in the texts that stayed after deduplication: "
        f"{counts}. Names of people and streets are not looked for.\n"
    )


def _lengths(edges: Sequence[int], counts: Sequence[int]) -> list[tuple[str, str]]:
    names = [f"below {edges[0]:,}", *(f"from {edge:,}" for edge in edges)]
    return [(name, f"{count:,}") for name, count in zip(names, counts, strict=True) if count]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "None.\n"
    lines = ["| " + " | ".join(_plain(cell) for cell in row) + " |" for row in (heads, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(heads), *lines[1:]]) + "\n"


def _plain(text: str) -> str:
    """Text from outside, kept from being read as HTML, as a link or as the end of a cell."""
    for sign, spelt in (("&", "&amp;"), ("<", "&lt;"), ("[", "\\["), ("|", "\\|")):
        text = text.replace(sign, spelt)
    return " ".join(text.split())

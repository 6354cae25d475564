"""The corpus that a model reads: passages of what stayed, split by document; and what went, in one ledger."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chatwright.core.errors import DataError
from chatwright.core.files import replacing, write_json
from chatwright.core.progress import Progress
from chatwright.core.seeds import share
from chatwright.corpus.collection.parts import EXCERPT, dropped_file, part_numbers, read_cut, read_drops, read_parts
from chatwright.corpus.collection.settings import CollectionSettings
from chatwright.corpus.ledger import EXAMPLES
from chatwright.corpus.private.replace import replace_private
from chatwright.corpus.settings import TextSettings
from chatwright.corpus.tables import DOCUMENTS, DROPPED
from chatwright.corpus.texts import DOCUMENTS_FILE, passages

CARD_FILE = "card.json"
_LENGTHS = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)  # characters: edges of the card's histogram

Row = dict[str, Any]


def stage_figures(folder: Path) -> dict[str, Any]:
    """What a stage did: documents and characters that stayed, and how many went by which rule."""
    rules, documents, characters = Counter[str](), 0, 0
    for number in part_numbers(folder):
        rules.update(pq.read_table(dropped_file(folder, number), columns=["rule"])["rule"].to_pylist())
    for table in read_parts(folder):
        documents += len(table)
        if "text" in table.column_names:
            characters += pc.sum(pc.utf8_length(table["text"])).as_py() or 0
    figures = {"documents": documents, "characters": characters, "dropped": dict(rules.most_common())}
    lines = Counter(line["kind"] for part in read_cut([folder]) for line in part)
    return {**figures, "lines": dict(lines.most_common())} if lines else figures


def release(
    before: Path,
    stages: Sequence[Path],
    folder: Path,
    text: TextSettings,
    settings: CollectionSettings,
    progress: Progress,
) -> dict[str, Any]:
    """Write documents.parquet (passages), ledger.json, dropped.parquet and the data card; returns the figures.

    `stages` are the folders whose drops are told. Whole documents are for training or validation, so that no passage of
    one is foreseen from another.
    """
    weights = {source.name: source.weight for source in settings.sources}
    characters, count, left = Counter[str](), 0, list[Row]()
    numbers = part_numbers(before)
    shares = [share(name, 0, "split") for ids in read_parts(before, ["id"]) for name in ids["id"].to_pylist()]
    held_out = max(text.held_out, min(shares, default=0.0))  # where there are few, one at least
    with replacing(folder / DOCUMENTS_FILE) as aside, pq.ParquetWriter(aside, DOCUMENTS, compression="zstd") as writer:
        for at, table in enumerate(read_parts(before)):
            progress.update(at / max(1, len(numbers)), f"part {at + 1} of {len(numbers)}")
            documents = table.to_pylist()
            read = [_passages(document, text, weights, held_out) for document in documents]
            left += [_left(document) for document, rows in zip(documents, read, strict=True) if not rows]
            rows = [row for each in read for row in each]
            for row in rows:
                characters[row["split"]] += len(row["text"])
            count += len(rows)
            writer.write_table(pa.Table.from_pylist(rows, schema=DOCUMENTS))
    _demand(characters, text)
    entries = _ledger(stages, folder, left)
    write_json(folder / "ledger.json", entries)
    card = _card(before, settings)
    write_json(folder / CARD_FILE, card)
    dropped = defaultdict[str, dict[str, int]](dict)
    for entry in entries:
        dropped[entry["stage"]][entry["rule"]] = entry["count"]
    licenses = sorted({name for source in card["sources"].values() for name in source["licenses"]})
    return {
        "documents": count,
        "characters": characters["train"],
        "validation_characters": characters["validation"],
        "dropped": dict(dropped),
        "description": ", ".join(source.name for source in settings.sources),
        "license": text.license or (licenses[0] or None if len(licenses) == 1 else None),
        "sources": card["sources"],
    }


def _left(document: Row) -> Row:
    """What the ledger says of a document that is not read at all."""
    drop = dict.fromkeys(("value", "limit", "kept", "excerpt"), None) | {"why": "", "excerpt": ""}
    return _told({**document, **drop, "stage": "corpus", "rule": "left out by its source's weight"})


def _passages(document: Row, text: TextSettings, weights: dict[str, float], held_out: float) -> list[Row]:
    """The rows of one document, as often as its source's weight says; validation reads each once."""
    split = "validation" if share(document["id"], 0, "split") <= held_out else "train"
    weight = 1.0 if split == "validation" else weights[document["source"]]
    times = int(weight) + (share(document["id"], 0, "weight") < weight % 1)
    return [
        {
            "id": f"{document['id']}-{number}-{time}",
            "text": passage,
            "title": document["title"] or f"{document['origin']} {number + 1}",
            "kind": "passage",
            "source": document["source"],
            "origin": document["origin"],
            "split": split,
        }
        for number, passage in enumerate(passages(document["text"], text.passage_characters))
        for time in range(times)
    ]


def _demand(characters: Counter[str], text: TextSettings) -> None:
    total = sum(characters.values())
    if total < text.minimum_characters:
        raise DataError(
            f"{total:,} characters stayed, too few to learn a language from (the least: {text.minimum_characters:,})",
            where="collection",
            remedy="see why the others went: chatwright corpus report; give more text, or switch rules off in "
            "collection.judge.off",
        )
    if empty := [split for split in ("train", "validation") if not characters[split]]:
        raise DataError(
            f"no document is chosen for {' and '.join(empty)}",
            where="collection",
            remedy="give more documents, or set text.held_out to a larger share",
        )


def _ledger(stages: Sequence[Path], folder: Path, left: list[Row]) -> list[Row]:
    """The drops of all stages, lines too, and what is `left` as one table, and counted by rule with examples."""
    import pyarrow as pa

    entries: dict[tuple[str, str], Row] = {}
    tables = ([_told(drop) for drop in table.to_pylist()] for table in read_drops(stages))
    lines = ([_told_line(line) for line in part] for part in read_cut(stages))
    with replacing(folder / "dropped.parquet") as aside, pq.ParquetWriter(aside, DROPPED, compression="zstd") as writer:
        for rows in chain(tables, lines, [left]):
            for row in rows:
                blank = {"stage": row["stage"], "rule": row["rule"], "count": 0, "examples": []}
                entry = entries.setdefault((row["stage"], row["rule"]), blank)
                entry["count"] += 1
                if len(entry["examples"]) < EXAMPLES:
                    entry["examples"].append({"where": row["where"], "why": row["why"]})
            writer.write_table(pa.Table.from_pylist(rows, schema=DROPPED))
    return list(entries.values())


def _told(drop: Row) -> Row:
    """A drop in the columns of `DROPPED`: why it went in words."""
    measured = "" if drop["value"] is None else f"{drop['value']:.4g}, the limit is {drop['limit']:g}"
    kept = f"{drop['kept']} stays" if drop["kept"] else ""
    why = "; ".join(part for part in (drop["why"], measured, kept, drop["excerpt"][:80].replace("\n", " ")) if part)
    return {
        "stage": drop["stage"],
        "rule": drop["rule"],
        "where": f"{drop['origin']}: {drop['id']}",
        "why": why,
        "count": 1,
    }


def _told_line(line: Row) -> Row:
    """A line that went from a document that may have stayed."""
    return {
        "stage": "clean",
        "rule": f"line: {line['kind']}",
        "where": f"{line['origin']}: {line['id']}",
        "why": replace_private(line["line"].strip()[:EXCERPT])[0],
        "count": 1,
    }


def _card(before: Path, settings: CollectionSettings) -> dict[str, Any]:
    """What the corpus holds: by source, by language, by length."""
    sources: dict[str, dict[str, Any]] = {
        source.name: {"documents": 0, "characters": 0, "licenses": {}, "weight": source.weight}
        for source in settings.sources
    }
    languages, lengths = Counter[str](), [0] * (len(_LENGTHS) + 1)
    for table in read_parts(before, ["source", "text", "language", "license"]):
        for row in table.to_pylist():
            told, size = sources[row["source"]], len(row["text"])
            told["documents"] += 1
            told["characters"] += size
            told["licenses"][row["license"]] = told["licenses"].get(row["license"], 0) + 1
            languages[row["language"]] += size
            lengths[sum(size >= edge for edge in _LENGTHS)] += 1
    return {
        "sources": sources,
        "characters_by_language": dict(languages.most_common()),
        "documents_by_length": {"edges": _LENGTHS, "counts": lengths},
    }

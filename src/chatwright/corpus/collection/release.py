"""The corpus that a model reads: passages of what stayed, split by document; and what went, in one ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from chatwright.core.errors import DataError
from chatwright.core.files import replacing, write_json
from chatwright.core.progress import Progress
from chatwright.core.seeds import share
from chatwright.corpus.collection.card import CARD_FILE, CARD_PAGE, Tally, data_card
from chatwright.corpus.collection.parts import (
    EXCERPT,
    part_numbers,
    pieces,
    read_cut,
    read_drops,
    read_parts,
    read_piece_by_piece,
)
from chatwright.corpus.collection.samples import write_samples
from chatwright.corpus.collection.settings import CollectionSettings
from chatwright.corpus.collection.summary import read_summary
from chatwright.corpus.ledger import EXAMPLES
from chatwright.corpus.private.replace import replace_private
from chatwright.corpus.settings import TextSettings
from chatwright.corpus.tables import DOCUMENTS, DROPPED
from chatwright.corpus.texts import DOCUMENTS_FILE, passages

_READ = ["id", "source", "origin", "title", "language", "license", "text"]  # of a document
_ROWS = 2_000  # that are written at once
_LEFT_OUT = "left out by its source's weight"

Row = dict[str, Any]


def release(
    before: Path,
    stages: Sequence[Path],
    folder: Path,
    text: TextSettings,
    settings: CollectionSettings,
    progress: Progress,
) -> dict[str, Any]:
    """Write documents.parquet (passages), ledger.json, dropped.parquet, samples.json and the data card.

    Returns the figures. `stages` are the folders whose drops are told, in order; the first found the documents, the
    second made texts of them. Whole documents are for training or validation, so that no passage of
    one is foreseen from another.
    """
    weights = {source.name: source.weight for source in settings.sources}
    tally, left = Tally(settings.sources), 0
    numbers = part_numbers(before)
    shares = (share(name, 0, "split") for ids in read_parts(before, ["id"]) for name in ids["id"].to_pylist())
    held_out = max(text.held_out, min(shares, default=0.0))  # where there are few, one at least
    with replacing(folder / DOCUMENTS_FILE) as aside, pq.ParquetWriter(aside, DOCUMENTS, compression="zstd") as writer:
        for at, number in enumerate(numbers):
            progress.update(at / len(numbers), f"part {at + 1} of {len(numbers)}")
            for table in read_piece_by_piece(before, _READ, [number]):
                held = list[Row]()
                for document in table.to_pylist():
                    rows = _passages(document, text, weights, held_out)
                    if rows:
                        tally.count(document, rows)
                    else:
                        left += 1
                    held += rows
                while held:  # what is read many times makes many more rows than documents
                    writer.write_table(pa.Table.from_pylist(held[:_ROWS], schema=DOCUMENTS))
                    del held[:_ROWS]
    characters = {split: counts["characters"] for split, counts in tally.splits.items()}
    _demand(characters, text, folder.parent)
    entries = _ledger(stages, folder, _left_out(before, weights, held_out) if left else ())
    write_json(folder / "ledger.json", entries)
    write_samples(stages[1], before, folder)
    card, license_ = _write_card(
        tally, {stage.name: read_summary(stage) for stage in stages}, left, folder, text, settings
    )
    dropped = defaultdict[str, dict[str, int]](dict)
    for entry in entries:
        dropped[entry["stage"]][entry["rule"]] = entry["count"]
    return {
        "documents": sum(counts["passages"] for counts in tally.splits.values()),
        "documents_found": card["found"]["documents"],
        "documents_kept": sum(counts["documents"] for counts in tally.splits.values()),
        "characters": characters["train"],
        "validation_characters": characters["validation"],
        "dropped": dict(dropped),
        "description": ", ".join(source.name for source in settings.sources),
        "license": license_,
        "sources": card["sources"],
    }


def _write_card(
    tally: Tally,
    summaries: Mapping[str, Row],
    left: int,
    folder: Path,
    text: TextSettings,
    settings: CollectionSettings,
) -> tuple[Row, str | None]:
    """Write the data card both ways; returns it with the licence of all, None where there are several or none."""
    card = tally.card(summaries)
    if left:
        card["dropped"]["corpus"] = {_LEFT_OUT: left}
    licenses = sorted({name for source in card["sources"].values() for name in source["licenses"]})
    license_ = text.license or (licenses[0] or None if len(licenses) == 1 else None)
    write_json(folder / CARD_FILE, card)
    with replacing(folder / CARD_PAGE) as aside:
        aside.write_text(data_card(card, settings, license_), encoding="utf-8")
    return card, license_


def _left_out(before: Path, weights: Mapping[str, float], held_out: float) -> Iterator[list[Row]]:
    """What the ledger says of documents that are not read at all, part by part."""
    drop = dict.fromkeys(("value", "limit", "kept")) | {"why": "", "excerpt": "", "stage": "corpus", "rule": _LEFT_OUT}
    for table in read_parts(before, ["id", "source", "origin"]):
        yield [told_drop({**row, **drop}) for row in table.to_pylist() if not _times(row, weights, held_out)[1]]


def _times(document: Row, weights: Mapping[str, float], held_out: float) -> tuple[str, int]:
    """The split of a document, and how often it is read: validation reads each once."""
    split = "validation" if share(document["id"], 0, "split") <= held_out else "train"
    weight = 1.0 if split == "validation" else weights[document["source"]]
    return split, int(weight) + (share(document["id"], 0, "weight") < weight % 1)


def _passages(document: Row, text: TextSettings, weights: dict[str, float], held_out: float) -> list[Row]:
    """The rows of one document, as often as its source's weight says."""
    split, times = _times(document, weights, held_out)
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


def _demand(characters: Mapping[str, int], text: TextSettings, run: Path) -> None:
    total = sum(characters.values())
    if total < text.minimum_characters:
        raise DataError(
            f"{total:,} characters stayed, too few to learn a language from (the least: {text.minimum_characters:,})",
            where="collection",
            remedy=f"see why the others went: chatwright corpus report {run}; give more text, or switch rules off in "
            "collection.judge.off",
        )
    if empty := [split for split in ("train", "validation") if not characters[split]]:
        raise DataError(
            f"no document is chosen for {' and '.join(empty)}",
            where="collection",
            remedy="give more documents, or set text.held_out to a larger share",
        )


def _ledger(stages: Sequence[Path], folder: Path, left: Iterable[list[Row]]) -> list[Row]:
    """The drops of all stages, lines too, and what is `left` as one table, and counted by rule with examples."""
    entries: dict[tuple[str, str], Row] = {}
    tables = ([told_drop(drop) for drop in some.to_pylist()] for table in read_drops(stages) for some in pieces(table))
    lines = ([_told_line(line) for line in part] for part in read_cut(stages))
    with replacing(folder / "dropped.parquet") as aside, pq.ParquetWriter(aside, DROPPED, compression="zstd") as writer:
        for rows in chain(tables, lines, left):
            for row in rows:
                blank = {"stage": row["stage"], "rule": row["rule"], "count": 0, "examples": []}
                entry = entries.setdefault((row["stage"], row["rule"]), blank)
                entry["count"] += 1
                if len(entry["examples"]) < EXAMPLES:
                    entry["examples"].append({"where": row["where"], "why": row["why"]})
            writer.write_table(pa.Table.from_pylist(rows, schema=DROPPED))
    return list(entries.values())


def told_drop(drop: Row) -> Row:
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

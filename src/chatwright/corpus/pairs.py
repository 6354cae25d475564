"""Pairs of a source and its target (translations, texts with their summaries), from a folder of public data.

DATA/multi30k/train.en.gz … → clean → without empty and doubled ones → pairs.parquet
The data sets that are known stand in `pair_sets.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from chatwright.core.errors import DataError
from chatwright.core.files import write_json
from chatwright.core.progress import Progress
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.pair_sets import PAIR_SETS, SPLITS
from chatwright.corpus.pair_texts import build_pair_texts, texts_description, texts_files
from chatwright.corpus.preparation import Preparation
from chatwright.corpus.public import public_hashes
from chatwright.corpus.settings import PairSettings
from chatwright.corpus.tables import DROPPED, write_rows

PAIRS_FILE = "pairs.parquet"
PAIRS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),  # "train", "validation" or "test"
        pa.field("source", pa.string(), nullable=False),  # as the model reads it
        pa.field("target", pa.string(), nullable=False),  # as the model writes it
        pa.field("reference", pa.string(), nullable=False),  # the target as it was found
        pa.field("others", pa.list_(pa.string()), nullable=False),  # targets that are as right
    ]
)


def pairs_files(settings: PairSettings) -> dict[str, Sequence[str]]:
    """The files that are read, by data set, below the folder of public data."""
    return {settings.name: PAIR_SETS[settings.name].files(settings)} | texts_files(settings)


def pairs_identity(settings: PairSettings) -> dict[str, str]:
    """Hashes of the files that are read; those that are missing are a `UsageError`."""
    return public_hashes(settings.data, pairs_files(settings))


def preparation(settings: PairSettings) -> Preparation:
    """How both sides stand before the model."""
    return Preparation(
        source=settings.source, target=settings.target, tokenised=settings.tokenised, lower=settings.lower
    )


def build_pairs(folder: Path, settings: PairSettings, progress: Progress) -> dict[str, Any]:
    """Write pairs.parquet (and texts.parquet, see `pair_texts.py`), ledger.json and dropped.parquet; the figures.

    Left out are pairs with an empty side; from training also those it has already, and those whose source is
    asked in the test.
    """
    data_set, ledger = PAIR_SETS[settings.name], Ledger()
    found = list(data_set.read(Path(str(settings.data)), settings))
    prepare = preparation(settings)
    asked = {pair.source.strip() for pair in found if pair.split == "test"}
    rows, seen, held = list[dict[str, Any]](), set[tuple[str, str]](), set[str]()
    for number, (split, source, target, others) in enumerate(found):
        if number % 500 == 0:
            progress.update(number / len(found), f"{number:,} of {len(found):,} pairs")
        where = f"{split} {number}"
        source, reference = source.strip(), target.strip()
        if not source or not reference:
            reason = "one side is empty"
        elif split == "train":
            reason = _not_for_training(source, reference, seen, asked)
        else:
            reason = "held out already, with another target" if data_set.asked_once and source in held else ""
        if reason:
            ledger.note("collect", reason, where, source[:80])
            continue
        seen.add((source, reference))
        if split != "train":
            held.add(source)
        rows.append(
            {
                "id": where,
                "split": split,
                "source": prepare.read(source),
                "target": prepare.written(reference),
                "reference": reference,
                "others": [prepare.written(other.strip()) for other in others],
            }
        )
    counts = {split: sum(row["split"] == split for row in rows) for split in SPLITS}
    empty = [split for split, count in counts.items() if not count]
    if empty:
        raise DataError(f"no pair is left for {', '.join(empty)}", where=settings.name)
    write_rows(folder / PAIRS_FILE, PAIRS, rows)
    told = dict[str, int]()
    if settings.texts:
        asked_rows = [row for row in rows if row["split"] != "train"]
        held_out = [text for row in asked_rows for text in (row["source"], row["target"], *row["others"])]
        told["texts"] = build_pair_texts(folder, settings, held_out, ledger, progress)
    write_json(folder / "ledger.json", ledger.entries())
    write_rows(folder / "dropped.parquet", DROPPED, ledger.drops)
    return {
        **{f"{split}_pairs": count for split, count in counts.items()},
        **told,
        "dropped": len(found) - len(rows),
        "test_target_words": sum(len(row["target"].split()) for row in rows if row["split"] == "test"),
        "description": data_set.description.format(source=settings.source, target=settings.target)
        + texts_description(settings),
    }


def _not_for_training(source: str, target: str, seen: set[tuple[str, str]], asked: set[str]) -> str:
    """Why a training pair is not taken; empty if it is."""
    if (source, target) in seen:
        return "the same pair again"
    return "its source is asked in the test" if source in asked else ""

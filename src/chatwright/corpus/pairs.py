"""Pairs of a source and its target (translations, texts with their summaries), from a folder of public data.

DATA/multi30k/train.en.gz … → clean → without empty and doubled ones → pairs.parquet
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from chatwright.core.errors import DataError, UsageError
from chatwright.core.files import hash_file, write_json
from chatwright.core.progress import Progress
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.moses import Moses
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
    ]
)
_MULTI30K = {"train": "train", "validation": "val", "test": "test_2016_flickr"}


@dataclass(frozen=True)
class DataSet:
    """Where a data set's pairs lie: `files` below the folder of public data, `read` gives (split, source, target)."""

    files: Callable[[PairSettings], list[str]]
    read: Callable[[Path, PairSettings], Iterator[tuple[str, str, str]]]
    description: str


def _multi30k_files(settings: PairSettings) -> list[str]:
    return [f"multi30k/{name}.{side}.gz" for name in _MULTI30K.values() for side in (settings.source, settings.target)]


def _multi30k(folder: Path, settings: PairSettings) -> Iterator[tuple[str, str, str]]:
    for split, name in _MULTI30K.items():
        sides = [_lines(folder / "multi30k" / f"{name}.{side}.gz") for side in (settings.source, settings.target)]
        if len(sides[0]) != len(sides[1]):
            raise DataError(
                f"{len(sides[0])} lines of {settings.source}, {len(sides[1])} of {settings.target}",
                where=str(folder / "multi30k" / name),
                remedy="both files need the same number of lines, in the same order",
            )
        yield from ((split, source, target) for source, target in zip(*sides, strict=True))


def _lines(path: Path) -> list[str]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            return file.read().removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError, EOFError, zlib.error) as error:
        raise DataError(f"cannot be read: {error}", where=str(path)) from None


DATA_SETS = {"multi30k": DataSet(_multi30k_files, _multi30k, "Multi30k image captions")}


def pairs_identity(settings: PairSettings) -> dict[str, str]:
    """Hashes of the files that are read; `UsageError` says which are not there, and where they were looked for."""
    if settings.data is None:
        raise UsageError(
            f"the data set {settings.name!r} is read from a folder, and none is named",
            remedy="name the folder of public data sets: --data DIR, or the variable CHATWRIGHT_DATA",
        )
    folder, names = Path(settings.data), DATA_SETS[settings.name].files(settings)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"these files of {settings.name} are not there: {', '.join(missing)}",
            where=settings.data,
            remedy=f"name the folder that holds {missing[0]} with --data DIR or CHATWRIGHT_DATA",
        )
    return {name: hash_file(folder / name) for name in names}


def build_pairs(folder: Path, settings: PairSettings, progress: Progress) -> dict[str, Any]:
    """Write pairs.parquet, ledger.json and dropped.parquet; returns the figures.

    Validation and test keep every pair. Training leaves out pairs with an empty side, those it has already, and
    those whose source is asked in the test.
    """
    data_set, ledger = DATA_SETS[settings.name], Ledger()
    found = list(data_set.read(Path(str(settings.data)), settings))
    prepare = {side: Moses(side, lower=settings.lower) for side in (settings.source, settings.target)}
    asked = {source.strip() for split, source, _ in found if split == "test"}
    rows, seen = list[dict[str, str]](), set[tuple[str, str]]()
    for number, (split, source, target) in enumerate(found):
        if number % 500 == 0:
            progress.update(number / len(found), f"{number:,} of {len(found):,} pairs")
        where = f"{split} {number}"
        source, reference = source.strip(), target.strip()
        if split == "train":
            reason = _left_out(source, reference, seen, asked)
            if reason:
                ledger.note("collect", reason, where, source[:80])
                continue
        seen.add((source, reference))
        if settings.tokenised:
            source, target = prepare[settings.source].split(source), prepare[settings.target].split(reference)
        else:
            target = reference
        rows.append({"id": where, "split": split, "source": source, "target": target, "reference": reference})
    counts = {split: sum(row["split"] == split for row in rows) for split in _MULTI30K}
    empty = [split for split, count in counts.items() if not count]
    if empty:
        raise DataError(f"no pair is left for {', '.join(empty)}", where=settings.name)
    write_rows(folder / PAIRS_FILE, PAIRS, rows)
    write_json(folder / "ledger.json", ledger.entries())
    write_rows(folder / "dropped.parquet", DROPPED, ledger.drops)
    return {
        **{f"{split}_pairs": count for split, count in counts.items()},
        "dropped": len(found) - len(rows),
        "test_target_words": sum(len(row["target"].split()) for row in rows if row["split"] == "test"),
        "description": f"{data_set.description}, {settings.source} to {settings.target}",
    }


def _left_out(source: str, target: str, seen: set[tuple[str, str]], asked: set[str]) -> str:
    """Why a training pair is not taken; empty if it is."""
    if not source or not target:
        return "one side is empty"
    if (source, target) in seen:
        return "the same pair again"
    return "its source is asked in the test" if source in asked else ""

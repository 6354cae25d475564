"""Labelled texts of a public data set: cleaned of doubles, and told which of them are asked when.

DATA/cold-zh/train.csv.gz … → without empty and doubled ones → folds → labelled.parquet, plain.parquet
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from chatwright.core.errors import DataError
from chatwright.core.files import write_json
from chatwright.core.progress import Progress
from chatwright.corpus.label_sets import LABEL_SETS, Labelled, plain_texts
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.public import public_hashes
from chatwright.corpus.settings import LabelSettings
from chatwright.corpus.tables import DROPPED, write_rows

LABELLED_FILE, PLAIN_FILE = "labelled.parquet", "plain.parquet"
LABELLED = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("fold", pa.int64(), nullable=False),  # in which it is asked; -1: it is only learnt from
    ]
)
PLAIN = pa.schema([pa.field("text", pa.string(), nullable=False)])


def labels_files(settings: LabelSettings) -> dict[str, Sequence[str]]:
    """The files that are read, by data set, below the folder of public data."""
    data_set = LABEL_SETS[settings.name]
    return {settings.name: (*data_set.files, *data_set.plain)}


def labels_identity(settings: LabelSettings) -> dict[str, str]:
    """Hashes of the files that are read; those that are missing are a `UsageError`."""
    return public_hashes(settings.data, labels_files(settings))


def build_labels(folder: Path, settings: LabelSettings, progress: Progress) -> dict[str, Any]:
    """Write labelled.parquet, plain.parquet, ledger.json and dropped.parquet; returns the figures.

    Left out are empty texts, from training also those it has already or that are asked (whatever their label),
    and unlabelled texts that stand among the labelled.
    """
    data_set, ledger, data = LABEL_SETS[settings.name], Ledger(), Path(str(settings.data))
    progress.update(0.1, "reading")
    rows = labelled_rows(settings, ledger)
    dropped = len(ledger.drops)
    seen = {row["text"] for row in rows}
    plain = list[dict[str, str]]()
    for file in data_set.plain:
        for text in plain_texts(data / file):
            if text.strip() and text.strip() not in seen:
                seen.add(text.strip())
                plain.append({"text": text.strip()})
            else:
                ledger.note("deduplicate", "an unlabelled text that is empty or there already", file, text[:80])
    write_rows(folder / LABELLED_FILE, LABELLED, rows)
    write_rows(folder / PLAIN_FILE, PLAIN, plain)
    write_json(folder / "ledger.json", ledger.entries())
    write_rows(folder / "dropped.parquet", DROPPED, ledger.drops)
    return {
        "texts": len(rows),
        "plain_texts": len(plain),
        "labels": dict(sorted(Counter(row["label"] for row in rows).items())),
        "folds": max(row["fold"] for row in rows) + 1,
        "dropped": dropped,
        "description": data_set.description,
    }


def labelled_rows(settings: LabelSettings, ledger: Ledger) -> list[dict[str, Any]]:
    """The texts that are kept, as rows of `LABELLED`; the ledger notes the others."""
    data_set, data = LABEL_SETS[settings.name], Path(str(settings.data))
    found = [row for file in data_set.files for row in data_set.read(data / file)]
    kept = _distinct(found, ledger)
    labels = sorted({label for _, (_, _, label) in kept})
    if len(labels) < 2:
        raise DataError(f"needs texts of two labels at least, has {len(labels)}", where=settings.name)
    folds = _folds([row for _, row in kept], settings)
    return [
        {"id": f"{number}", "text": text, "label": label, "fold": fold}
        for (number, (_, text, label)), fold in zip(kept, folds, strict=True)
    ]


def _distinct(found: list[Labelled], ledger: Ledger) -> list[tuple[int, Labelled]]:
    asked = {text.strip() for split, text, _ in found if split == "test"}
    seen, kept = set[str](), list[tuple[int, Labelled]]()
    for number, (split, text, label) in enumerate(found):
        text = text.strip()
        if not text:
            reason = "the text is empty"
        elif split != "test" and text in asked:
            reason = "it is asked in the test"
        else:
            reason = "the same text again" if text in seen else ""
        if reason:
            ledger.note("deduplicate", reason, str(number), text[:80])
            continue
        seen.add(text)
        kept.append((number, (split, text, label)))
    return kept


def _folds(rows: list[Labelled], settings: LabelSettings) -> list[int]:
    """In which fold each text is asked: 0 or never by a published split, else one of several, labels spread evenly."""
    if any(split for split, _, _ in rows):
        return [0 if split == "test" else -1 for split, _, _ in rows]
    from sklearn.model_selection import StratifiedKFold

    labels = [label for _, _, label in rows]
    rarest = min(Counter(labels).values())
    if rarest < settings.folds:
        raise DataError(
            f"its rarest label has {rarest} texts, fewer than there are folds",
            where=settings.name,
            remedy="lower labels.folds",
        )
    folds = np.zeros(len(rows), dtype=np.int64)
    parts = StratifiedKFold(settings.folds, shuffle=True, random_state=0).split(labels, labels)
    for number, (_, asked) in enumerate(parts):
        folds[asked] = number
    return [int(fold) for fold in folds]

"""Scores on the clean subset of a task: the items that the training text does not hold.

As for GPT-3 (arXiv 2005.14165, appendix C) an item is met where the text shares a run of its words: 13 of them, or the
whole of a shorter item. What is shorter still proves nothing and counts as clean; how many are, is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from chatwright.core.errors import UsageError
from chatwright.core.seeds import derive_seed
from chatwright.corpus.collection.settings import ContaminationSettings
from chatwright.corpus.contamination import Asked, Holders
from chatwright.corpus.texts import DOCUMENTS_FILE
from chatwright.evaluate.outcome import Outcome
from chatwright.evaluate.settings import EvaluateSettings

_COLUMNS = ("text", "split")
_TOGETHER = 500  # passages

Items = Sequence[tuple[str, ...]]  # the texts of each item


def training_text(place: str) -> Iterator[str]:
    """The passages that a run's model was trained on; `UsageError` where there are none."""
    path = Path(place)
    path = path if path.is_file() else path / "corpus" / DOCUMENTS_FILE
    if not path.is_file() or path.suffix != ".parquet":
        raise UsageError(
            "there is no training text", where=f"{place}: {path}", remedy="name a run folder, or its documents.parquet"
        )
    try:
        there = pq.read_schema(path).names
    except (pa.ArrowException, OSError) as error:
        raise UsageError(
            f"this file cannot be read: {error}", where=str(path), remedy="name the documents.parquet of a run"
        ) from None
    if missing := set(_COLUMNS) - set(there):
        raise UsageError(
            f"this file has no {' and no '.join(sorted(missing))}",
            where=str(path),
            remedy="name the documents.parquet of a run",
        )
    return _passages(path)


def _passages(path: Path) -> Iterator[str]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(1_000, columns=list(_COLUMNS)):
            told = zip(batch["text"].to_pylist(), batch["split"].to_pylist(), strict=True)
            yield from (text for text, split in told if split == "train")


def met_items(
    tasks: Mapping[str, Items], passages: Iterable[str], settings: ContaminationSettings
) -> dict[str, NDArray[np.int8]]:
    """Of each task's N items, [N]: 1 where a passage shares a run with one of its texts, 0 where none does, -1 where
    all of them are too short to tell. The passages are looked at once."""
    limits = (settings.words, settings.least)
    every = [texts for items in tasks.values() for texts in items]
    asked, holders = Asked.of((text for texts in every for text in texts), *limits), Holders(every, *limits)
    found = np.full(len(every), -1, np.int8)
    found[sorted(holders.long_enough)] = 0
    rest = iter(passages)
    while some := list(islice(rest, _TOGETHER)):
        found[sorted(holders.items(asked.met(*some)))] = 1
    ends = np.cumsum([len(items) for items in tasks.values()])
    return dict(zip(tasks, np.split(found, ends[:-1]), strict=True))


def clean_scores(outcome: Outcome, met: NDArray[np.int8], settings: EvaluateSettings, seed: int) -> dict[str, Any]:
    """Counts, the numbers of the items that are `met`, and each figure without them (none where nothing is left)."""
    clean = met < 1
    told: dict[str, Any] = {
        "n": int(clean.sum()),
        "too_short_to_tell": int((met < 0).sum()),
        "met": np.flatnonzero(~clean).tolist(),
        "figures": {},
    }
    for name in outcome.items if clean.any() else ():
        interval = outcome.interval(name, clean, settings, derive_seed(seed, f"clean {name}"))
        told["figures"][name] = interval.figure(outcome.figures[name]["unit"])
    return told

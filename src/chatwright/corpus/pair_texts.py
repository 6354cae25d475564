"""Text beside the pairs' own: of other public data sets, for filling gaps where pairs are few.

DATA/cmrc2018/… and DATA/alpaca-zh/… → each text once → without what the pairs ask → texts.parquet
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from chatwright.core.progress import Progress
from chatwright.corpus.clean import text_key
from chatwright.corpus.collection.settings import ContaminationSettings
from chatwright.corpus.contamination import Asked
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.message_sets import MESSAGE_SETS
from chatwright.corpus.pair_sets import PAIR_SETS
from chatwright.corpus.settings import PairSettings
from chatwright.corpus.tables import read_rows, write_rows

TEXTS_FILE = "texts.parquet"
TEXTS = pa.schema([pa.field("source", pa.string(), nullable=False), pa.field("text", pa.string(), nullable=False)])
_TOGETHER = 500  # texts looked through at once; one by one only where these have met something


def texts_files(settings: PairSettings) -> dict[str, Sequence[str]]:
    """The files that are read for their text, by data set."""
    return {
        name: MESSAGE_SETS[name].files if name in MESSAGE_SETS else PAIR_SETS[name].files(settings)
        for name in settings.texts
    }


def build_pair_texts(
    folder: Path, settings: PairSettings, asked: Sequence[str], ledger: Ledger, progress: Progress
) -> int:
    """Write texts.parquet: every text once, none that shares a run of words with what is `asked`. How many."""
    limits = ContaminationSettings()
    held, seen, rows = Asked.of(asked, limits.words, limits.least), set[str](), list[dict[str, str]]()
    for name in settings.texts:
        progress.update(0.9, f"reading the text of {name}")
        found = []
        for text in _texts(name, settings):
            if (key := text_key(text)) not in seen:
                seen.add(key)
                found.append(text)
        for start in range(0, len(found), _TOGETHER):
            some = found[start : start + _TOGETHER]
            met = [text for text in some if held.met(text)] if held.met(*some) else []
            for text in met:
                ledger.note("decontaminate", "shares a run of words with a held-out pair", name, text[:80])
            rows += [{"source": name, "text": text} for text in some if text not in met]
    write_rows(folder / TEXTS_FILE, TEXTS, rows)
    return len(rows)


def texts_description(settings: PairSettings) -> str:
    """What a report says of them; nothing where the recipe names no texts."""
    told = [MESSAGE_SETS[n].description if n in MESSAGE_SETS else _pair_set(n, settings) for n in settings.texts]
    return f"; for vocabulary and gaps also the text of {', '.join(told)}" if told else ""


def _pair_set(name: str, settings: PairSettings) -> str:
    return PAIR_SETS[name].description.format(source=settings.source, target=settings.target)


def more_texts(pairs: Path) -> list[str]:
    """What `build_pair_texts` wrote into the corpus of pairs; nothing where the recipe names no texts."""
    path = pairs / TEXTS_FILE
    return [row["text"] for row in read_rows(path)] if path.exists() else []


def _texts(name: str, settings: PairSettings) -> Iterator[str]:
    """What is said in a data set: messages, or the lines of both sides of pairs."""
    folder = Path(str(settings.data))
    if name in MESSAGE_SETS:
        conversations = (turns for file in MESSAGE_SETS[name].files for turns in MESSAGE_SETS[name].read(folder / file))
        found = (turn["content"] for turns in conversations for turn in turns)
    else:
        pairs = PAIR_SETS[name].read(folder, settings)
        found = (line for pair in pairs for side in (pair.source, pair.target) for line in side.split("\n"))
    return (text for each in found if (text := each.strip()))

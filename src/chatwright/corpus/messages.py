"""Conversations of public data sets and of people's own files: cleaned of doubles, and split.

DATA/alpaca-en/… and FILE.jsonl … → without doubled ones → conversations.parquet
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from chatwright.core.errors import DataError, UsageError
from chatwright.core.files import hash_file, write_json
from chatwright.core.progress import Progress
from chatwright.core.seeds import share
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.message_sets import MESSAGE_SETS, Turns, lacks, read_conversations
from chatwright.corpus.public import public_hashes
from chatwright.corpus.settings import MessageSettings
from chatwright.corpus.tables import DROPPED, MESSAGE, write_rows

CONVERSATIONS_FILE = "conversations.parquet"
CONVERSATIONS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),  # "train", "validation" or "test"
        pa.field("messages", pa.list_(MESSAGE), nullable=False),
    ]
)


def messages_files(settings: MessageSettings) -> dict[str, Sequence[str]]:
    """The files that are read, by data set, below the folder of public data."""
    return {name: MESSAGE_SETS[name].files for name in settings.names}


def messages_identity(settings: MessageSettings) -> dict[str, str]:
    """Hashes of the files that are read; those that are missing are a `UsageError`."""
    if not settings.names and not settings.files:
        raise UsageError(
            "there are no conversations to read", remedy="name a data set in messages.names, or --file FILE"
        )
    found = public_hashes(settings.data, messages_files(settings))
    missing = [file for file in settings.files if not Path(file).is_file()]
    if missing:
        raise UsageError(f"there is no such file: {', '.join(missing)}", remedy="name a JSON or JSON Lines file")
    own = {f"{number} {Path(file).name}": hash_file(Path(file)) for number, file in enumerate(settings.files, 1)}
    return found | own


def build_messages(folder: Path, settings: MessageSettings, progress: Progress) -> dict[str, Any]:
    """Write conversations.parquet, ledger.json and dropped.parquet; returns the figures.

    A conversation that is there already is left out; so is one for training whose first message is asked in the
    test or the validation. The split follows from a hash of what a user says first.
    """
    ledger = Ledger()
    rows = conversation_rows(settings, ledger, progress)
    counts = Counter(row["split"] for row in rows)
    empty = [split for split in ("train", "validation", "test") if not counts[split]]
    if empty:
        raise DataError(
            f"no conversation is left for {', '.join(empty)}",
            where=", ".join((*settings.names, *settings.files)),
            remedy="give more conversations, or raise messages.held_out",
        )
    write_rows(folder / CONVERSATIONS_FILE, CONVERSATIONS, rows)
    write_json(folder / "ledger.json", ledger.entries())
    write_rows(folder / "dropped.parquet", DROPPED, ledger.drops)
    told = [MESSAGE_SETS[name].description for name in settings.names]
    told += [f"the file {Path(file).name}" for file in settings.files]
    return {
        **{f"{split}_conversations": counts[split] for split in ("train", "validation", "test")},
        "turns": sum(len(row["messages"]) for row in rows),
        "dropped": len(ledger.drops),
        "description": "conversations: " + "; ".join(told),
    }


def conversation_rows(settings: MessageSettings, ledger: Ledger, progress: Progress) -> list[dict[str, Any]]:
    """The conversations that are kept, as rows of `CONVERSATIONS`; the ledger notes the others."""
    rows, seen, found = list[dict[str, Any]](), set[tuple[str, ...]](), 0
    for source, number, turns in _found(settings):
        found += 1
        if found % 2000 == 0:
            progress.update(0.5, f"{found:,} conversations")
        where, key = f"{source} {number}", tuple(turn["content"].strip() for turn in turns)
        if reason := lacks(turns):
            ledger.note("read", reason, where, key[0][:80] if key else "")
            continue
        if key in seen:
            ledger.note("deduplicate", "the same conversation again", where, key[0][:80])
            continue
        seen.add(key)
        place = share(_key(source, number, turns), 0, "split")
        held = settings.held_out
        split = "test" if place < held else "validation" if place < 2 * held else "train"
        rows.append({"id": where, "source": source, "split": split, "messages": turns})
    return rows


def _key(source: str, number: int, turns: Turns) -> str:
    """What the split follows from: the first thing that a user says (a system message may stand before all).

    Of talks that stand in several languages, their number: all languages are on the same side.
    """
    if source in MESSAGE_SETS and MESSAGE_SETS[source].parallel:
        return f"{MESSAGE_SETS[source].parallel} {number}"
    return next(turn["content"].strip() for turn in turns if turn["role"] == "user")


def _found(settings: MessageSettings) -> Iterator[tuple[str, int, Turns]]:
    """Every conversation with where it comes from; no more than `settings.most` of one source."""
    for name in settings.names:
        data_set = MESSAGE_SETS[name]
        conversations = (turns for file in data_set.files for turns in data_set.read(Path(str(settings.data)) / file))
        yield from _first(name, conversations, settings.most)
    for file in settings.files:
        yield from _first(Path(file).name, read_conversations(Path(file)), settings.most)


def _first(source: str, conversations: Iterator[Turns], most: int | None) -> Iterator[tuple[str, int, Turns]]:
    for number, turns in enumerate(conversations, 1):
        if most is not None and number > most:
            return
        yield source, number, turns

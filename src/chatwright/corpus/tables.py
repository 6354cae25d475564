"""The tables that the corpus hands on, with their schemas.

documents.parquet   what the model reads
facts.parquet       what it should know, in the order in which facts are chosen
train.parquet, questions.parquet   conversations (`CONVERSATIONS`)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from chatwright.core.errors import ArtifactError
from chatwright.core.files import replacing

DOCUMENTS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),  # which collection
        pa.field("origin", pa.string(), nullable=False),  # where in it: a name or a relative path
        pa.field("split", pa.string(), nullable=False),  # "train" or "validation"
    ]
)

FACTS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("module", pa.string(), nullable=False),
        pa.field("summary", pa.string(), nullable=False),
        pa.field("signature", pa.string()),
        pa.field("body", pa.string()),  # the text after the summary
        pa.field("document", pa.string(), nullable=False),
        pa.field("rank", pa.int64(), nullable=False),  # 0 is asked first
        pa.field("split", pa.string(), nullable=False),  # "train" or "held-out"
    ]
)

DROPPED = pa.schema(
    [
        pa.field("stage", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("where", pa.string(), nullable=False),  # a name, a title or a relative path
        pa.field("why", pa.string(), nullable=False),
        pa.field("count", pa.int64(), nullable=False),
    ]
)

MESSAGE = pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())])

CONVERSATIONS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("task", pa.string(), nullable=False),
        pa.field("phrasing", pa.string(), nullable=False),
        pa.field("facts", pa.list_(pa.string()), nullable=False),
        pa.field("messages", pa.list_(MESSAGE), nullable=False),
        pa.field("baseline", pa.string()),  # what a trivial system would answer
    ]
)


@dataclass(frozen=True)
class Fact:
    """One row of facts.parquet."""

    id: str
    name: str
    kind: str
    module: str
    summary: str
    signature: str | None
    body: str | None
    document: str
    rank: int
    split: str


@dataclass(slots=True)
class Conversation:
    """One row of a conversation table; the turns alternate, the user's first, the answer last."""

    task: str
    phrasing: str
    facts: tuple[str, ...]
    turns: tuple[str, ...]
    baseline: str | None = None
    id: str = ""


def conversation_table(conversations: Sequence[Conversation]) -> pa.Table:
    """Conversations as a table of `CONVERSATIONS`, built by columns because there are many."""
    offsets = [0]
    roles: list[str] = []
    contents: list[str] = []
    for conversation in conversations:
        contents.extend(conversation.turns)
        roles.extend(["user", "assistant"] * (len(conversation.turns) // 2))
        offsets.append(len(contents))
    messages = pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()),
        pa.StructArray.from_arrays([pa.array(roles, pa.string()), pa.array(contents, pa.string())], fields=MESSAGE),
    )
    columns = [
        pa.array([row.id for row in conversations], pa.string()),
        pa.array([row.task for row in conversations], pa.string()),
        pa.array([row.phrasing for row in conversations], pa.string()),
        pa.array([list(row.facts) for row in conversations], pa.list_(pa.string())),
        messages,
        pa.array([row.baseline for row in conversations], pa.string()),
    ]
    return pa.Table.from_arrays(columns, schema=CONVERSATIONS)


def write_conversations(path: Path, rounds: Iterable[Sequence[Conversation]]) -> None:
    """Write conversations, one row group a round."""
    with replacing(path) as aside, pq.ParquetWriter(aside, CONVERSATIONS, compression="zstd") as writer:
        for conversations in rounds:
            if conversations:
                writer.write_table(conversation_table(conversations))


def write_rows(path: Path, schema: pa.Schema, rows: list[dict[str, Any]]) -> None:
    """Write dictionaries as a table of `schema`."""
    with replacing(path) as aside:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), aside, compression="zstd")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Every row of a table as a dictionary; `ArtifactError` when the file is missing or damaged."""
    try:
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(
            f"the table cannot be read: {error}", where=str(path), remedy="run the corpus stage again"
        ) from None
    return rows


def read_facts(path: Path) -> list[Fact]:
    """Every fact, first rank first."""
    return sorted((Fact(**row) for row in read_rows(path)), key=lambda fact: fact.rank)

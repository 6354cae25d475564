"""Conversations to learn from: public data sets and people's own files, in the formats of `exchanges.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatwright.core.errors import DataError
from chatwright.core.progress import Silent
from chatwright.corpus.exchanges import Messages, exchange_of, messages_of
from chatwright.corpus.public import read_lines, read_text
from chatwright.corpus.readers.found import Broken, Failed
from chatwright.corpus.readers.kinds import kind_of
from chatwright.corpus.readers.read import read_rows
from chatwright.corpus.readers.settings import Limits

Turns = Messages
_TURN_END = "__eou__"
_TOLD = 20  # mistakes of a file
_TABLES = ("csv", "tsv", "parquet")


@dataclass(frozen=True)
class MessageSet:
    """Where a data set's conversations lie below the folder of public data, and how a file is read."""

    files: tuple[str, ...]
    read: Callable[[Path], Iterator[Turns]]
    description: str
    parallel: str = ""  # sets of one such name hold the same talks in other languages, in the same order


def turns_of(row: Any) -> Turns:
    """The conversation of a row in any of the known formats; `DataError` says what it lacks.

    Of preferences it is the one with the answer that was chosen.
    """
    if not isinstance(row, Mapping):
        raise DataError("is no JSON object")
    try:
        exchange = exchange_of(row)
        return messages_of([*exchange.turns, *exchange.chosen])
    except Broken as problem:
        raise DataError(problem.why) from None


def lacks(turns: Turns) -> str:
    """Why nothing can be learnt from a conversation; empty if something can."""
    said = {turn["role"] for turn in turns if turn["content"].strip()}
    if "assistant" not in said:
        return "an assistant says nothing"
    return "" if "user" in said else "a user says nothing"


def read_conversations(path: Path) -> Iterator[Turns]:
    """The conversations of a JSON Lines file, of a JSON file that holds one list, or of a table (CSV, parquet).

    All rows that are no conversations are told together, at the end.
    """
    mistakes = []
    rows = _table_rows if kind_of(path.name)[1] in _TABLES else _json_rows
    for number, row in rows(path):
        try:
            yield turns_of(row)
        except DataError as error:
            mistakes.append(f"{number}: {error}")
    if mistakes:
        more = f"\n  … and {len(mistakes) - _TOLD} more" if len(mistakes) > _TOLD else ""
        raise DataError(
            f"{len(mistakes)} rows are no conversations:\n  " + "\n  ".join(mistakes[:_TOLD]) + more,
            where=str(path),
            remedy='write {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}',
        )


def _table_rows(path: Path) -> Iterator[tuple[str, Any]]:
    for row in read_rows(path, path.name, Limits(), Silent()):
        if isinstance(row, Failed):
            raise DataError(
                ": ".join(filter(None, (row.rule, row.why))), where=str(path), remedy="mend the file, or leave it out"
            )
        place = f"row {row.number}" if row.line is None else f"line {row.line}"
        yield place, None if isinstance(row.value, Broken) else row.value


def _json_rows(path: Path) -> Iterator[tuple[str, Any]]:
    if ".jsonl" not in path.name:
        try:
            rows = json.loads(read_text(path))
        except ValueError as error:
            raise DataError(
                f"is no JSON: {error}", where=str(path), remedy="name it .jsonl if each line is an object of its own"
            ) from None
        if not isinstance(rows, list):
            raise DataError("holds no list of conversations", where=str(path), remedy="write [{…}, {…}], or JSON Lines")
        yield from ((f"row {number}", row) for number, row in enumerate(rows, 1))
        return
    for number, line in enumerate(read_lines(path), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            yield f"line {number}", row


def alternating(said: list[str]) -> Turns:
    """What two people say in turn: the first as the user, the other as the assistant."""
    return [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(said)]


def _everyday(path: Path) -> Iterator[Turns]:
    """One dialogue a line, `__eou__` after each turn."""
    for line in read_lines(path):
        said = [part.strip() for part in line.split(_TURN_END) if part.strip()]
        if len(said) > 1:
            yield alternating(said)


def _service(path: Path) -> Iterator[Turns]:
    """Schema-guided dialogues: a user and the system that serves them."""
    for number, row in _json_rows(path):
        try:
            yield alternating([str(turn["utterance"]) for turn in row["turns"]])
        except (KeyError, TypeError):
            raise DataError("a dialogue needs turns with utterances", where=f"{path.name} {number}") from None


MESSAGE_SETS = {
    "alpaca-en": MessageSet(("alpaca-en/alpaca_data.jsonl.gz",), read_conversations, "Stanford Alpaca"),
    "alpaca-zh": MessageSet(("alpaca-zh/alpaca_zh.jsonl.gz",), read_conversations, "a Chinese Alpaca"),
    "dolly": MessageSet(
        ("dolly-nocontext/dolly_first6400_instruction_response.jsonl.gz",), read_conversations, "Dolly without contexts"
    ),
    "instruct-demo": MessageSet(
        ("instruct-demo/alpaca_en_demo.json", "instruct-demo/alpaca_zh_demo.json"),
        read_conversations,
        "a thousand English and a thousand Chinese instructions",
    ),
    "everyday-en": MessageSet(("xdailydialog/en_dev_human.txt",), _everyday, "XDailyDialog, English", "everyday"),
    "everyday-zh": MessageSet(("xdailydialog/zh_dev_human.txt",), _everyday, "XDailyDialog, Chinese", "everyday"),
    "everyday-de": MessageSet(("xdailydialog/de_dev_human.txt",), _everyday, "XDailyDialog, German", "everyday"),
    "service-en": MessageSet(("sgd-dialog/sgd_train_slice.jsonl.gz",), _service, "Schema-Guided Dialogue"),
}

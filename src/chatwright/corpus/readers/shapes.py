"""Rows that hold an instruction or a conversation: recognised by their columns, rendered as plain text.

Alpaca {"instruction", "input", "output"}, ShareGPT {"conversations": [{"from", "value"}]}, OpenAI
{"messages": [{"role", "content"}]}, preferences {"prompt", "chosen", "rejected"} (what was chosen is kept), and
plain pairs of a question and an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chatwright.corpus.readers.found import Broken

_TURNS = ("messages", "conversations", "conversation")
_INPUTS = ("input", "context")
_OUTPUTS = ("output", "response", "completion", "answer")
_PAIRS = (("question", "answer"), ("prompt", "completion"), ("prompt", "response"), ("query", "response"))
_NOT_SAID = frozenset({"system", "developer", "tool", "function", "observation", "function_call"})
_SPEAKER = re.compile(r"(?:^|\n\n)(?:Human|Assistant):[ ]?")  # how the hh-rlhf set writes its talks
SHAPE_COLUMNS = frozenset(
    {*_TURNS, *_INPUTS, *_OUTPUTS, "instruction", "chosen", "rejected", *(name for pair in _PAIRS for name in pair)}
)


def is_shape(row: Mapping[str, Any]) -> bool:
    """Whether the columns are those of an instruction, a conversation or a preference."""
    if any(isinstance(row.get(name), list) for name in _TURNS):
        return True
    if "instruction" in row and any(name in row for name in _OUTPUTS):
        return True
    return "chosen" in row and "rejected" in row


def is_pair(row: Mapping[str, Any]) -> bool:
    """Whether the columns are a question and an answer: told only of rows that have no text of their own."""
    return any(question in row and answer in row for question, answer in _PAIRS)


def rendered(row: Mapping[str, Any]) -> str:
    """What is said in a row, blank lines between; `Broken` where the row does not hold what its columns promise.

    >>> rendered({"instruction": "Add.", "input": "1 and 2", "output": "3"})
    'Add.\\n1 and 2\\n\\n3'
    """
    if "chosen" in row and "rejected" in row:
        return _chosen(row)
    for name in _TURNS:
        if isinstance(row.get(name), list):
            return _joined(_turns(row[name], name), name)
    if "instruction" in row and any(name in row for name in _OUTPUTS):
        asked = [_string(row, "instruction"), *(_string(row, name) for name in _INPUTS if row.get(name))]
        answer = _string(row, next(name for name in _OUTPUTS if name in row))
        return _pair("\n".join(part.strip() for part in asked if part.strip()), answer)
    question, answer = next((question, answer) for question, answer in _PAIRS if question in row and answer in row)
    return _pair(_string(row, question), _string(row, answer))


def _chosen(row: Mapping[str, Any]) -> str:
    asked: Any = next((row[name] for name in ("prompt", *_TURNS) if row.get(name)), [])
    before, after = _said(asked, "prompt"), _said(row["chosen"], "chosen")
    if after[: len(before)] == before:  # many sets repeat the prompt in what was chosen
        before = []
    return _joined([*before, *after], "chosen")


def _said(value: Any, name: str) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in _SPEAKER.split(value) if part.strip()]
    return _turns([value] if isinstance(value, dict) else value, name)


def _turns(value: Any, name: str) -> list[str]:
    if not isinstance(value, list):
        raise Broken("row holds no turns", f"{name} is {type(value).__name__}")
    said = []
    for turn in value:
        if not isinstance(turn, dict):
            raise Broken("turn is no object", f"in {name}: {type(turn).__name__}")
        role = str(turn.get("role", turn.get("from", turn.get("speaker", "")))).lower()
        if role in _NOT_SAID:
            continue
        content = next((turn[key] for key in ("content", "value", "text") if key in turn), None)
        if isinstance(content, list):  # parts; pictures and the like have no text
            content = "\n".join(str(part["text"]) for part in content if isinstance(part, dict) and "text" in part)
        if content is None:  # a call of a tool says nothing
            continue
        if not isinstance(content, str):
            raise Broken("turn without text", f"in {name}: {type(content).__name__}")
        if content.strip():
            said.append(content.strip())
    return said


def _joined(said: list[str], name: str) -> str:
    if not said:
        raise Broken("row has no text", f"nothing is said in {name}")
    return "\n\n".join(said)


def _string(row: Mapping[str, Any], name: str) -> str:
    value = row[name]
    if isinstance(value, bool | int | float):
        return str(value)
    if not isinstance(value, str):
        raise Broken("column is no text", f"{name} is {type(value).__name__}")
    return value


def _pair(question: str, answer: str) -> str:
    if not question.strip() or not answer.strip():
        raise Broken("row has no text", "question or answer is empty")
    return f"{question.strip()}\n\n{answer.strip()}"

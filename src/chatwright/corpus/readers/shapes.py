"""Rows that hold an instruction, a conversation or a preference, rendered as plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chatwright.corpus.exchanges import Format, Turn, exchange_of, is_pair, is_shape
from chatwright.corpus.readers.found import Broken

__all__ = ["is_pair", "is_shape", "rendered"]
_LEFT_OUT = frozenset(
    {"unknown role", "turn that says nothing", "turn with more than text"}
)  # faults of no weight here


def rendered(row: Mapping[str, Any]) -> str:
    """What is said in a row, blank lines between; `Broken` where the row does not hold what its columns promise.

    Of preferences, what was chosen is said. System messages and tools say nothing.

    >>> rendered({"instruction": "Add.", "input": "1 and 2", "output": "3"})
    'Add.\\n1 and 2\\n\\n3'
    """
    exchange = exchange_of(row)
    before, after = _said(exchange.turns), _said(exchange.chosen)
    if exchange.format is Format.PREFERENCE and not after:
        raise Broken("row has no text", "nothing is said in chosen")
    if not before and not after:
        raise Broken("row has no text", "nothing is said")
    if exchange.format in (Format.ALPACA, Format.COMPLETION) and len(before) < 2:
        raise Broken("row has no text", "question or answer is empty")
    return "\n\n".join([*before, *after])


def _said(turns: Sequence[Turn]) -> list[str]:
    said = []
    for turn in turns:
        if not turn.is_said:
            continue
        if turn.fault and turn.fault.rule not in _LEFT_OUT:
            raise turn.fault
        if text := "\n".join(part.strip() for part in turn.parts if part.strip()):
            said.append(text)
    return said

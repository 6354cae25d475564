"""What is wrong with one row of a data set that someone wants to train on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import ftfy

from chatwright.corpus.clean import looks_bad
from chatwright.corpus.exchanges import Exchange, Format, Messages, Turn, exchange_of, messages_of
from chatwright.corpus.readers.columns import as_text, text_column
from chatwright.corpus.readers.found import Broken, Row

TEXT = "text"  # the format of rows that hold a document
EMPTY_TURN, SAME_SPEAKER, ENDS_ASKING, BEGINS_ANSWERING, OTHER_QUESTION = (
    "empty turn",
    "two turns of one speaker in a row",
    "ends with the user",
    "begins with the assistant",
    "answers to different questions",
)
NULS, SURROGATES, REPLACED, MOJIBAKE, SPECIAL = (
    "NUL characters",
    "lone surrogates",
    "replacement characters",
    "text that was decoded wrongly",
    "special tokens in the text",
)
NO_ASSISTANT, NO_USER, NO_TEXT = "assistant never speaks", "user never speaks", "row has no text"
NO_CHOSEN, NO_REJECTED, EQUAL = "empty chosen", "empty rejected", "chosen equals rejected"
WARNINGS = frozenset({EMPTY_TURN, SAME_SPEAKER, ENDS_ASKING, BEGINS_ANSWERING, OTHER_QUESTION})
WARNINGS |= {NULS, SURROGATES, REPLACED, MOJIBAKE, SPECIAL}  # all else keeps a row from being used

_SURROGATE = re.compile("[\ud800-\udfff]")
# Control tokens of the templates in use: <|…|> (ChatML, Llama 3, ours; DeepSeek's are full-width), Llama 2's, Gemma's.
_SPECIAL = re.compile(
    r"<\|[a-zA-Z][\w-]*\|>|<｜[^<>｜]{1,40}｜>|\[/?INST\]|<</?SYS>>|</?(?:start|end)_of_turn>|\A\s*<s>|</s>\s*\Z"
)
_SHOWN, _BEFORE = 60, 20  # characters of what was found, and of what stands before it


@dataclass(frozen=True)
class Talk:
    """A conversation as it is learnt from: loss falls only on what the assistant says in `learnt`."""

    prompt: Messages
    learnt: Messages


@dataclass
class Checked:
    """A row that was looked at: what it is, its texts to learn from, and its problems, each kind to the details.

    `key` is equal for rows that say the same. `texts` is what would be learnt: a document or a conversation, of
    preferences two; nothing of a row that cannot be used.
    """

    row: Row
    format: str = ""
    label: bool | None = None
    key: Any = None
    texts: list[Talk | str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


def check_row(row: Row) -> Checked:
    """Look at one row."""
    checked = Checked(row)
    try:
        if isinstance(row.value, Broken):
            raise row.value
        if not isinstance(row.value, dict):
            raise Broken("row is no JSON object", f"it is {type(row.value).__name__}")
        column = text_column(row.value)
        if column is not None:
            _check_document(checked, as_text(row.value[column], column))
        else:
            _check_exchange(checked, exchange_of(row.value))
    except Broken as problem:
        checked.problems[problem.rule] = problem.why
    if row.nuls:
        checked.problems.setdefault(NULS, "NUL bytes in the file")
    return checked


def _check_document(checked: Checked, text: str) -> None:
    checked.format = TEXT
    _check_text(checked, [text])
    if not text.strip():
        checked.problems[NO_TEXT] = "the text is empty"
        return
    checked.texts, checked.key = [text], text.strip()


def _check_exchange(checked: Checked, exchange: Exchange) -> None:
    checked.format, checked.label = str(exchange.format), exchange.label
    before, chosen, rejected = exchange.turns, exchange.chosen, exchange.rejected
    _check_text(checked, [part for turn in (*before, *chosen, *rejected) for part in turn.parts])
    for fault in (turn.fault for turn in (*before, *chosen, *rejected) if turn.fault):
        checked.problems.setdefault(fault.rule, fault.why)
    sound = not any(turn.fault for turn in before)  # else it is not known who speaks
    if exchange.format is Format.PREFERENCE:
        _check_answers(checked, chosen, rejected)
        _check_order(checked, (*before, *chosen), "chosen: ")
        _check_order(checked, (*before, *rejected), "rejected: ")
    else:
        if sound and not _says(before, "assistant"):
            checked.problems[NO_ASSISTANT] = _spoken(before)
        _check_order(checked, before)
    if sound and not _says(before, "user"):
        checked.problems[NO_USER] = _spoken(before)
    checked.key = [[(turn.role, turn.text) for turn in part] for part in (before, chosen, rejected)] + [checked.label]
    if checked.problems.keys() <= WARNINGS:
        prompt = messages_of(before)
        answers = [messages_of(answer) for answer in (chosen, rejected) if answer]
        checked.texts = [Talk(prompt, answer) for answer in answers] or [Talk([], prompt)]


def _check_answers(checked: Checked, chosen: Sequence[Turn], rejected: Sequence[Turn]) -> None:
    empty = [not any(turn.text for turn in answer) for answer in (chosen, rejected)]
    if empty[0]:
        checked.problems[NO_CHOSEN] = _spoken(chosen)
    if empty[1]:
        checked.problems[NO_REJECTED] = _spoken(rejected)
    if not any(empty) and [turn.text for turn in chosen] == [turn.text for turn in rejected]:
        checked.problems[EQUAL] = _cut(chosen[-1].text)
    if not any(empty) and not (chosen[0].role == rejected[0].role == "assistant"):
        checked.problems[OTHER_QUESTION] = f"{_cut(chosen[0].text)!r} and {_cut(rejected[0].text)!r}"


def _check_order(checked: Checked, turns: Sequence[Turn], whose: str = "") -> None:
    """Who speaks when; turns of those who never say anything are told elsewhere."""
    for place, turn in enumerate(turns, 1):
        if not turn.text and not turn.fault and _says(turns, turn.role):
            checked.problems.setdefault(EMPTY_TURN, f"{whose}turn {place} of {len(turns)}, {turn.role}")
    said = [(place, turn.role) for place, turn in enumerate(turns, 1) if turn.role != "system"]
    for (_, one), (place, other) in pairwise(said):
        if one == other and one in ("user", "assistant"):
            checked.problems.setdefault(SAME_SPEAKER, f"{whose}turns {place - 1} and {place}, {other}")
    if said and said[0][1] == "assistant" and _says(turns, "user"):
        checked.problems.setdefault(BEGINS_ANSWERING, f"{whose}{_cut(turns[said[0][0] - 1].text)}")
    if said and said[-1][1] == "user" and _says(turns, "assistant"):
        checked.problems.setdefault(ENDS_ASKING, f"{whose}{_cut(turns[said[-1][0] - 1].text)}")


def _check_text(checked: Checked, parts: Sequence[str]) -> None:
    for kind, why in _found_in("\n".join(parts), parts):
        checked.problems.setdefault(kind, why)


def _found_in(text: str, parts: Sequence[str]) -> Iterator[tuple[str, str]]:
    if "\0" in text:
        yield NULS, f"{text.count(chr(0)):,} of them"
    if "<" in text or "[" in text:
        special = next((match.group().strip() for part in parts for match in _SPECIAL.finditer(part)), "")
        if special:
            yield SPECIAL, special
    if text.isascii():
        return
    if surrogates := _SURROGATE.findall(text):
        yield SURROGATES, f"\\u{ord(surrogates[0]):x}" + (f", {len(surrogates):,} of them" if surrogates[1:] else "")
    if "\ufffd" in text:
        yield REPLACED, f"U+FFFD, {text.count(chr(0xFFFD)):,} of them"
        text = text.replace("\ufffd", "")
    if looks_bad(text):
        for line in text.splitlines():
            if looks_bad(line) and (repaired := ftfy.fix_encoding(line)) != line:  # else it only looks like that
                differs = next((at for at, pair in enumerate(zip(line, repaired, strict=False)) if len({*pair}) > 1), 0)
                start = max(0, differs - _BEFORE)
                yield MOJIBAKE, f"{_cut(line[start:])} (repaired: {_cut(repaired[start:])})"
                return


def _says(turns: Sequence[Turn], role: str) -> bool:
    return any(turn.role == role and turn.text for turn in turns)


def _spoken(turns: Sequence[Turn]) -> str:
    """Who speaks, for telling who does not."""
    return "turns of " + ", ".join(turn.role or "nobody" for turn in turns[:6]) if turns else "there are no turns"


def _cut(text: str) -> str:
    line = " ".join(text[: 4 * _SHOWN].split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"

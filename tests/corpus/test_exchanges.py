from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatwright.core.progress import Silent
from chatwright.corpus.exchanges import Exchange, Format, exchange_of, is_pair, is_shape, messages_of
from chatwright.corpus.message_sets import turns_of
from chatwright.corpus.readers.found import Broken, Row
from chatwright.corpus.readers.read import read_rows
from chatwright.corpus.readers.settings import Limits
from chatwright.corpus.readers.shapes import rendered

SYSTEM, USER = {"role": "system", "content": "Be kind."}, {"role": "user", "content": "Why?"}
GOOD, BAD = {"role": "assistant", "content": "So."}, {"role": "assistant", "content": "No."}


def said(exchange: Exchange) -> list[list[tuple[str, str]]]:
    parts = (exchange.turns, exchange.chosen, exchange.rejected)
    return [[(turn.role, turn.text) for turn in part] for part in parts]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Why?", "chosen": "So.", "rejected": "No."},
        {"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]},
        {"prompt": "Why?", "chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"chosen": [USER, GOOD], "rejected": [USER, BAD], "score_chosen": 3},
        {"messages": [USER, GOOD], "prompt": "", "chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {
            "conversations": [{"from": "human", "value": "Why?"}],
            "chosen": {"from": "gpt", "value": "So."},
            "rejected": BAD,
        },
        {"chosen": "\n\nHuman: Why?\n\nAssistant: So.", "rejected": "\n\nHuman: Why?\n\nAssistant: No."},
        {"prompt": "\n\nHuman: Why?\n\nAssistant:", "chosen": " So.", "rejected": " No."},
        {"instruction": "Why?", "input": "", "chosen": "So.", "rejected": "No."},
        {"instruction": "Why?", "output_1": "No.", "output_2": "So.", "preference": 2},
        {"instruction": "Why?", "output_1": "So.", "output_2": "No.", "preference": 1.2},
    ],
)
def test_every_way_to_write_a_preference_gives_the_same(row: dict[str, Any]) -> None:
    if "messages" in row:  # there the whole talk stands before the answers, too
        row = {**row, "messages": [USER]}
    exchange = exchange_of(row)
    assert exchange.format is Format.PREFERENCE and is_shape(row)
    assert said(exchange) == [[("user", "Why?")], [("assistant", "So.")], [("assistant", "No.")]]
    assert turns_of(row)[0]["content"] == "Why?" and turns_of(row)[1]["content"].strip() == "So."
    assert rendered(row) == "Why?\n\nSo."


def test_a_system_message_in_both_answers_stands_before_them() -> None:
    row = {"prompt": "Why?", "chosen": [SYSTEM, USER, GOOD], "rejected": [SYSTEM, USER, BAD]}
    assert said(exchange_of(row))[0] == [("system", "Be kind."), ("user", "Why?")]
    assert said(exchange_of(row))[1:] == [[("assistant", "So.")], [("assistant", "No.")]]


def test_equal_answers_are_still_answers() -> None:
    assert said(exchange_of({"chosen": [USER, GOOD], "rejected": [USER, GOOD]}))[1] == [("assistant", "So.")]


@pytest.mark.parametrize("label", [True, False])
def test_labels_tell_which_answers_are_liked(label: bool) -> None:
    for row in (
        {"messages": [USER, GOOD]},
        {"prompt": [USER], "completion": [GOOD]},
        {"prompt": "Why?", "completion": "So."},
    ):
        for name in ("label", "kto_tag"):
            for value in (label, str(label)):  # tables hold text
                exchange = exchange_of({**row, name: value})
                assert exchange.label is label and said(exchange)[0] == [("user", "Why?"), ("assistant", "So.")]
    assert exchange_of({"prompt": "Why?", "completion": "So.", "label": 3}).label is None


@pytest.mark.parametrize(
    ("row", "rule", "told"),
    [
        ({"id": 1}, "unknown columns", "neither messages nor a question and its answer"),
        ({"messages": "Why?"}, "row holds no turns", "its messages are no list: text"),
        ({"prompt": "Why?", "chosen": "So."}, "missing column", "chosen without rejected"),
        ({"instruction": "Why?"}, "missing column", "instruction without output"),
        ({"output": "So."}, "missing column", "output without instruction"),
        ({"instruction": {"a": 1}, "output": "So."}, "column is no text", "instruction is no text: an object"),
        ({"instruction": "", "output_1": "", "output_2": "", "preference": 1.5}, "no answer is preferred", "1.5"),
        (
            {"instruction": "", "output_1": "", "output_2": "", "preference": "1"},
            "preference that is no number",
            "text",
        ),
    ],
)
def test_what_a_row_lacks_is_told_by_its_rule(row: dict[str, Any], rule: str, told: str) -> None:
    with pytest.raises(Broken) as caught:
        exchange_of(row)
    assert caught.value.rule == rule and told in caught.value.why


@pytest.mark.parametrize(
    ("turn", "rule"),
    [
        ({"role": "robot", "content": "x"}, "unknown role"),
        ({"role": "tool", "content": "x"}, "unknown role"),
        ({"role": "assistant", "content": None, "tool_calls": []}, "turn that says nothing"),
        (
            {"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "image_url"}]},
            "turn with more than text",
        ),
        ({"role": "user", "content": 3}, "turn without text"),
        ("x", "turn is no object"),
    ],
)
def test_a_turn_that_cannot_be_learnt_from_is_told_with_it(turn: Any, rule: str) -> None:
    turns = exchange_of({"messages": [USER, turn]}).turns
    assert turns[0].fault is None and turns[1].fault is not None and turns[1].fault.rule == rule
    with pytest.raises(Broken):
        messages_of(turns)


def test_parts_of_a_message_and_numbers_are_text() -> None:
    parts = {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
    assert messages_of(exchange_of({"messages": [parts]}).turns) == [{"role": "user", "content": "a\n\nb"}]
    assert turns_of({"question": "2 - 2?", "answer": 0})[1]["content"] == "0"


def test_a_talk_within_an_answer_stays_one_answer() -> None:
    output = "Human: Hi\n\nAssistant: Hello"
    assert turns_of({"instruction": "Write a talk.", "output": output})[1]["content"] == output


@pytest.mark.parametrize(
    ("file", "format", "rows"),
    [
        ("preference-demo/dpo_en_demo.json", Format.PREFERENCE, 300),
        ("preference-demo/dpo_zh_demo.json", Format.PREFERENCE, 300),
        ("preference-demo/kto_en_demo.json", Format.MESSAGES, 300),
        ("hh-rlhf-harmless/harmless_base_part.jsonl.gz", Format.PREFERENCE, 1845),
        ("instruct-demo/alpaca_zh_demo.json", Format.ALPACA, 1000),
    ],
)
def test_public_rows_are_recognised(data_folder: Path, file: str, format: Format, rows: int) -> None:
    read = list(read_rows(data_folder / file, file, Limits(), Silent()))
    exchanges = [exchange_of(row.value) for row in read if isinstance(row, Row)]
    assert len(exchanges) == len(read) == rows
    assert {exchange.format for exchange in exchanges} == {format}
    assert {exchange.label for exchange in exchanges} == ({True, False} if "kto" in file else {None})
    for exchange in exchanges:
        assert any(turn.role == "user" for turn in exchange.turns) and not any(turn.fault for turn in exchange.turns)
        if format is Format.PREFERENCE:
            assert exchange.chosen and exchange.rejected and exchange.turns[-1].role == "user"


def test_a_pair_is_no_shape() -> None:
    assert is_pair({"query": "a", "response": "b"}) and not is_shape({"query": "a", "response": "b"})

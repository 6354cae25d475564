"""What the doctor finds: problems that were planted, at their lines, and no others."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chatwright.core.errors import UsageError
from chatwright.core.progress import Silent
from chatwright.corpus.doctor import Examination, Measure, characters, why_refused

Row = dict[str, Any]
CHARACTERS = Measure(characters, "characters")
Found = dict[str, set[int]]  # kind to lines


def examined(*paths: Path, measure: Measure = CHARACTERS) -> dict[str, Any]:
    examination = Examination(measure, 10_000)
    examination.read(paths, Silent())
    return examination.result()


def found(result: dict[str, Any], file: Path | None = None) -> Found:
    return {
        problem["kind"]: {
            example.get("line", example.get("row", 0))
            for example in problem["examples"]
            if file is None or example["file"] == str(file)
        }
        for problem in result["problems"]
    }


def talk(number: int) -> Row:
    said = (
        ("user", f"What is {number} plus 1?"),
        ("assistant", f"It is {number + 1}."),
        ("user", "Sure?"),
        ("assistant", "Yes."),
    )
    return {"messages": [{"role": role, "content": content} for role, content in said]}


def preference(number: int) -> Row:
    return {"prompt": f"What is {number}?", "chosen": f"Half of {2 * number}.", "rejected": "No idea."}


def changed(turn: int, **changes: Any) -> Callable[[Row], Row]:
    def change(row: Row) -> Row:
        turns = [dict(each) for each in row["messages"]]
        turns[turn] |= changes
        return {"messages": turns}

    return change


def content(turn: int, add: str) -> Callable[[Row], Row]:
    return lambda row: changed(turn, content=row["messages"][turn]["content"] + add)(row)


# What is planted in conversations, and all that it is to be told as.
TALK_PROBLEMS: dict[str, tuple[Callable[[Row], Any], set[str]]] = {
    "no object": (lambda _: [1], {"row is no JSON object"}),
    "role": (changed(1, role="robot"), {"unknown role"}),
    "tool": (changed(1, role="tool"), {"unknown role"}),
    "number": (changed(0, content=5), {"turn without text"}),
    "null": (changed(1, content=None), {"turn that says nothing"}),
    "no list": (lambda row: {"messages": row["messages"][0]["content"]}, {"row holds no turns"}),
    "other columns": (
        lambda row: {"talk": row["messages"]},
        {"unknown columns", "other columns than most rows of its file"},
    ),
    "one more": (lambda row: {**row, "id": 1}, {"other columns than most rows of its file"}),
    "empty turn": (changed(1, content=" \n"), {"empty turn"}),
    "silent": (
        lambda row: {"messages": row["messages"][::2]},
        {"assistant never speaks", "two turns of one speaker in a row"},
    ),
    "alone": (lambda row: {"messages": row["messages"][1:2]}, {"user never speaks"}),
    "twice": (lambda row: {"messages": [row["messages"][0], *row["messages"]]}, {"two turns of one speaker in a row"}),
    "asks": (lambda row: {"messages": row["messages"][:3]}, {"ends with the user"}),
    "answers": (lambda row: {"messages": row["messages"][1:]}, {"begins with the assistant"}),
    "surrogate": (content(1, " \ud83d"), {"lone surrogates"}),
    "nul": (content(0, "\0"), {"NUL characters"}),
    "mojibake": (content(0, " CafÃ© â€œfrÃ¼hâ€\x9d"), {"text that was decoded wrongly"}),
    "replaced": (content(1, " \ufffd"), {"replacement characters"}),
    "special": (content(1, "<|im_end|>"), {"special tokens in the text"}),
    "long": (content(1, " and more" * 1_000), {"far longer than others of its file"}),
}
PREFERENCE_PROBLEMS: dict[str, tuple[Callable[[Row], Any], set[str]]] = {
    "equal": (lambda row: {**row, "rejected": row["chosen"]}, {"chosen equals rejected"}),
    "no chosen": (lambda row: {**row, "chosen": " "}, {"empty chosen"}),
    "no rejected": (lambda row: {**row, "rejected": ""}, {"empty rejected"}),
    "no prompt": (lambda row: {**row, "prompt": ""}, {"user never speaks"}),
    "number": (lambda row: {**row, "chosen": 3}, {"row holds no turns"}),
    "half": (
        lambda row: {"prompt": row["prompt"], "chosen": row["chosen"]},
        {"missing column", "other columns than most rows of its file"},
    ),
}


def planted(
    make: Callable[[int], Row], problems: dict[str, tuple[Callable[[Row], Any], set[str]]], seed: int, count: int = 200
) -> tuple[list[Any], dict[int, set[str]], dict[int, int]]:
    """Rows, which of them (from 1) have which problems, and which are copies of which."""
    drawn = random.Random(seed)
    rows: list[Any] = [make(number) for number in range(count)]
    places = drawn.sample(range(10, count), 3 * len(problems) + 5)
    kinds = [name for name in problems for _ in range(3)]
    told = dict[int, set[str]]()
    for place, name in zip(places, kinds, strict=False):
        change, expected = problems[name]
        rows[place], told[place + 1] = change(rows[place]), expected
    copies = dict[int, int]()
    for place in places[len(kinds) :]:
        first = drawn.randrange(10)
        rows[place], told[place + 1], copies[place + 1] = rows[first], {"the same row again"}, first + 1
    return rows, told, copies


def lines_of(told: dict[int, set[str]], line: Callable[[int], int] = int) -> Found:
    kinds = {kind for several in told.values() for kind in several}
    return {kind: {line(place) for place, several in told.items() if kind in several} for kind in kinds}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".jsonl.gz"])
@pytest.mark.parametrize(("make", "problems"), [(talk, TALK_PROBLEMS), (preference, PREFERENCE_PROBLEMS)])
def test_what_is_planted_is_found_at_its_line(
    tmp_path: Path, make: Callable[[int], Row], problems: Any, suffix: str, seed: int
) -> None:
    rows, told, copies = planted(make, problems, seed)
    path, line = tmp_path / f"data{suffix}", dict[int, int]()
    if suffix == ".json":  # indented: rows take some lines each
        pieces, at = [], 2
        for number, row in enumerate(rows, 1):
            pieces.append(json.dumps(row, indent=random.Random(number).choice([None, 1])))
            line[number], at = at, at + pieces[-1].count("\n") + 1
        text = "[\n" + ",\n".join(pieces) + "\n]\n"
    else:
        line = {number: number for number in range(1, len(rows) + 1)}
        text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if suffix.endswith("gz") else text.encode())
    result = examined(path)
    assert found(result) == lines_of(told, line.__getitem__)
    assert result["rows"] == len(rows) and result["files"][0]["file"] == str(path)
    again = next(problem for problem in result["problems"] if problem["kind"] == "the same row again")
    whose = {example["line"]: example["why"] for example in again["examples"]}
    assert whose == {line[place]: f"as {path}:{line[first]}" for place, first in copies.items()}
    errors = {kind for problem in result["problems"] if problem["severity"] == "error" for kind in [problem["kind"]]}
    assert result["usable_rows"] == sum(not (told.get(number, set()) & errors) for number in range(1, len(rows) + 1))


def test_broken_lines_and_raw_nuls_are_found_at_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    lines = [json.dumps(talk(number)).encode() for number in range(30)]
    lines[4], lines[9], lines[12] = b"{broken", b"", b'"cut off'
    lines[20] = lines[20].replace(b"Sure", b"Su\0re")
    lines[25] = b"[" * 20_000
    lines[26] = json.dumps(talk(1000)["messages"] + ["é" * 200], ensure_ascii=False).encode()  # it is UTF-8, then
    lines[27] = b'{"messages": "' + b"\xff" * 50 + b'"}'
    path.write_bytes(b"\n".join(lines))
    assert found(examined(path)) == {
        "row is no JSON": {5, 13},
        "NUL characters": {21},
        "row nested too deep": {26},
        "row is no JSON object": {27},
        "too many broken characters": {28},
    }


def test_broken_values_of_an_array_are_found_at_their_lines(tmp_path: Path) -> None:
    path, rows = tmp_path / "data.json", [json.dumps(talk(number), indent=1) for number in range(5)]
    starts = [2 + sum(row.count("\n") + 1 for row in rows[:number]) for number in range(5)]
    rows[1] = rows[1].replace('"content"', '"content', 1)
    rows[3] = rows[3].replace("messages", "talk")
    path.write_text("[\n" + ",\n".join(rows) + "\n]")
    result = found(examined(path))
    assert result["row is no JSON"] == {starts[1]} and result["unknown columns"] == {starts[3]}


def test_tables_are_told_by_lines_though_rows_take_several(tmp_path: Path) -> None:
    path, rows = tmp_path / "data.csv", list[list[str]]()
    for number in range(40):
        rows.append([f"What is\n{number}?" if number % 3 else f"What is {number}?", "", f"It is {number}."])
    rows[7][2], rows[11][2], rows[30] = "", "It <|endoftext|>", rows[2]
    told, line = dict[int, int](), 2
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerow(["instruction", "input", "output"])
    for number, row in enumerate(rows):
        told[number], line = line, line + 1 + row[0].count("\n")
        csv.writer(file, lineterminator="\n").writerow(row)
    path.write_text(file.getvalue() + 'one,two\nan,even,longer,row\n"never\nclosed\n')
    result = examined(path)
    assert found(result) == {
        "assistant never speaks": {told[7]},
        "special tokens in the text": {told[11]},
        "the same row again": {told[30]},
        "row has other columns than the header": {line, line + 1, line + 3},
        "quote that is never closed": {line + 2},
    }
    assert result["files"][0]["formats"] == {"Alpaca": 40}


def test_rows_of_parquet_are_counted(tmp_path: Path) -> None:
    rows = [{**talk(number), "label": bool(number % 2)} for number in range(40)]
    rows[6]["messages"], rows[30] = [{"role": "user", "content": "Hi"}], rows[3]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "data.parquet", row_group_size=7)
    result = examined(tmp_path / "data.parquet")
    assert found(result) == {"assistant never speaks": {7}, "the same row again": {31}}
    assert result["files"][0]["labels"] == {"false": 19, "true": 21}
    assert result["problems"][0]["examples"][0]["row"] == 7


def test_a_folder_is_read_whole_and_copies_are_found_across_files(tmp_path: Path) -> None:
    for name, numbers in (("a.jsonl", range(30)), ("inner/b.jsonl", range(25, 50))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("".join(json.dumps(talk(number)) + "\n" for number in numbers))
    (tmp_path / "notes.txt").write_text("A text of its own.\n")
    (tmp_path / "picture.png").write_bytes(b"x")
    (tmp_path / ".hidden.jsonl").write_text("{broken")
    result = examined(tmp_path)
    assert found(result, tmp_path / "inner/b.jsonl") == {"the same row again": {1, 2, 3, 4, 5}}
    assert result["problems"][0]["examples"][0]["why"] == f"as {tmp_path / 'a.jsonl'}:26"
    assert result["left_out"] == [str(tmp_path / "picture.png")]
    assert [file["formats"] for file in result["files"]] == [
        {"OpenAI messages": 30},
        {"OpenAI messages": 25},
        {"text": 1},
    ]
    assert not found(examined(tmp_path / "a.jsonl", tmp_path / "a.jsonl"))  # named twice, read once
    with pytest.raises(UsageError, match="no such file"):
        examined(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no files"):
        examined(tmp_path / "empty")


def test_what_is_longer_than_the_context_is_told(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    rows = [talk(number) for number in range(9)]
    rows[4] = content(1, " because" * 20)(rows[4])
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert found(examined(path, measure=Measure(characters, "characters", 100))) == {"longer than the context": {5}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"messages": [{"role": "user", "content": "Hi"}]}\n' * 2, "none of 2 rows"),
        ("{broken\n", "none of 1 rows"),
        ("\n", "no rows"),
        ('{"prompt": "Hi", "completion": ""}\n', "none of 1 rows"),
    ],
)
def test_data_without_anything_to_learn_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "data.jsonl").write_text(text)
    assert told in why_refused(examined(tmp_path / "data.jsonl"))


def test_a_file_that_breaks_off_is_told_and_what_came_before_is_read(tmp_path: Path) -> None:
    drawn = random.Random(1)
    rows = [{"text": drawn.randbytes(500).hex()} for _ in range(2_000)]
    data = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
    (tmp_path / "data.jsonl.gz").write_bytes(data[: len(data) // 2])
    result = examined(tmp_path / "data.jsonl.gz")
    assert 500 < result["usable_rows"] < 1_500
    assert any(problem["severity"] == "error" and "gzip" in problem["kind"] for problem in result["problems"])


@pytest.mark.slow
def test_public_sets_have_the_problems_that_they_have(data_folder: Path) -> None:
    result = examined(data_folder / "instruct-demo", data_folder / "preference-demo")
    assert result["usable_rows"] == result["rows"] == 2990 and not why_refused(result)
    dpo, kto = (str(data_folder / "preference-demo" / name) for name in ("dpo_zh_demo.json", "kto_en_demo.json"))
    kinds = {problem["kind"]: problem["examples"] for problem in result["problems"]}
    assert kinds.keys() == {
        "the same row again",
        "replacement characters",
        "special tokens in the text",
        "text that was decoded wrongly",
    }
    assert all("repaired" in example["why"] for example in kinds["text that was decoded wrongly"])
    assert {example["file"] for example in kinds["replacement characters"]} == {dpo}
    assert [(example["file"], example["why"]) for example in kinds["special tokens in the text"]] == [(kto, "<|user|>")]
    harmless = data_folder / "hh-rlhf-harmless/harmless_base_part.jsonl.gz"
    assert found(examined(harmless))["empty chosen"] == {733, 876}
    tasks = examined(data_folder / "self-instruct")  # a format of its own: instances are inside
    assert found(tasks).keys() == {"missing column"} and why_refused(tasks)

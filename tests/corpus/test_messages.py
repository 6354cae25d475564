from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chatwright.core.errors import DataError, UsageError
from chatwright.core.files import read_json
from chatwright.core.progress import Silent
from chatwright.corpus.message_sets import MESSAGE_SETS, alternating, lacks, read_conversations, turns_of
from chatwright.corpus.messages import build_messages, messages_identity
from chatwright.corpus.settings import MessageSettings
from chatwright.corpus.tables import read_rows

ASKED, ANSWERED = {"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [ASKED, ANSWERED]},
        {"conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "Because."}]},
        {"instruction": "Why?", "input": "", "output": "Because."},
        {"instruction": "Why?", "response": "Because."},
        {"prompt": "Why?", "completion": "Because."},
    ],
)
def test_every_known_format_gives_the_same_conversation(row: object) -> None:
    assert turns_of(row) == [ASKED, ANSWERED]


def test_an_instruction_stands_before_its_input() -> None:
    assert turns_of({"instruction": "Add.", "input": "1 2", "output": "3"})[0]["content"] == "Add.\n\n1 2"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ([], "no JSON object"),
        ({"text": "x"}, "neither messages nor a question"),
        ({"messages": {"role": "user"}}, "no list"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "'robot' is not one of"),
        ({"messages": [{"role": "user", "content": 3}]}, "no text as its content"),
    ],
)
def test_what_a_row_lacks_is_told(row: object, told: str) -> None:
    with pytest.raises(DataError, match=told):
        turns_of(row)


def test_what_nothing_can_be_learnt_from_is_known() -> None:
    assert not lacks([ASKED, ANSWERED])
    assert lacks([ASKED]) == lacks([ASKED, {"role": "assistant", "content": "  "}]) == "an assistant says nothing"
    assert lacks([ANSWERED]) == "a user says nothing"


def test_all_broken_lines_are_told_with_their_numbers(tmp_path: Path) -> None:
    file = tmp_path / "talks.jsonl"
    file.write_text(json.dumps({"messages": [ASKED, ANSWERED]}) + "\n\n{broken\n" + '{"text": 1}\n' * 30)
    with pytest.raises(DataError, match=r"31 rows are no conversations:\n.*line 3: (?s:.)*line 4: (?s:.)*and 11 more"):
        list(read_conversations(file))
    (tmp_path / "talks.json").write_text("[1]")
    with pytest.raises(DataError, match="row 1"):
        list(read_conversations(tmp_path / "talks.json"))


def talks(folder: Path, count: int = 60) -> Path:
    file = folder / "talks.jsonl"
    rows = [{"instruction": f"What is {at} plus 1?", "output": str(at + 1)} for at in range(count)]
    file.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]))
    return file


def test_conversations_are_split_by_their_first_message_and_doubled_ones_left_out(tmp_path: Path) -> None:
    settings = MessageSettings(files=(str(talks(tmp_path)),), held_out=0.2)
    figures = build_messages(tmp_path, settings, Silent())
    rows = read_rows(tmp_path / "conversations.parquet")
    assert len(rows) == 60 and figures["dropped"] == 1
    assert {row["split"] for row in rows} == {"train", "validation", "test"}
    assert read_json(tmp_path / "ledger.json")[0]["rule"] == "the same conversation again"
    few = build_messages(tmp_path, settings.model_copy(update={"most": 40}), Silent())
    assert few["turns"] == 80
    with pytest.raises(DataError, match="no conversation is left for"):
        build_messages(tmp_path, settings.model_copy(update={"most": 1}), Silent())


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--file FILE"):
        messages_identity(MessageSettings())
    with pytest.raises(UsageError, match="no such file"):
        messages_identity(MessageSettings(files=(str(tmp_path / "none.jsonl"),)))
    with pytest.raises(UsageError, match="CHATWRIGHT_DATA"):
        messages_identity(MessageSettings(names=("dolly",)))


def test_talks_of_two_people_alternate(tmp_path: Path) -> None:
    assert [turn["role"] for turn in alternating(["a", "b", "c"])] == ["user", "assistant", "user"]
    everyday = tmp_path / "en.txt"
    everyday.write_text("Hi . __eou__ Hello ! __eou__\nalone __eou__\n")
    assert list(MESSAGE_SETS["everyday-en"].read(everyday)) == [alternating(["Hi .", "Hello !"])]
    service = tmp_path / "s.jsonl.gz"
    row = {"turns": [{"speaker": "USER", "utterance": "A table."}, {"speaker": "SYSTEM", "utterance": "Where?"}]}
    service.write_bytes(gzip.compress((json.dumps(row) + "\n").encode()))
    assert list(MESSAGE_SETS["service-en"].read(service)) == [alternating(["A table.", "Where?"])]
    service.write_bytes(gzip.compress(b'{"turns": 3}\n'))
    with pytest.raises(DataError, match="line 1"):
        list(MESSAGE_SETS["service-en"].read(service))


@pytest.mark.parametrize("name", MESSAGE_SETS)
def test_the_public_sets_are_read(data_folder: Path, name: str) -> None:
    for file in MESSAGE_SETS[name].files:
        conversations = list(MESSAGE_SETS[name].read(data_folder / file))
        assert len(conversations) > 300
        assert all(turns[0]["role"] == "user" for turns in conversations)
        assert sum(not lacks(turns) for turns in conversations) > 0.99 * len(conversations)


def test_a_constant_system_message_does_not_decide_the_split(tmp_path: Path) -> None:
    file = tmp_path / "talks.jsonl"
    system = {"role": "system", "content": "Be kind."}
    rows = [{"messages": [system, {"role": "user", "content": f"What is {at}?"}, ANSWERED]} for at in range(100)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    build_messages(tmp_path, MessageSettings(files=(str(file),), held_out=0.1), Silent())
    splits = [row["split"] for row in read_rows(tmp_path / "conversations.parquet")]
    assert {"train", "validation", "test"} == set(splits) and splits.count("train") > 60


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    files = tuple(str(talks(tmp_path / name, count)) for name, count in (("a", 60), ("b", 70)))
    identity = messages_identity(MessageSettings(files=files))
    assert len(identity) == len(set(identity.values())) == 2


def test_what_is_no_text_is_no_answer_and_broken_characters_are_replaced() -> None:
    assert lacks(turns_of({"instruction": "x", "output": None})) == "an assistant says nothing"
    with pytest.raises(DataError, match="output is no text"):
        turns_of({"instruction": "x", "output": [1]})
    assert turns_of({"instruction": "x", "context": "y", "response": "cut \ud83d"})[1]["content"].startswith("cut ")
    turns_of({"instruction": "x", "response": "cut \ud83d"})[1]["content"].encode()
    assert turns_of({"instruction": "x", "context": "y", "response": "z"})[0]["content"] == "x\n\ny"


def test_one_answer_is_no_choice() -> None:
    with pytest.raises(ValueError, match="no choice"):
        MessageSettings(choices=1)


def test_a_talk_is_on_the_same_side_in_all_languages(data_folder: Path, tmp_path: Path) -> None:
    settings = MessageSettings(
        names=("everyday-en", "everyday-zh", "everyday-de"), data=str(data_folder), held_out=0.08
    )
    build_messages(tmp_path, settings, Silent())
    splits: dict[str, set[str]] = {}
    for row in read_rows(tmp_path / "conversations.parquet"):
        splits.setdefault(row["id"].split()[-1], set()).add(row["split"])
    assert len(splits) > 900 and all(len(found) == 1 for found in splits.values())


@pytest.mark.parametrize(("text", "told"), [('{"data": []}', "no list of conversations"), ('{"a": 1}\n{}', r"\.jsonl")])
def test_a_json_file_that_is_no_list_is_told_with_its_name(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "talks.json").write_text(text)
    with pytest.raises(DataError, match=rf"talks\.json(?s:.)*{told}"):
        list(read_conversations(tmp_path / "talks.json"))


def test_what_stands_before_an_instruction_is_said_before_it() -> None:
    row = {"instruction": "And 2?", "input": "", "output": "3.", "system": "Count.", "history": [["And 1?", "2."]]}
    assert [(turn["role"], turn["content"]) for turn in turns_of(row)] == [
        ("system", "Count."),
        ("user", "And 1?"),
        ("assistant", "2."),
        ("user", "And 2?"),
        ("assistant", "3."),
    ]
    assert turns_of({**row, "system": "", "history": []}) == turns_of(row)[3:]
    with pytest.raises(DataError, match="its history is no list of pairs"):
        turns_of({**row, "history": ["And 1?"]})


@pytest.mark.parametrize("name", ["talks.csv", "talks.tsv", "talks.csv.gz", "talks.parquet"])
def test_tables_hold_conversations_too(tmp_path: Path, name: str) -> None:
    rows = [("instruction", "output"), ("What is 1, and 2?", 'It is "3".'), ("Why?", "Because.")]
    if name.endswith(".parquet"):
        columns = {head: [row[at] for row in rows[1:]] for at, head in enumerate(rows[0])}
        pq.write_table(pa.table(columns), tmp_path / name)
    else:
        text = io.StringIO()
        csv.writer(text, delimiter="\t" if ".tsv" in name else ",").writerows(rows)
        content = text.getvalue().encode()
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    said = [[turn["content"] for turn in turns] for turns in read_conversations(tmp_path / name)]
    assert said == [list(row) for row in rows[1:]]


def test_rows_of_a_table_that_are_no_conversations_are_told(tmp_path: Path) -> None:
    (tmp_path / "talks.csv").write_text("instruction,output\nWhy?,Because.\nWhy not?,Because.\n")
    assert len(list(read_conversations(tmp_path / "talks.csv"))) == 2
    (tmp_path / "talks.csv").write_text("words\nWhy?\nWhy not?\n")
    with pytest.raises(DataError, match="no text column: columns: words"):
        list(read_conversations(tmp_path / "talks.csv"))
    (tmp_path / "talks.parquet").write_bytes(b"PAR1 is not all of it")
    with pytest.raises(DataError):
        list(read_conversations(tmp_path / "talks.parquet"))

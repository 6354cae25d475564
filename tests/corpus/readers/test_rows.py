import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.corpus.readers.found import Failed, Found
from chatwright.corpus.readers.rows import values
from chatwright.corpus.readers.stream import Stream
from tests.corpus.readers.reading import read, rules, texts, written

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_bad_rows_cost_themselves_and_numbers_are_those_of_lines(tmp_path: Path) -> None:
    lines = [
        '{"text": "one"}',
        "",
        '{"text": "tw',
        "[1]",
        '{"text": 5}',
        '{"other": "x"}',
        '{"text": ""}',
        '{"text": "eight"}',
    ]
    results = read(written(tmp_path, "a.jsonl", "\r\n".join(lines)))
    assert texts(results) == ["one", "eight"]
    assert [(result.origin, result.rule) for result in results if isinstance(result, Failed)] == [
        ("a.jsonl#3", "row is no JSON"),
        ("a.jsonl#4", "row is no JSON object"),
        ("a.jsonl#5", "column is no text"),
        ("a.jsonl#6", "row has no text column"),
        ("a.jsonl#7", "row has no text"),
    ]
    data = (tmp_path / "a.jsonl").read_bytes()
    assert all(data[result.offset :].startswith(b"{") for result in results if isinstance(result, Found))


def test_deep_long_and_broken_rows(tmp_path: Path) -> None:
    good = b'{"text": "good"}\n'
    deep = b'{"text": ' + b"[" * 10_000 + b"]" * 10_000 + b"}\n"
    results = read(
        written(tmp_path, "a.jsonl", good + deep + b'{"text": "' + b"x" * 2_000_000 + b'"}\n' + good), line_megabytes=1
    )
    assert texts(results) == ["good", "good"] and rules(results) == ["row nested too deep", "row too long"]
    results = read(written(tmp_path, "b.json", b"[" + good + b"," + deep + b"," + good + b"]"))
    assert texts(results) == ["good", "good"] and rules(results) == ["row nested too deep"]
    chinese = '{"text": "好的文字"}\n'.encode() * 40
    results = read(written(tmp_path, "c.jsonl", chinese + b'{"text": "' + b"\xff" * 50 + b'"}\n' + chinese))
    assert len(texts(results)) == 80 and rules(results) == ["too many broken characters"]
    many = b'{"text": "a", "b": [' + b"[]," * 3_000_000 + b"1]}\n"
    assert rules(read(written(tmp_path, "d.jsonl", many))) == ["row of too many values"]
    long = {"text": "y" * 1_500_000}
    assert rules(read(written(tmp_path, "e.jsonl", json.dumps(long)), document_megabytes=1)) == ["document too long"]


def test_nuls_and_lone_surrogates_are_taken_out(tmp_path: Path) -> None:
    data = b'{"text": "a\\u0000b\\ud800c\0d \\ud83d\\ude00"}\n'
    assert texts(read(written(tmp_path, "a.jsonl", data))) == ["abcd \U0001f600"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_rows_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    rows = [{"text": f"{number}. Die Straße führt über die Brücke nach Köln, schöne Grüße."} for number in range(50)]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    assert texts(read(written(tmp_path, "a.jsonl", text.encode(encoding)))) == [row["text"] for row in rows]


def test_what_a_row_says_about_itself(tmp_path: Path) -> None:
    row = {
        "content": "words",
        "Title": "T",
        "meta": {"url": "http://x", "date": "2020"},
        "lang": "en",
        "license": "CC0-1.0",
    }
    (found,) = read(written(tmp_path, "a.jsonl", json.dumps(row)))
    assert found == Found("a.jsonl#1", 0, "text", "words", b"", "", "T", "http://x", "2020", "en", "CC0-1.0")
    row = {"text": "no", "poem": "yes", "name": "N"}
    (found,) = read(written(tmp_path, "b.jsonl", json.dumps(row)), {"text": "poem", "title": "name"})
    assert isinstance(found, Found) and (found.text, found.title) == ("yes", "N")
    assert rules(read(tmp_path / "b.jsonl", {"text": "story"})) == ["row lacks the text column"]


@pytest.mark.parametrize("indent", [None, 2])
def test_arrays_and_sequences_of_objects(tmp_path: Path, indent: int | None) -> None:
    rows = [{"text": f'row {number} ]"{{', "more": [[1], {"a": "}"}]} for number in range(2000)]
    results = read(written(tmp_path, "a.json", json.dumps(rows, indent=indent)))
    assert texts(results) == [row["text"] for row in rows] and results[4].origin == "a.json#5"
    assert (
        len(texts(read(written(tmp_path, "b.json", "\n".join(json.dumps(row, indent=indent) for row in rows))))) == 2000
    )
    assert rules(read(written(tmp_path, "c.json", "  "))) == ["no rows"]


def test_a_broken_element_costs_only_itself(tmp_path: Path) -> None:
    rows = [json.dumps({"text": f"row {number}", "list": [1]}, indent=1) for number in range(9)]
    for number, broken in ((2, '"list": [1'), (4, '"text": "row 4,'), (6, "nonsense")):
        rows[number] = "{\n " + broken + "\n}"
    results = read(written(tmp_path, "a.json", "[\n" + ",\n".join(rows) + "\n]"))
    assert texts(results) == [f"row {number}" for number in (0, 1, 3, 5, 7, 8)]
    assert set(rules(results)) == {"row is no JSON"}
    cut = "[" + ", ".join('{"text": "x"}' for _ in range(5))
    assert len(texts(read(written(tmp_path, "b.json", cut[:-4])))) == 4
    assert rules(read(tmp_path / "b.json")) == ["row is no JSON"]


@given(st.lists(_JSON, max_size=6), st.integers(1, 20), st.sampled_from([None, 1]))
def test_arrays_are_cut_where_their_values_end(elements: list[object], piece: int, indent: int | None) -> None:
    file = io.BytesIO(json.dumps(elements, indent=indent).encode())
    stream = Stream(lambda size: file.read(min(size, piece)))
    cut = [json.loads(data) if isinstance(data, bytes) else data for _, data in values(stream, 10_000)]
    assert cut == elements


def test_values_that_never_end_are_not_looked_at_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line begins a value that is looked at up to the last one."""
    monkeypatch.setattr("chatwright.corpus.readers.rows._MOST_STEPS", 10_000)
    results = read(written(tmp_path, "a.json", '{"text": "good"}\n' + "{\n" * 3_000 + "]"))
    assert texts(results) == ["good"] and len(results) < 10
    assert rules(results)[-1] == "too much that is no JSON"


def test_rows_of_many_values_or_wide_characters_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    commas = '{"text": "' + "a, " * 600_000 + '"}'  # in a text they are no values
    lines = [commas, '{"text": [' + "[]," * 300_000 + "1]}", '{"text": "good"}']
    results = read(written(tmp_path, "a.jsonl", "\n".join(lines)))
    assert len(texts(results)) == 2 and rules(results) == ["row of too many values"]
    assert rules(read(written(tmp_path, "a.csv", "text,x\n" + "," * 500_001 + "\ngood,1"))) == [
        "row of too many values"
    ]
    wide = "\U0001f600" + "a" * 4_000_000  # one character makes four bytes of each
    for name, row in (("b.jsonl", f'{{"text": "{wide}"}}\n{{"text": "good"}}'), ("b.csv", f"text,x\n{wide},1\ngood,1")):
        results = read(written(tmp_path, name, row), line_megabytes=5, document_megabytes=1)
        assert texts(results) == ["good"] and rules(results) == ["row too long"]


def test_public_rows(data_folder: Path) -> None:
    results = read(data_folder / "pretrain-samples" / "c4_demo.jsonl")
    assert len(texts(results)) == 300 == len(results)
    results = read(data_folder / "instruct-demo" / "alpaca_zh_demo.json")
    assert len(texts(results)) == 1000 == len(results)

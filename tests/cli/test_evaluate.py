"""Asking models tasks from the door, and the table of runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatwright.cli.evaluate import evaluate_model, refuse, split_names
from chatwright.cli.table import table
from chatwright.core.errors import UsageError
from tests.evaluate.test_tasks import captions, piqa
from tests.interop.conftest import make_gpt2
from tests.interop.test_folders import own_folder, scored_run
from tests.report.conftest import make_run


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_gpt2(tmp_path_factory.mktemp("models") / "gpt2")


def ask(model: Path, data: Path, *, against: Path | None = None, as_json: bool = True) -> None:
    options = {"against": None if against is None else str(against)}
    evaluate_model(str(model), "piqa", None, data=str(data), options=options, as_json=as_json)


def test_a_model_is_scored_and_one_against_itself_differs_by_nothing(
    gpt2: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = piqa(tmp_path)
    ask(gpt2, data, against=gpt2)
    told = json.loads(capsys.readouterr().out)["tasks"]["piqa"]
    assert told["figures"]["n"] == 2 and told["difference"]["accuracy"]["value"] == 0
    ask(gpt2, data, as_json=False)
    shown = capsys.readouterr().out
    assert "accuracy" in shown and "chance" in shown and "log p" in shown


def test_models_that_write_in_other_ways_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, plain = captions(tmp_path), own_folder(tmp_path / "plain", "T5")
    run = scored_run(tmp_path / "run", "T5", {"beams": 3, "max_new_tokens": 9})
    options = {"against": str(plain)}
    evaluate_model(str(run), "multi30k", None, data=str(data), options=options, as_json=False)
    shown = capsys.readouterr().out
    assert "multi30k generation: beam search|beams:3|max_new_tokens:9" in shown
    assert f"multi30k generation of {plain}: greedy|max_new_tokens:160" in shown
    assert "pairs without a source or a target: 1; they were not asked" in shown
    evaluate_model(str(run), "multi30k", None, data=str(data), options={"beams": 1}, as_json=False)
    assert "multi30k generation: greedy|max_new_tokens:9" in capsys.readouterr().out


def test_names_are_needed() -> None:
    assert split_names(" a, b ,", "--tasks") == ["a", "b"]
    with pytest.raises(UsageError, match="no name"):
        split_names(" , ", "--tasks")


@pytest.mark.parametrize(
    ("tasks", "harness", "options", "told"),
    [
        (None, "arc", {"against": "other"}, "--against: this is for --tasks"),
        (None, "arc", {"beams": 4, "max_new_tokens": 3}, "--beams, --max-new-tokens: this is for"),
        ("piqa", None, {"harness_folder": Path("x")}, "--harness-folder: this is for --harness"),
    ],
)
def test_options_that_would_mean_nothing_are_refused(
    tasks: str | None, harness: str | None, options: dict[str, object], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        evaluate_model("gpt2", tasks, harness, data=None, options=options, as_json=True)


def test_options_of_recipes_are_spelt_as_they_were_given() -> None:
    refuse({"docs": None, "sets": None}, "why")
    with pytest.raises(UsageError, match="--file, --from, --set: why"):
        refuse({"files": ["x"], "base": "gpt2", "sets": ["a=b"], "docs": None}, "why")


def test_runs_are_added_to_a_table(tmp_path: Path) -> None:
    first, second = make_run(tmp_path / "first"), make_run(tmp_path / "second")
    document = tmp_path / "tasks.md"
    document.write_text(
        "<!-- table: begin -->\n| of another time | 1 | a | b | c | d | e | f | g | h | i | j |\n<!-- table: end -->\n"
    )
    table([first], document, add=True)
    text = document.read_text()
    assert "| of another time | 1 |" in text and "| first | " in text
    assert "| AMD EPYC 9B14: 610 GFLOP/s, bfloat16 |" in text
    summaries = next(line for line in text.splitlines() if "(`summary.rouge_l`, " in line).split(" | ")
    assert r"rouge\|tok:words\|case:lc" in summaries[2] and "case:" not in text.replace(summaries[2], "")
    assert float(summaries[5]) < float(summaries[3]) < 1
    table([second, first], document, add=True)
    again = document.read_text()
    assert set(text.splitlines()) < set(again.splitlines()) and again.count("| first | ") == text.count("| first | ")
    assert again.index("| first | ") < again.index("| second | ")
    table([second], document)
    assert "of another time" not in document.read_text() and "| first | " not in document.read_text()
    with pytest.raises(UsageError, match="no table to add to"):
        table([second], None, add=True)


def test_a_table_needs_its_place(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    document = tmp_path / "tasks.md"
    document.write_text("before\n<!-- table: begin -->old<!-- table: end -->\nafter\n")
    table([run], document)
    text = document.read_text()
    assert "old" not in text and "| recipe |" in text and text.startswith("before\n") and text.endswith("\nafter\n")
    table([run], document)
    assert document.read_text() == text
    document.write_text("nothing")
    with pytest.raises(UsageError, match="no place for the table"):
        table([run], document)
    with pytest.raises(UsageError, match="cannot be read"):
        table([run], tmp_path / "none.md")

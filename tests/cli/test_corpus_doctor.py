from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from chatwright.cli.app import main
from chatwright.tokens.tokenizer import CONTROL
from tests.interop.conftest import make_gpt2

ASKED, ANSWERED = {"role": "user", "content": "Why once?"}, {"role": "assistant", "content": "Upon a time."}
GOOD = json.dumps({"messages": [ASKED, ANSWERED]}) + "\n"


def doctor(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """Run `chatwright corpus doctor`; its exit code."""
    monkeypatch.setattr(sys, "argv", ["chatwright", "corpus", "doctor", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def written(folder: Path, text: str, name: str = "talks.jsonl") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_problems_and_examples_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, GOOD + "{broken\n" + GOOD + '{"prompt": "a\\u001b[31m", "chosen": "x", "rejected": "y"}\n')
    assert doctor(monkeypatch, file) == 0
    out = capsys.readouterr().out
    assert f"{file}:2" in out and f"{file}:3  as {file}:1" in out and "row is no JSON: 1" in out
    assert f"{file}:1 · OpenAI messages · 5 of 10 tokens are learnt" in out
    assert "<|user|>Why once?<|assistant|>⟦Upon a time.<|end|>⟧" in out
    assert f"{file}:4 rejected · preferences" in out and "<|user|>a\\x1b[31m<|assistant|>⟦y<|end|>⟧" in out
    assert "\x1b" not in out


def test_json_is_one_value_with_tokens_and_masks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, GOOD * 4 + "[]\n")
    assert doctor(monkeypatch, file, "--json", "--examples", "2", "--rendered", "1") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["usable_rows"], told["unit"], told["learnt"]) == (5, 4, "characters", 48)
    assert told["files"][0]["formats"] == {"OpenAI messages": 4} and told["refused"] is None
    problems = {problem["kind"]: problem for problem in told["problems"]}
    assert problems.keys() == {"row is no JSON object", "the same row again"}
    assert problems["the same row again"]["count"] == 3 and len(problems["the same row again"]["examples"]) == 2
    assert problems["row is no JSON object"]["examples"] == [{"file": str(file), "line": 5, "why": "it is list"}]
    (example,) = told["examples"]
    (rendered,) = example["rendered"]
    assert rendered["tokens"] == [
        "<|user|>",
        "Why",
        " once",
        "?",
        "<|assistant|>",
        "Upon",
        " a",
        " time",
        ".",
        "<|end|>",
    ]
    assert rendered["learnt"] == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1] and example["line"] == 1


@pytest.mark.parametrize("text", ['{"messages": [{"role": "user", "content": "Hi"}]}\n', "{broken\n", ""])
def test_nothing_to_learn_is_refused(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, text)
    for options in ([], ["--json"]):
        assert doctor(monkeypatch, file, *options) == 1
        told = capsys.readouterr()
        assert f"{file}: nothing can be learnt" in told.err and "remedy: " in told.err and "Traceback" not in told.err
        assert not options or json.loads(told.out)["refused"].startswith("nothing can be learnt")


def test_what_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(monkeypatch, tmp_path / "none") == 2
    assert "no such file or folder" in capsys.readouterr().err


@pytest.mark.slow
def test_a_model_counts_its_own_tokens_and_knows_its_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = make_gpt2(tmp_path / "model")
    long: dict[str, Any] = {"prompt": "Why?", "completion": "because " * 80}
    file = written(tmp_path, GOOD + json.dumps(long) + "\n")
    assert doctor(monkeypatch, file, "--model", model, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    (problem,) = (each for each in told["problems"] if each["kind"] == "longer than the context")
    assert problem["examples"][0]["line"] == 2 and "of 64" in problem["examples"][0]["why"]
    assert (told["unit"], told["context"]) == ("tokens", 64)
    rendered = [each["rendered"][0] for each in told["examples"]]
    assert told["learnt"] == sum(sum(each["learnt"]) for each in rendered)
    assert "".join(rendered[0]["tokens"]) == "<|user|>Why once?<|assistant|>Upon a time.<|end|>"
    assert {token for token in rendered[0]["tokens"] if token in CONTROL} == {"<|user|>", "<|assistant|>", "<|end|>"}
    assert doctor(monkeypatch, file, "--model", tmp_path / "none") == 2

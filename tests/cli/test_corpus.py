from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from chatwright.cli.corpus import corpus_report
from chatwright.core.artifacts import Stage
from chatwright.core.errors import UsageError
from chatwright.core.files import write_json
from tests.report.collections import card, make_collection, rule, summary


def test_a_report_prints_the_table_and_writes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_collection(tmp_path, summary(9), summary(8, rule("words", 1)), card=card(8))
    corpus_report(tmp_path, as_json=False)
    told = capsys.readouterr().out
    assert "9 documents found, 8 kept" in told and str(tmp_path / "corpus.html") in told
    corpus_report(tmp_path, as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "figures": {"description": "web"},
        "ledger": [],
        "page": str(tmp_path / "corpus.html"),
    }
    assert (tmp_path / "corpus.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_collection_of_which_nothing_stayed_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_collection(tmp_path, summary(3), summary(0, rule("words", 3)))
    corpus_report(tmp_path, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["ledger"][0]["rule"] == "words" and told["ledger"][0]["examples"][0]["where"] == "a.html: d0"
    assert (tmp_path / "corpus.html").exists() and told["figures"] == {}
    corpus_report(tmp_path, as_json=False)
    assert "3 documents found, 0 kept" in capsys.readouterr().out


def test_other_corpora_have_the_table_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def work(folder: Path) -> dict[str, int]:
        write_json(folder / "ledger.json", [])
        return {"documents": 3}

    Stage("corpus", {}, {}, 0).build(tmp_path, work)
    corpus_report(tmp_path, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"figures": {"documents": 3}, "ledger": [], "page": None}
    assert not (tmp_path / "corpus.html").exists()


def test_the_newest_run_may_be_one_without_a_corpus(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no run yet"):
        corpus_report(None, as_json=True)
    make_collection(tmp_path / "runs" / "whole", summary(9), summary(8), card=card(8))
    for path in tmp_path.rglob("manifest.json"):
        os.utime(path, (1, 1))
    make_collection(tmp_path / "runs" / "empty", summary(3), summary(0, rule("words", 3)))
    corpus_report(None, as_json=True)
    assert json.loads(capsys.readouterr().out)["page"].endswith("empty/corpus.html")

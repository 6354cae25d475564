"""Pairs scored by hand-made outputs: what a figure, its baseline and the gain between them are made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from chatwright.core.progress import Silent
from chatwright.corpus.pairs import PAIRS, PAIRS_FILE
from chatwright.corpus.settings import PairSettings
from chatwright.corpus.tables import write_rows
from chatwright.evaluate import pairs
from chatwright.evaluate.pairs import evaluate_pairs
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.evaluate.text import Unit
from chatwright.generate.settings import GenerateSettings

Pair = tuple[str, str, str]  # split, source, target


@pytest.fixture
def scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The scores and the told answers of a task whose test sources are answered by these texts."""

    def evaluate(
        task: str, rows: Sequence[Pair], written: Sequence[str], unit: Unit = "words", **settings: Any
    ) -> tuple[dict[str, Any], dict[str, str], list[dict[str, Any]]]:
        monkeypatch.setattr(pairs, "write_targets", lambda *_: list(written))
        told = [
            {"id": str(at), "split": split, "source": source, "target": target, "others": [], "reference": target}
            for at, (split, source, target) in enumerate(rows)
        ]
        write_rows(tmp_path / PAIRS_FILE, PAIRS, told)
        scores, answers = evaluate_pairs(
            task=task,
            pairs=tmp_path,
            model=tmp_path,
            pair_settings=PairSettings.model_validate({"tokenised": False, "lower": False, **settings}),
            settings=EvaluateSettings(unit=unit, bootstrap_samples=200),
            generation=GenerateSettings(),
            seed=1,
            progress=Silent(),
        )
        return scores["tasks"][task], scores["signatures"], answers

    return evaluate


def test_a_translation_gains_what_it_has_beyond_the_nearest_known_one(scored: Any) -> None:
    right = ["der Hund läuft über das Feld", "zwei Männer kochen das Essen"]
    rows = [
        ("train", "the dog runs over a field", "der Hund läuft über den Hof"),
        ("train", "women sing", "Frauen singen in dem großen Saal"),
        ("validation", "the dog runs over the field", right[0]),  # never lent as the nearest
        ("test", "the dog runs over the field", right[0]),
        ("test", "two men cook the meal", right[1]),
    ]
    figures, signatures, answers = scored("translation", rows, right)
    assert figures["bleu"]["value"] == pytest.approx(100) and figures["n"] == 2
    assert 0 < figures["baseline_bleu"]["value"] < 100
    gain = figures["bleu"]["value"] - figures["baseline_bleu"]["value"]
    assert figures["bleu_gain"]["value"] == pytest.approx(gain)
    assert "tok:13a" in signatures["bleu"] and "highest chrF2" in signatures["baseline"]
    assert [row["answer"] for row in answers] == right
    worse, _, _ = scored("translation", rows, ["nichts davon hier drin", "gar nichts"])
    assert worse["bleu_gain"]["value"] == pytest.approx(-figures["baseline_bleu"]["value"])


def test_where_tokens_stand_apart_bleu_takes_them_so_and_running_text_is_scored_beside_it(scored: Any) -> None:
    rows = [("train", "a", "b"), ("test", "one , two .", "eins , zwei .")]
    told = {"tokenised": True, "lower": True}
    _, signatures, _ = scored("translation", rows, ["eins , zwei ."], **told)
    assert "tok:none" in signatures["bleu"] and "tok:13a" in signatures["bleu_detokenised"]


def test_a_summary_gains_what_it_has_beyond_the_beginning(scored: Any) -> None:
    source = "Ann: Hello there.\nBob: Good day.\nAnn: It rains.\nBob: We stay at home then."
    rows = [("train", "x", "y z"), ("test", source, "they stay at home"), ("test", source, "hello rain")]
    figures, signatures, _ = scored("summary", rows, ["they stay at home", "nothing alike"])
    assert signatures["baseline"] == "the first 3 lines or sentences of the source"
    # Of the beginning's 9 words (Ann, Hello, there, Bob, Good, day, Ann, It, rains) the second shares both of its own.
    assert figures["rouge_1"]["value"] == pytest.approx(1 / 2)
    assert figures["baseline_rouge_1"]["value"] == pytest.approx((2 * (2 / 9) / (1 + 2 / 9)) / 2)
    for name in ("rouge_1", "rouge_2", "rouge_l"):
        gain = figures[name]["value"] - figures[f"baseline_{name}"]["value"]
        assert figures[f"{name}_gain"]["value"] == pytest.approx(gain) and gain > 0


def test_of_characters_the_beginning_is_as_long_as_learnt_titles(scored: Any) -> None:
    rows = [("train", "甲", "四个汉字"), ("train", "乙", "四个汉字"), ("test", "采用修正的参数", "采用参数")]
    figures, signatures, _ = scored("summary", rows, ["参数"], "characters")
    assert signatures["baseline"] == "the first 4 characters of the source"
    assert figures["baseline_rouge_1"]["value"] == pytest.approx(1 / 2)  # 采用修正: two of four
    assert figures["rouge_1_gain"]["value"] == pytest.approx(2 / 3 - 1 / 2)


def test_an_answer_gains_what_it_has_beyond_the_sentence_nearest_its_question(scored: Any) -> None:
    text = "方法由张三提出。它在春天很有用。"
    rows = [
        ("train", "甲\n乙", "乙"),
        ("test", f"谁提出方法？\n{text}", "张三"),
        ("test", f"何时有用？\n{text}", "春天"),
    ]
    figures, _, answers = scored("reading", rows, ["张三", "夏天"], "characters")
    assert figures["exact_match"]["value"] == pytest.approx(1 / 2)
    assert figures["token_f1"]["value"] == pytest.approx((1 + 1 / 2) / 2)
    nearby = (2 * 2 / (2 + 7) + 2 * 2 / (2 + 7)) / 2  # each sentence has 7 characters, two of them right
    assert figures["baseline_token_f1"]["value"] == pytest.approx(nearby)
    assert figures["baseline_exact_match"]["value"] == 0
    assert figures["token_f1_gain"]["value"] == pytest.approx(3 / 4 - nearby)
    assert [row["exact"] for row in answers] == [True, False]

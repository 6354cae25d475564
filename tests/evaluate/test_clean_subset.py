"""Items that the training text holds are found by their words, and scores without them are told beside the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chatwright.core.errors import UsageError
from chatwright.corpus.collection.settings import ContaminationSettings
from chatwright.evaluate.clean_subset import clean_scores, met_items, training_text
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.evaluate.tasks import Outcome

LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
SHORT = "alpha beta gamma delta epsilon zeta eta theta"
LIMITS, SETTINGS = ContaminationSettings(), EvaluateSettings(bootstrap_samples=200)


def test_an_item_is_met_by_thirteen_words_of_it_or_all_of_a_shorter_one() -> None:
    items = [("nothing of it is anywhere in what was read by the model so far",), ("?", LONG), (SHORT,), ("a b c",)]
    passages = [f"Before. {LONG.upper()[:-9]}, after", f"so {SHORT} it is", "a b c"]
    assert met_items({"task": items}, passages, LIMITS)["task"].tolist() == [0, 1, 1, -1]
    assert met_items({"task": items}, [SHORT[:-6], LONG[14:]], LIMITS)["task"].tolist() == [0, 0, 0, -1]


def test_no_item_is_met_across_passages() -> None:
    words = LONG.split()
    halves = [" ".join(words[:7]), " ".join(words[7:])]
    assert met_items({"task": [(LONG,)]}, halves, LIMITS)["task"].tolist() == [0]
    assert met_items({"task": [(LONG,)]}, ["x", " ".join(halves), "x"], LIMITS)["task"].tolist() == [1]


def test_tasks_are_told_apart() -> None:
    met = met_items({"one": [(LONG,)], "two": [(SHORT,), (LONG,)]}, [LONG], LIMITS)
    assert met["one"].tolist() == [1] and met["two"].tolist() == [0, 1]


def test_scores_without_the_items_met() -> None:
    right = np.array([1.0, 1.0, 0.0, 1.0])
    figures = {"accuracy": {"unit": "share", "value": 0.75}, "bleu": {"unit": "0 to 100"}}
    outcome = Outcome(
        figures, {"accuracy": right, "bleu": right[:, None] * 50}, {"bleu": lambda rows: float(rows.sum()) / 2}
    )
    told = clean_scores(outcome, np.array([1, 0, 0, -1], np.int8), SETTINGS, seed=0)
    assert told["met"] == [0] and told["n"] == 3 and told["too_short_to_tell"] == 1
    assert told["figures"]["accuracy"]["value"] == pytest.approx(2 / 3)
    assert told["figures"]["accuracy"]["unit"] == "share" and told["figures"]["bleu"]["value"] == 50
    nothing = clean_scores(outcome, np.ones(4, np.int8), SETTINGS, seed=0)
    assert nothing["n"] == 0 and nothing["figures"] == {}


def test_training_text_is_that_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    table = pa.table({"text": ["read", "held out"], "split": ["train", "validation"]})
    pq.write_table(table, tmp_path / "corpus" / "documents.parquet")
    assert list(training_text(str(tmp_path))) == ["read"]
    assert list(training_text(str(tmp_path / "corpus" / "documents.parquet"))) == ["read"]


def test_what_is_no_training_text_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no training text"):
        training_text(str(tmp_path))
    pq.write_table(pa.table({"words": ["a"]}), tmp_path / "other.parquet")
    with pytest.raises(UsageError, match="no split and no text"):
        training_text(str(tmp_path / "other.parquet"))

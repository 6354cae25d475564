"""Classifiers scored by hand-made probabilities: what the two gains are the difference of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chatwright.core.progress import Silent
from chatwright.corpus.labels import LABELLED, LABELLED_FILE
from chatwright.corpus.settings import LabelSettings
from chatwright.corpus.tables import write_rows
from chatwright.evaluate import labels
from chatwright.evaluate.labels import Systems, evaluate_labels
from chatwright.evaluate.settings import EvaluateSettings

# Of ten texts in two folds, which each system gets right.
_RIGHT = {
    "pretrained": [1, 1, 1, 1, 1, 1, 1, 1, 1, 0],
    "scratch": [1, 1, 1, 1, 1, 1, 0, 0, 0, 0],
    "linear": [1, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    "linear_balanced": [1, 1, 1, 1, 1, 1, 1, 0, 0, 0],
}


def test_gains_are_over_the_better_linear_model_and_over_no_pretraining(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"text": f"text {at}", "label": "AB"[at % 2], "fold": at // 5, "id": str(at)} for at in range(10)]
    write_rows(tmp_path / LABELLED_FILE, LABELLED, rows)
    learnt = list[tuple[int, int]]()

    def say(train: Any, test: Any, names: list[str], models: Path, language: str) -> Systems:
        learnt.append((len(train), len(test)))
        assert not {row["id"] for row in train} & {row["id"] for row in test}
        assert models.name == f"fold-{test[0]['fold']}"
        truth = np.array([names.index(row["label"]) for row in test])
        start = int(test[0]["id"])
        each = {}
        for system, right in _RIGHT.items():
            said = np.where(right[start : start + len(test)], truth, 1 - truth)
            each[system] = np.eye(2)[said]
        return Systems(**each)

    monkeypatch.setattr(labels, "_say", say)
    scores, answers = evaluate_labels(
        labelled=tmp_path,
        models=tmp_path,
        label_settings=LabelSettings(name="cold-zh"),  # judged by accuracy
        settings=EvaluateSettings(bootstrap_samples=200),
        seed=1,
        progress=Silent(),
    )
    figures = scores["tasks"]["classification"]
    assert learnt == [(5, 5), (5, 5)] and figures["n"] == 10
    assert figures["accuracy"]["value"] == pytest.approx(0.9)
    assert figures["linear_accuracy"]["value"] == pytest.approx(0.2)
    assert figures["baseline_accuracy"]["value"] == figures["linear_balanced_accuracy"]["value"] == pytest.approx(0.7)
    assert figures["gain_over_linear"]["value"] == pytest.approx(0.2)
    assert figures["gain_of_pretraining"]["value"] == pytest.approx(0.3)
    assert "compared: linear_balanced" in scores["signatures"]["linear"]
    assert [row["exact"] for row in answers] == [bool(right) for right in _RIGHT["pretrained"]]

"""Labelled texts as a task: a classifier says how likely its labels are, a decoder how likely their names follow.

N texts, C labels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chatwright.core.errors import ArtifactError
from chatwright.core.progress import Progress
from chatwright.core.seeds import derive_seed
from chatwright.corpus.label_sets import LABEL_SETS
from chatwright.evaluate.labels import METRICS, Probabilities
from chatwright.evaluate.outcome import Asked, Outcome, Rows, Score
from chatwright.evaluate.settings import EvaluateSettings

_PROMPTS = {"en": "Text: {}\nLabel:", "zh": "文本：{}\n类别："}


def ask_labels(
    name: str, asked: Asked, data: Path, settings: EvaluateSettings, limit: int | None, progress: Progress
) -> Outcome:
    """Accuracy, macro-F1 and, of two labels, AUROC on the published test texts; where there are none, on all texts."""
    data_set = LABEL_SETS[name]
    found = [row for file in data_set.files for row in data_set.read(data / file)]
    published = any(split == "test" for split, _, _ in found)
    rows = [(text.strip(), label) for split, text, label in found if text.strip() and split in ("", "test")][:limit]
    names, texts = sorted({label for _, _, label in found}), [text for text, _ in rows]
    progress.update(0.1, f"{len(rows):,} texts, {len(names)} labels")
    said = _classified(asked, texts, names) if asked.labels else _followed(asked, texts, names, data_set.language)
    truth = np.array([names.index(label) for _, label in rows], dtype=np.float64)
    outcome = Outcome({"n": len(rows), "chance": 1 / len(names)}, texts=[(text,) for text in texts])
    every = np.ones(len(rows), np.bool_)
    for figure in (figure for figure in METRICS if figure != "auroc" or len(names) == 2):
        outcome.items[figure] = np.column_stack((truth, said))
        outcome.scores[figure] = _score(figure)
        interval = outcome.interval(figure, every, settings, derive_seed(0, f"{name} {figure}"))
        outcome.figures[figure] = interval.figure("0 to 1")
    how = "a classifier's probabilities" if asked.labels else "log p of each label's name after the text, zero-shot"
    which = "published test" if published else "all texts: none are published as a test"
    outcome.signatures[data_set.metric] = f"{name}|{how}|{which}"
    return outcome


def _score(figure: str) -> Score:
    """A metric of rows of the right label's number and the probability of each label: [N, 1 + C]."""

    def score(rows: Rows) -> float:
        return METRICS[figure](rows[:, 0].astype(np.int64), rows[:, 1:])

    return score


def _classified(asked: Asked, texts: list[str], names: list[str]) -> Probabilities:
    if unknown := [name for name in names if name not in asked.labels]:
        raise ArtifactError(
            f"this classifier does not know the labels {', '.join(unknown)}: it has {', '.join(asked.labels)}",
            where="--tasks",
            remedy="ask a classifier that was trained on this data set, or a decoder",
        )
    said: list[dict[str, Any]] = asked.classify(texts)
    return np.array([[each[name] for name in names] for each in said])


def _followed(asked: Asked, texts: list[str], names: list[str], language: str) -> Probabilities:
    prompts = [_PROMPTS[language].format(text) for text in texts for _ in names]
    told = asked.likelihoods(prompts, [f" {name}" for name in names] * len(texts)).reshape(len(texts), len(names))
    shares = np.exp(told - told.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))

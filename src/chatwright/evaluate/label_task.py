"""Labelled texts as a task: a classifier says how likely its labels are, a decoder how likely their names follow.

N texts, C labels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chatwright.core.errors import ArtifactError
from chatwright.core.progress import Progress
from chatwright.core.seeds import stream
from chatwright.corpus.label_sets import LABEL_SETS
from chatwright.corpus.labels import labelled_rows
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.settings import LabelSettings
from chatwright.evaluate.labels import METRICS, Probabilities
from chatwright.evaluate.outcome import Asked, Outcome, Rows, Score
from chatwright.evaluate.settings import EvaluateSettings

_PROMPTS = {"en": "Text: {}\nLabel:", "zh": "文本：{}\n类别："}


def ask_labels(
    name: str, asked: Asked, data: Path, settings: EvaluateSettings, limit: int | None, progress: Progress
) -> Outcome:
    """Accuracy, macro-F1 and, of two labels, AUROC on the published test texts, or on those of the first fold.

    Where no test is published, the model beside a recipe's report has not learnt the first fold. Of a `limit` the
    texts are drawn: files are sorted by label, some of them.
    """
    data_set, chosen = LABEL_SETS[name], LabelSettings.model_validate({"name": name, "data": str(data)})
    found = labelled_rows(chosen, Ledger())
    rows = [(row["text"], row["label"]) for row in found if row["fold"] == 0]
    published = max(row["fold"] for row in found) == 0
    if limit is not None:
        rows = stream(0, name).sample(rows, min(limit, len(rows)))
    names, texts = sorted({row["label"] for row in found}), [text for text, _ in rows]
    progress.update(0.1, f"{len(rows):,} texts, {len(names)} labels")
    said = _classified(asked, texts, names) if asked.labels else _followed(asked, texts, names, data_set.language)
    truth = np.array([names.index(label) for _, label in rows], dtype=np.float64)
    outcome = Outcome({"n": len(rows), "chance": 1 / len(names)}, texts=[(text,) for text in texts])
    for figure in (figure for figure in METRICS if figure != "auroc" or len(names) == 2):
        outcome.add(figure, np.column_stack((truth, said)), "0 to 1", settings, f"{name} {figure}", _score(figure))
    how = (
        "a classifier's probabilities (of a text beyond the context its beginning)"
        if asked.labels
        else "log p of each label's name after the text, zero-shot"
    )
    which = "published test" if published else f"first of {chosen.folds} folds: no test is published"
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
    said: list[dict[str, Any]] = asked.classify(texts, cut=True)
    return np.array([[each[name] for name in names] for each in said])


def _followed(asked: Asked, texts: list[str], names: list[str], language: str) -> Probabilities:
    prompts = [_PROMPTS[language].format(text) for text in texts for _ in names]
    told = asked.likelihoods(prompts, [f" {name}" for name in names] * len(texts)).reshape(len(texts), len(names))
    shares = np.exp(told - told.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))

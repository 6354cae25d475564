"""The evaluation of classifiers: asked texts of every fold, beside a linear model and one without pretraining.

N texts, C labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatwright.core.progress import Progress
from chatwright.core.seeds import derive_seed
from chatwright.corpus.label_sets import LABEL_SETS
from chatwright.corpus.labels import LABELLED_FILE
from chatwright.corpus.settings import LabelSettings
from chatwright.corpus.tables import read_rows
from chatwright.evaluate.linear import linear_probabilities
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.evaluate.uncertainty import bootstrap_items
from chatwright.generate.classify import label_probabilities
from chatwright.model.encoder import Encoder
from chatwright.model.files import load_model
from chatwright.tokens.masking import encode_words
from chatwright.tokens.tokenizer import Tokenizer

TASK = "classification"
Probabilities = NDArray[np.float64]  # [N, C]
Labels = NDArray[np.int64]  # [N]


def accuracy(truth: Labels, said: Probabilities) -> float:
    """The share of texts whose likeliest label is right."""
    return float((said.argmax(axis=1) == truth).mean())


def macro_f1(truth: Labels, said: Probabilities) -> float:
    """The mean over labels of the harmonic mean of precision and recall; a label nobody has or gets counts 0."""
    count = said.shape[1]
    table = np.bincount(truth * count + said.argmax(axis=1), minlength=count * count).reshape(count, count)
    both = table.sum(axis=0) + table.sum(axis=1)
    return float((2 * np.diag(table) / np.maximum(both, 1)).mean())


def auroc(truth: Labels, said: Probabilities) -> float:
    """How often a text with the second of two labels gets more of it than one with the first (ties count half)."""
    scores = said[:, 1]
    ordered = np.sort(scores)
    ranks = (np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right") + 1) / 2
    positive = truth == 1
    many, few = int(positive.sum()), int((~positive).sum())
    if not many or not few:
        return 0.5
    return float((ranks[positive].sum() - many * (many + 1) / 2) / (many * few))


METRICS: Mapping[str, Callable[[Labels, Probabilities], float]] = {
    "accuracy": accuracy,
    "macro_f1": macro_f1,
    "auroc": auroc,
}


@dataclass(frozen=True)
class Systems:
    """What each system says of all asked texts; `linear_balanced` weighs rare labels as much as frequent ones."""

    pretrained: Probabilities
    scratch: Probabilities
    linear: Probabilities
    linear_balanced: Probabilities


def evaluate_labels(
    *,
    labelled: Path,
    models: Path,
    label_settings: LabelSettings,
    settings: EvaluateSettings,
    seed: int,
    progress: Progress,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Scores of the asked texts of every fold, and each text with what was said of it.

    `models` holds `fold-N/pretrained` and `fold-N/scratch`. What the data set is judged by is compared with the
    linear model (the better of its two variants) and with the model without pretraining, text by text.
    """
    data_set = LABEL_SETS[label_settings.name]
    rows = read_rows(labelled / LABELLED_FILE)
    names = sorted({row["label"] for row in rows})
    asked, systems = list[dict[str, Any]](), list[Systems]()
    folds = max(row["fold"] for row in rows) + 1
    for fold in range(folds):
        progress.update(fold / folds, f"fold {fold + 1} of {folds}")
        test = [row for row in rows if row["fold"] == fold]
        train = [row for row in rows if row["fold"] != fold]
        asked += test
        systems.append(_say(train, test, names, models / f"fold-{fold}", data_set.language))
    said = {name: np.concatenate([getattr(each, name) for each in systems]) for name in Systems.__dataclass_fields__}
    truth = np.array([names.index(row["label"]) for row in asked])
    fold_of = np.array([row["fold"] for row in asked])
    options = settings.resampling(derive_seed(seed, TASK))
    figures: dict[str, Any] = {"n": len(asked)}

    def score(name: str, system: str, drawn: NDArray[np.int64]) -> float:
        """A metric of these texts; ranks of several models do not compare, so that AUROC is the folds' mean."""
        if name != "auroc":
            return METRICS[name](truth[drawn], said[system][drawn])
        parts = [drawn[fold_of[drawn] == fold] for fold in range(folds)]
        parts = [part for part in parts if len(part)]
        return float(np.average([auroc(truth[p], said[system][p]) for p in parts], weights=list(map(len, parts))))

    def interval(take: Callable[[NDArray[np.int64]], float]) -> dict[str, Any]:
        return bootstrap_items(len(truth), take, **options).figure("0 to 1")

    every = np.arange(len(truth))
    best = max(("linear", "linear_balanced"), key=lambda system: score(data_set.metric, system, every))
    systems_told = {"": "pretrained", "scratch_": "scratch", "linear_": "linear", "linear_balanced_": "linear_balanced"}
    for name in (name for name in METRICS if name != "auroc" or len(names) == 2):
        for prefix, system in {**systems_told, "baseline_": best}.items():
            figures[prefix + name] = interval(partial(score, name, system))
    for name, other in (("gain_over_linear", best), ("gain_of_pretraining", "scratch")):

        def gain(drawn: NDArray[np.int64], other: str = other) -> float:
            return score(data_set.metric, "pretrained", drawn) - score(data_set.metric, other, drawn)

        figures[name] = interval(gain)
    answers = [
        {
            "id": row["id"],
            "task": TASK,
            "messages": [{"role": "user", "content": row["text"]}],
            "expected": row["label"],
            "answer": names[int(row_said.argmax())],
            "exact": names[int(row_said.argmax())] == row["label"],
        }
        for row, row_said in zip(asked, said["pretrained"], strict=True)
    ]
    signatures = {
        "judged by": data_set.metric,
        "folds": f"{folds}; the model beside the report is the first one's; vocabulary of all texts, without labels",
        "linear": "TF-IDF of words and characters, logistic regression (scikit-learn); compared: " + best,
    }
    return {"tasks": {TASK: figures}, "signatures": signatures}, answers


def _say(
    train: Sequence[dict[str, Any]], test: Sequence[dict[str, Any]], names: list[str], models: Path, language: str
) -> Systems:
    texts, labels = [row["text"] for row in train], [names.index(row["label"]) for row in train]
    wanted = [row["text"] for row in test]

    def encoder(folder: Path) -> Probabilities:
        model = load_model(folder)
        assert isinstance(model, Encoder)
        return label_probabilities(model, [ids for ids, _ in encode_words(Tokenizer.load(folder), wanted)])

    return Systems(
        pretrained=encoder(models / "pretrained"),
        scratch=encoder(models / "scratch"),
        linear=linear_probabilities(texts, labels, wanted, language=language),
        linear_balanced=linear_probabilities(texts, labels, wanted, language=language, balance="balanced"),
    )

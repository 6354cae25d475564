"""How much a text is like a person's good examples, and how little like the bad ones: a linear classifier.

Logistic regression on hashed runs of words and characters (arXiv 1607.01759, with the runs' mean as there), one for
each language: what is learnt from English says nothing of Chinese.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatwright.core.files import replacing
from chatwright.corpus.judging.runs import BITS, runs_of

LEAST = 20  # good examples, and bad ones, of a language that is to be learnt
_FOLDS = 5
_STRENGTH = 8.0  # how little weights are held back; between 4 and 16 little changes
_DOUBT = 20  # runs that say nothing, added to each text's own: few runs prove little
_DIFFERENCE = NormalDist().inv_cdf(0.975)  # of an interval of 95%

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Quality:
    """For each language the weights of the features, and what is added: [2^18 + 1]."""

    weights: Mapping[str, NDArray[np.float32]]

    def score(self, texts: Sequence[str], language: str) -> Floats:
        """How probably each text is a good one, [N], from 0 to 1; the language is one of `weights`.

        A text's score is the same whatever texts stand beside it.
        """
        weights = self.weights[language]
        sums, counts = np.zeros(len(texts)), np.zeros(len(texts))
        for runs in runs_of(texts):
            np.add.at(sums, runs.texts, runs.sums(weights))
            np.add.at(counts, runs.texts, runs.ends - runs.starts)
        logits = sums / (counts + _DOUBT) + float(weights[-1])
        scores: Floats = (1 + np.tanh(logits / 2)) / 2  # the logistic function, which overflows nowhere
        return scores

    def save(self, path: Path) -> None:
        """Write an .npz that `load` reads."""
        with replacing(path) as aside, aside.open("wb") as file:
            np.savez(file, **self.weights)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path) -> Quality:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            return cls({language: file[language] for language in file.files})


@cache
def loaded(path: str) -> Quality:
    """The classifier of a file, read once in a process."""
    return Quality.load(Path(path))


@dataclass(frozen=True)
class Share:
    """A share with the bounds of its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Learnt:
    """What was learnt of one language, and how good it is on unseen examples (five-fold cross-validation).

    `auc`: how often a good example scores above a bad one (DeLong's interval); `good_kept` and `bad_dropped`: the
    shares on the right side of the limit (Wilson's intervals).
    """

    weights: NDArray[np.float32]
    auc: Share
    good_kept: Share
    bad_dropped: Share


def learn(good: Sequence[str], bad: Sequence[str], least: float) -> Learnt:
    """Learn to tell `good` texts from `bad` ones, `LEAST` of each or more; from the score `least` on texts stay."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    features, scale = _matrix([*good, *bad])
    labels = np.array([1] * len(good) + [0] * len(bad))
    # Fewer texts than features: the dual problem is solved far sooner.
    options = {"solver": "liblinear", "dual": True, "max_iter": 1_000, "random_state": 0}
    model = LogisticRegression(C=_STRENGTH, class_weight="balanced", **options)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # what it has learnt by then is measured all the same
        logits = cross_val_predict(model, features, labels, cv=folds, method="decision_function")
        model.fit(features, labels)
    weights = np.append(model.coef_[0] * scale, model.intercept_).astype(np.float32)
    stays = 1 / (1 + np.exp(-logits)) >= least
    return Learnt(
        weights,
        _auc(logits[labels == 1], logits[labels == 0]),
        _share(int(stays[labels == 1].sum()), len(good)),
        _share(int((~stays[labels == 0]).sum()), len(bad)),
    )


def _matrix(texts: Sequence[str]) -> tuple[Any, float]:
    """The mean runs of each text as a sparse matrix, times a scale that makes them about as long as 1; and the scale.

    Weights of another scale would be held back more, or less.
    """
    from scipy.sparse import csr_matrix, diags

    rows, columns = list[NDArray[np.int64]](), list[NDArray[np.int32]]()
    for runs in runs_of(texts):
        for text, start, end in zip(runs.texts, runs.starts, runs.ends, strict=True):
            rows.append(np.full(end - start, text))
            columns.append(runs.features[start:end])
    places = (np.concatenate(rows), np.concatenate(columns))
    matrix = csr_matrix((np.ones(len(places[0])), places), shape=(len(texts), 1 << BITS))
    counts = np.asarray(matrix.sum(axis=1)).ravel() + _DOUBT
    scale = math.sqrt(float(np.median(counts)))
    return diags(scale / counts) @ matrix, scale


def _auc(good: Floats, bad: Floats) -> Share:
    """How often one of `good` is above one of `bad` (DeLong et al. 1988)."""
    above = (np.searchsorted(np.sort(bad), good, "left") + np.searchsorted(np.sort(bad), good, "right")) / 2 / len(bad)
    below = (np.searchsorted(np.sort(good), bad, "left") + np.searchsorted(np.sort(good), bad, "right")) / 2 / len(good)
    value = float(above.mean())
    variance = float(above.var(ddof=1)) / len(good) + float(below.var(ddof=1)) / len(bad)
    if variance == 0:  # all are told apart: as sure as so many successes make
        return _share(round(value * min(len(good), len(bad))), min(len(good), len(bad)))
    reach = _DIFFERENCE * math.sqrt(variance)
    return Share(value, max(0.0, value - reach), min(1.0, value + reach))


def _share(count: int, total: int) -> Share:
    """Wilson 1927."""
    square, value = _DIFFERENCE**2, count / total
    middle = (value + square / 2 / total) / (1 + square / total)
    reach = _DIFFERENCE / (1 + square / total) * math.sqrt(value * (1 - value) / total + square / 4 / total**2)
    # Rounding must not leave the value of 0 or 1 outside.
    return Share(value, min(value, max(0.0, middle - reach)), max(value, min(1.0, middle + reach)))

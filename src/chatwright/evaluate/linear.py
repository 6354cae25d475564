"""The baseline of classification: logistic regression on weighted words and character n-grams (TF-IDF).

Cheap, strong on few texts, and what a trained encoder has to beat. scikit-learn does the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Balance = Literal["", "balanced"]


def linear_probabilities(
    texts: Sequence[str], labels: Sequence[int], asked: Sequence[str], *, language: str, balance: Balance = ""
) -> NDArray[np.float64]:
    """Probabilities [N, C] of the `asked` texts, learnt from `texts` with their `labels`; C: labels seen, in order.

    Words are single and in pairs, characters up to five inside words; in Chinese characters up to four, and the
    words of jieba's dictionary. `balance`: rare labels weigh as much as frequent ones.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    shared = {"sublinear_tf": True, "dtype": np.float64}
    if language == "zh":
        words = TfidfVectorizer(tokenizer=_han_words, token_pattern=None, ngram_range=(1, 2), **shared)
        characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, **shared)
    else:
        words = TfidfVectorizer(ngram_range=(1, 2), **shared)
        characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, **shared)
    regression = LogisticRegression(C=4.0, max_iter=1000, class_weight=balance or None)
    model = make_pipeline(make_union(words, characters), regression)
    model.fit(list(texts), list(labels))
    probabilities: NDArray[np.float64] = model.predict_proba(list(asked))
    return probabilities


def _han_words(text: str) -> list[str]:
    import rjieba

    return [word for word in rjieba.cut(text) if word.strip()]

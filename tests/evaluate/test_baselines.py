from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from sacrebleu.metrics.chrf import CHRF

from chatwright.corpus.pair_sets import PAIR_SETS
from chatwright.corpus.settings import PairSettings
from chatwright.evaluate.baselines import lead, nearest, nearest_sentence
from chatwright.evaluate.labels import accuracy, auroc, macro_f1
from chatwright.evaluate.linear import linear_probabilities
from chatwright.evaluate.scorers import summary_scores
from chatwright.evaluate.uncertainty import bootstrap_items

TEXTS = ["A dog runs across a field.", "Two men are cooking.", "a", "A dog sleeps.", "男孩在跑步。", "一个男孩在跑"]
WANTED = ["A dog runs.", "two women are cooking dinner", "男孩跑", "ab"]


def test_the_nearest_is_the_one_with_the_highest_chrf_of_sacrebleu() -> None:
    metric = CHRF()
    for text, found in zip(WANTED, nearest(TEXTS, WANTED), strict=True):
        scores = [metric.sentence_score(each, [text]).score for each in TEXTS]
        assert scores[found] == max(scores)


def test_how_a_text_begins() -> None:
    assert lead("One. Two! Three? Four.", 3, "words") == "One. Two! Three?"
    assert lead("#A#: Hi. You?\n#B#: Fine.\n", 1, "words") == "#A#: Hi. You?"
    assert lead("采用修正的参数", 4, "characters") == "采用修正"


def test_the_sentence_that_shares_most_with_a_question() -> None:
    text = "It rained. The lark sang at dawn. The rose is red!"
    assert nearest_sentence("When did the lark sing?", text, "words") == "The lark sang at dawn."
    assert nearest_sentence("Who?", text, "words") == "It rained."
    assert nearest_sentence("玫瑰是什么颜色?", "云雀在唱歌。玫瑰是红色的；天亮了。", "characters") == "玫瑰是红色的；"


def test_metrics_of_labels_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import f1_score, roc_auc_score

    random = np.random.default_rng(0)
    truth, said = random.integers(0, 3, 200), random.dirichlet([1, 1, 1], 200)
    assert macro_f1(truth, said) == pytest.approx(f1_score(truth, said.argmax(axis=1), average="macro"))
    assert accuracy(truth, said) == pytest.approx((truth == said.argmax(axis=1)).mean())
    truth, scores = random.integers(0, 2, 100), random.integers(0, 10, 100) / 10  # with ties
    assert auroc(truth, np.stack([1 - scores, scores], axis=1)) == pytest.approx(roc_auc_score(truth, scores))
    assert auroc(np.zeros(3, np.int64), np.full((3, 2), 0.5)) == 0.5


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("balance", ["", "balanced"])
def test_the_linear_model_learns_what_words_say(language: str, balance: str) -> None:
    good, bad = (["质量很好", "非常满意"], ["质量很差", "非常失望"]) if language == "zh" else (["so good"], ["so bad"])
    texts = [text for text in good + bad for _ in range(4)]
    labels = [0] * 4 * len(good) + [1] * 4 * len(bad)
    said = linear_probabilities(texts, labels, [good[0], bad[0]], language=language, balance=balance)  # type: ignore[arg-type]
    assert said.argmax(axis=1).tolist() == [0, 1] and np.allclose(said.sum(axis=1), 1)


def test_an_interval_of_any_score() -> None:
    values = np.arange(100.0)
    interval = bootstrap_items(100, lambda drawn: float(np.median(values[drawn])), samples=300, confidence=0.9, seed=1)
    assert interval.low < interval.value == 49.5 < interval.high and interval.n == 100
    same = bootstrap_items(5, lambda _: 1.0, samples=100, confidence=0.9, seed=1)
    assert (same.low, same.high, same.method) == (1.0, 1.0, "constant")


def test_the_beginnings_of_dialogues_score_what_they_score_elsewhere(data_folder: Path) -> None:
    """Three turns without their speakers: 22.76, 7.97 and 17.66, computed by rouge-score apart from this package."""
    pairs = PairSettings(name="dialogsum", source="en", target="en")
    rows = [row for row in PAIR_SETS["dialogsum"].read(data_folder, pairs) if row.split == "test"]
    targets = [row.target for row in rows]

    def scores(sources: list[str]) -> list[float]:
        each = summary_scores(targets, [lead(source, 3, "words") for source in sources], "words")
        return [round(100 * sum(values) / len(values), 2) for values in each.values()]

    assert scores([re.sub(r"#Person\d+#:\s*", "", row.source) for row in rows]) == [22.76, 7.97, 17.66]
    assert scores([row.source for row in rows])[0] > 28  # what reports compare with: speakers count as words

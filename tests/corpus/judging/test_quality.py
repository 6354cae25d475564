from __future__ import annotations

import json
import random
import subprocess
import sys
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.corpus.judging.quality import Learnt, Quality, learn
from chatwright.corpus.judging.runs import _PIECE, BITS, runs_of

GOOD = "river mill stone valley winter bread lantern garden 我们在河边的花园里散步"
BAD = "discount buy now offer casino free winner click 点击免费领取优惠快来购买"


def drawn(seed: int, words: str, count: int = 60) -> list[str]:
    """Texts of which most words are drawn from some, Han ones by the character."""
    own, chance = words.split(), random.Random(seed)
    shared = ["the", "of", "and", "that", "的", "了"]
    return [" ".join(chance.choice(chance.choice([own, shared])) for _ in range(30)) for _ in range(count)]


@pytest.fixture(scope="module")
def learnt() -> Learnt:
    return learn(drawn(0, GOOD), drawn(1, BAD), 0.5)


def features(text: str) -> list[int]:
    found = (
        runs.features[start:end] for runs in runs_of([text]) for start, end in zip(runs.starts, runs.ends, strict=True)
    )
    return [int(feature) for feature in chain.from_iterable(found)]


def test_runs_are_those_of_four_characters_one_word_and_two() -> None:
    assert len(features("ab cd")) == 2 + 2 + 1
    assert len(features("河边人")) == 0 + 3 + 2  # each character is a word
    assert features("") == [] and features("--") == [] and len(features("a")) == 1
    assert features("AB cd") == features("ab cd")
    one, two = features("ab ab"), features("ab")
    assert one.count(two[0]) == 2  # the same word is the same feature, wherever it stands
    assert all(0 <= feature < 1 << BITS for feature in features("any text 河边 \U0001f600 \ud800"))


texts = st.lists(st.text(max_size=30) | st.text(st.sampled_from("ab 河\n"), max_size=30), max_size=6)


@given(texts)
def test_texts_have_the_runs_that_they_have_alone(together: list[str]) -> None:
    found: dict[int, list[int]] = {number: [] for number in range(len(together))}
    for runs in runs_of(together):
        for text, start, end in zip(runs.texts, runs.starts, runs.ends, strict=True):
            found[int(text)] += runs.features[start:end].tolist()
    assert found == {number: features(text) for number, text in enumerate(together)}


@given(texts)
def test_texts_score_together_as_they_do_alone(together: list[str]) -> None:
    weights = np.random.default_rng(0).normal(size=(1 << BITS) + 1).astype(np.float32)
    quality = Quality({"en": weights})
    scores = quality.score(together, "en")
    assert scores.tolist() == [quality.score([text], "en")[0] for text in together]
    assert ((scores >= 0) & (scores <= 1)).all()


def test_a_long_text_is_scored_in_pieces(learnt: Learnt) -> None:
    quality = Quality({"en": learnt.weights})
    long = " ".join(drawn(5, GOOD, count=1_000))
    assert len(long) > 2 * _PIECE
    assert quality.score([long, "x"], "en")[0] == quality.score([long], "en")[0] > 0.8


def test_good_and_bad_are_told_apart(learnt: Learnt, tmp_path: Path) -> None:
    assert learnt.auc.value > 0.95 and learnt.auc.low > 0.5
    for share in (learnt.auc, learnt.good_kept, learnt.bad_dropped):
        assert 0 <= share.low <= share.value <= share.high <= 1 and share.low < share.high
    Quality({"en": learnt.weights}).save(tmp_path / "quality.npz")
    quality = Quality.load(tmp_path / "quality.npz")
    good, bad = quality.score(drawn(2, GOOD), "en"), quality.score(drawn(3, BAD), "en")
    assert good.mean() > 0.8 and bad.mean() < 0.2
    assert (good >= 0.5).mean() > 0.9 and (bad < 0.5).mean() > 0.9


def test_examples_without_difference_are_near_chance() -> None:
    auc = learn(drawn(0, GOOD), drawn(1, GOOD), 0.5).auc
    assert auc.low < 0.5 < auc.high


def test_learning_again_gives_the_same_weights(learnt: Learnt) -> None:
    assert (learn(drawn(0, GOOD), drawn(1, BAD), 0.5).weights == learnt.weights).all()


def test_the_limit_moves_what_stays() -> None:
    strict, lenient = (learn(drawn(0, GOOD), drawn(1, BAD), least) for least in (0.9, 0.1))
    assert strict.good_kept.value <= lenient.good_kept.value
    assert strict.bad_dropped.value >= lenient.bad_dropped.value
    assert strict.auc == lenient.auc


def test_every_process_finds_the_same_features() -> None:
    code = (
        "import json, sys; from chatwright.corpus.judging.runs import runs_of\n"
        "print(json.dumps([runs.features.tolist() for runs in runs_of([sys.argv[1]])]))"
    )
    text = "The river, 河边的人"
    found = subprocess.run([sys.executable, "-c", code, text], check=True, capture_output=True, text=True)
    assert json.loads(found.stdout) == [runs.features.tolist() for runs in runs_of([text])]

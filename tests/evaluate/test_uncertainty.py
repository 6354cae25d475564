import numpy as np
import pytest

from chatwright.core.errors import DataError
from chatwright.evaluate.uncertainty import (
    bootstrap_corpus,
    bootstrap_mean,
    paired_difference,
    seeds_interval,
    share_interval,
)


def test_wilson_against_published_values() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    for successes, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)):
        interval = share_interval([True] * successes + [False] * (n - successes), confidence=0.95)
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)
        assert interval.value == successes / n


def test_wilson_is_honest_when_all_agree() -> None:
    interval = share_interval([True] * 50, confidence=0.95)
    assert interval.value == interval.high == 1.0
    assert interval.low == pytest.approx(0.92865, abs=5e-6)
    assert interval.low > share_interval([True] * 10, confidence=0.95).low


def test_bootstrap_holds_the_mean_and_follows_theory() -> None:
    values = np.random.default_rng(1).normal(2.0, 3.0, size=900)
    interval = bootstrap_mean(values, samples=4000, confidence=0.95, seed=5)
    assert interval.value == pytest.approx(values.mean())
    half = 1.96 * values.std() / 30
    assert interval.low == pytest.approx(interval.value - half, abs=0.15 * half)
    assert interval.high == pytest.approx(interval.value + half, abs=0.15 * half)
    assert interval.n == 900
    assert interval.method == "bootstrap"


def test_bootstrap_covers_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(3)
    hits = 0
    for trial in range(200):
        interval = bootstrap_mean(generator.exponential(size=100), samples=400, confidence=0.9, seed=trial)
        hits += interval.low <= 1.0 <= interval.high
    assert 0.80 <= hits / 200 <= 0.96


def test_same_seed_same_interval_whatever_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random(50)
    whole = bootstrap_mean(values, samples=300, confidence=0.95, seed=9)
    monkeypatch.setattr("chatwright.evaluate.uncertainty._INDICES_AT_ONCE", 70)
    assert bootstrap_mean(values, samples=300, confidence=0.95, seed=9) == whole
    assert bootstrap_mean(values, samples=300, confidence=0.95, seed=10) != whole


def test_paired_difference_is_narrower_than_the_scores() -> None:
    generator = np.random.default_rng(0)
    easy = generator.random(200)
    other = easy - 0.05 + generator.normal(0, 0.01, 200)
    difference = paired_difference(easy, other, samples=1000, confidence=0.95, seed=1)
    swapped = paired_difference(other, easy, samples=1000, confidence=0.95, seed=1)
    score = bootstrap_mean(easy, samples=1000, confidence=0.95, seed=1)
    assert 0 < difference.low < difference.value < difference.high
    assert difference.high - difference.low < (score.high - score.low) / 5
    assert swapped.value == pytest.approx(-difference.value)
    assert (swapped.low, swapped.high) == pytest.approx((-difference.high, -difference.low))


def test_values_without_spread_are_called_constant() -> None:
    interval = bootstrap_mean([0.5] * 10, samples=100, confidence=0.95, seed=0)
    assert (interval.low, interval.value, interval.high) == (0.5, 0.5, 0.5)
    assert interval.method == "constant"


def test_corpus_bootstrap_takes_any_function_of_sums() -> None:
    statistics = np.array([[1.0, 2.0], [3.0, 4.0], [0.0, 4.0], [2.0, 2.0]])
    interval = bootstrap_corpus(statistics, lambda sums: float(sums[0] / sums[1]), samples=500, confidence=0.95, seed=2)
    assert interval.value == pytest.approx(0.5)
    assert 0.0 <= interval.low < 0.5 < interval.high <= 1.0


def test_nothing_to_score_is_told() -> None:
    with pytest.raises(DataError):
        bootstrap_mean([], samples=100, confidence=0.95, seed=0)
    with pytest.raises(DataError):
        share_interval([], confidence=0.95)
    with pytest.raises(DataError, match="2 and 1"):
        paired_difference([1, 2], [1], samples=100, confidence=0.95, seed=0)


def test_seeds_against_known_numbers() -> None:
    # Student (1908), Biometrika 6: how much longer ten patients slept on one drug than on the other. Tables of t have
    # 2.262 at 9 degrees of freedom: 1.58 +- 2.262 * 1.2300 / sqrt(10).
    gained = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]
    interval = seeds_interval(gained, confidence=0.95)
    assert (interval.value, interval.low, interval.high) == pytest.approx((1.58, 0.7001142, 2.4598858), abs=1e-6)
    three = seeds_interval([1.0, 2.0, 3.0], confidence=0.95)  # t is 4.3027 at 2 degrees of freedom
    assert three.high - 2 == 2 - three.low == pytest.approx(4.30265 / 3**0.5, abs=1e-5)
    assert (three.n, three.method) == (3, "t")


def test_intervals_of_three_seeds_cover_the_truth_as_often_as_they_say() -> None:
    draws = np.random.default_rng(4).normal(size=(2_000, 3))
    covered = [interval.low <= 0 <= interval.high for row in draws if (interval := seeds_interval(row, confidence=0.9))]
    assert sum(covered) / len(covered) == pytest.approx(0.9, abs=0.02)


def test_one_seed_says_nothing_of_others() -> None:
    interval = seeds_interval([0.5], confidence=0.95)
    assert (interval.low, interval.high, interval.method) == (0.5, 0.5, "constant")

"""How far a score can be trusted: intervals for means, differences, shares and corpus scores; for a few seeds too.

Resamples are of the scored items (questions), which are taken as independent draws. They say nothing about other
seeds of training: for those `seeds_interval` takes the score of each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chatwright.core.errors import DataError

Floats = NDArray[np.float64]
_INDICES_AT_ONCE = 2_000_000  # bounds the memory of a bootstrap to some tens of megabytes


@dataclass(frozen=True)
class Interval:
    """A value with the bounds of its confidence interval.

    `method` is ``bootstrap`` (percentiles of resamples), ``wilson`` (shares), ``t`` (seeds) or ``constant``: every
    item scored the same, so that resampling shows no spread and the bounds say nothing.
    """

    value: float
    low: float
    high: float
    n: int
    method: str

    def figure(self, unit: str) -> dict[str, Any]:
        """As a score is kept and reported."""
        return {**asdict(self), "unit": unit}


def bootstrap_mean(values: ArrayLike, *, samples: int, confidence: float, seed: int) -> Interval:
    """The mean of `values` with its percentile bootstrap interval (Efron 1979).

    For values that are all 0 or 1 use `share_interval`: resampling a hundred successes can only
    ever say 100%.
    """
    column = _column(values)

    def mean(sums: Floats) -> float:
        return float(sums[0]) / len(column)

    return bootstrap_corpus(column[:, None], mean, samples=samples, confidence=confidence, seed=seed)


def paired_difference(first: ArrayLike, second: ArrayLike, *, samples: int, confidence: float, seed: int) -> Interval:
    """The mean of `first` minus `second`, item by item, with its paired bootstrap interval."""
    a, b = _column(first), _column(second)
    if len(a) != len(b):
        raise DataError(f"a paired difference needs as many scores on each side: {len(a)} and {len(b)}")
    return bootstrap_mean(a - b, samples=samples, confidence=confidence, seed=seed)


def bootstrap_corpus(
    statistics: Floats, score_sums: Callable[[Floats], float], *, samples: int, confidence: float, seed: int
) -> Interval:
    """A score that is a function of summed statistics, with its percentile bootstrap interval.

    `statistics` has shape (items, statistics); `score_sums` maps one row of sums to the score.
    """
    if len(statistics) == 0:
        raise DataError("there is nothing to score")
    value = score_sums(statistics.sum(axis=0))
    if np.all(statistics == statistics[0]):
        return Interval(value, value, value, len(statistics), "constant")
    scores = [score_sums(sums) for sums in _resampled_sums(statistics, samples, seed)]
    tail = (1 - confidence) / 2
    low, high = np.quantile(scores, [tail, 1 - tail])
    method = "bootstrap" if high > low else "constant"
    return Interval(value, float(low), float(high), len(statistics), method)


def bootstrap_items(
    count: int, score: Callable[[NDArray[np.int64]], float], *, samples: int, confidence: float, seed: int
) -> Interval:
    """Any score of chosen items, with its percentile bootstrap interval; `score` takes the numbers of items.

    For scores that are no function of sums, such as areas under curves; slower than `bootstrap_corpus`.
    """
    if count == 0:
        raise DataError("there is nothing to score")
    generator = np.random.default_rng(seed)
    value = score(np.arange(count))
    scores = [score(generator.integers(count, size=count)) for _ in range(samples)]
    tail = (1 - confidence) / 2
    low, high = np.quantile(scores, [tail, 1 - tail])
    return Interval(value, float(low), float(high), count, "bootstrap" if high > low else "constant")


def share_interval(successes: Sequence[bool], *, confidence: float) -> Interval:
    """The share of true items with Wilson's score interval (Wilson 1927).

    It is honest at the ends, where a bootstrap is not: 50 of 50 gives 92.9% to 100%.
    """
    n = len(successes)
    if n == 0:
        raise DataError("there is nothing to score")
    value = sum(successes) / n
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = (value + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(value * (1 - value) / n + z * z / (4 * n * n))
    # Rounding must not push a bound past the value it belongs to.
    low = min(value, max(0.0, centre - half))
    return Interval(value, low, max(value, min(1.0, centre + half)), n, "wilson")


def seeds_interval(values: ArrayLike, *, confidence: float) -> Interval:
    """The mean of the scores of a few trainings, each of its own seed, with Student's t interval (Student 1908).

    Scores of seeds are taken as draws from a normal distribution: three of them have no percentiles to speak of. For a
    difference of what has the same seeds give the differences, seed by seed.
    """
    from scipy.special import stdtrit

    column = _column(values)
    value, n = float(column.mean()), len(column)
    if n == 1 or np.all(column == column[0]):
        return Interval(value, value, value, n, "constant")
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * float(column.std(ddof=1)) / math.sqrt(n)
    return Interval(value, value - half, value + half, n, "t")


def _column(values: ArrayLike) -> Floats:
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or len(column) == 0:
        raise DataError("an interval needs at least one score")
    return column


def _resampled_sums(statistics: Floats, samples: int, seed: int) -> Floats:
    """Sums over `samples` resamples of the rows, shape (samples, statistics)."""
    generator = np.random.default_rng(seed)
    n = len(statistics)
    sums = []
    for start in range(0, samples, max(1, _INDICES_AT_ONCE // n)):
        rows = min(max(1, _INDICES_AT_ONCE // n), samples - start)
        drawn = generator.integers(n, size=(rows, n)) + n * np.arange(rows)[:, None]
        times = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        sums.append(times @ statistics)
    return np.concatenate(sums)

"""BLiMP (arXiv 1912.00582): of two sentences that differ in one point of grammar, which is likelier?

A decoder is asked for the probability of each sentence; an encoder for its pseudo-likelihood (arXiv 1910.14659):
each token's probability where it alone is hidden, multiplied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatwright.core.progress import Progress
from chatwright.corpus.public import read_json_lines
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.evaluate.uncertainty import share_interval

TASK, FOLDER = "blimp", "blimp"


def minimal_pairs(
    data: Path,
    likelihoods: Callable[[Sequence[str]], NDArray[np.float64]],
    settings: EvaluateSettings,
    progress: Progress,
    limit: int | None = None,
) -> tuple[dict[str, Any], NDArray[np.float64], list[tuple[str, ...]]]:
    """Accuracy of each paradigm and over all pairs, with intervals; for each pair whether it was right; and the pairs.

    `likelihoods` says how likely sentences are; `limit` pairs of each paradigm at most. Published paradigms have as
    many pairs each, so that the mean over pairs is the mean over paradigms.
    """
    files = sorted((data / FOLDER).glob("*.jsonl*"))
    figures, every, texts = dict[str, Any](), list[bool](), list[tuple[str, ...]]()
    for number, path in enumerate(files):
        name = path.name.split(".")[0]
        progress.update(number / len(files), f"minimal pairs: {name}")
        pairs = list(read_json_lines(path, ("sentence_good", "sentence_bad")))[:limit]
        both = [(pair["sentence_good"], pair["sentence_bad"]) for pair in pairs]
        told = likelihoods([sentence for pair in both for sentence in pair])
        right = [bool(good > bad) for good, bad in zip(told[::2], told[1::2], strict=True)]
        figures[name] = share_interval(right, confidence=settings.confidence).figure("share")
        every += right
        texts += both
    accuracy = share_interval(every, confidence=settings.confidence).figure("share")
    summary = {"n": len(every), "accuracy": accuracy, "chance": 0.5, "paradigms": figures}
    return summary, np.asarray(every, np.float64), texts

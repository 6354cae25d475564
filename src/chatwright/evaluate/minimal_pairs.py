"""BLiMP (arXiv 1912.00582): of two sentences that differ in one point of grammar, which is likelier?

A decoder is asked for the probability of each sentence; an encoder for its pseudo-likelihood (arXiv 1910.14659):
each token's probability where it alone is hidden, multiplied.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from chatwright.core.progress import Progress
from chatwright.core.seeds import derive_seed
from chatwright.corpus.public import read_json_lines
from chatwright.evaluate.likelihood import continuation_likelihoods
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.evaluate.uncertainty import bootstrap_mean, share_interval
from chatwright.model.decoder import Decoder
from chatwright.model.encoder import Encoder
from chatwright.model.masks import padding_mask
from chatwright.tokens.tokenizer import BEGIN, END, MASK, Tokenizer

TASK, FOLDER = "blimp", "blimp"
_TOGETHER = 256  # sentences with one hidden token each, read at once


def minimal_pairs(
    data: Path,
    model: Decoder | Encoder,
    tokenizer: Tokenizer,
    settings: EvaluateSettings,
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    """Accuracy of each paradigm, and the mean over paradigms with its interval (resampled pairs of each)."""
    files = sorted((data / FOLDER).glob("*.jsonl*"))
    figures: dict[str, Any] = {}
    every: list[list[float]] = []
    for number, path in enumerate(files):
        progress.update(number / len(files), f"minimal pairs: {path.name.split('.')[0]}")
        pairs = list(read_json_lines(path, ("sentence_good", "sentence_bad")))
        sentences = [pair[side] for pair in pairs for side in ("sentence_good", "sentence_bad")]
        told = sentence_likelihoods(model, tokenizer, sentences)
        right = [bool(good > bad) for good, bad in zip(told[::2], told[1::2], strict=True)]
        figures[path.name.split(".")[0]] = share_interval(right, confidence=settings.confidence).figure("share")
        every.append([float(each) for each in right])
    pairs_each = min(map(len, every))
    table = np.array([row[:pairs_each] for row in every])  # the published paradigms have 1,000 pairs each
    mean = bootstrap_mean(table.mean(axis=0), **settings.resampling(derive_seed(seed, TASK)))
    return {"n": int(table.size), "accuracy": mean.figure("share"), "paradigms": figures}


def sentence_likelihoods(
    model: Decoder | Encoder, tokenizer: Tokenizer, sentences: Sequence[str]
) -> NDArray[np.float64]:
    """The logarithm of each sentence's likelihood, or pseudo-likelihood, in nats: [N]."""
    begin, end = tokenizer.control[BEGIN], tokenizer.control[END]
    encoded = tokenizer.encode_batch(list(sentences))
    if isinstance(model, Decoder):
        return continuation_likelihoods(model, [[begin]] * len(encoded), [[*ids, end] for ids in encoded])
    return _pseudo_likelihoods(model, [[begin, *ids, end] for ids in encoded], tokenizer.control[MASK])


@torch.inference_mode()
def _pseudo_likelihoods(model: Encoder, encoded: Sequence[Sequence[int]], mask: int) -> NDArray[np.float64]:
    asked = [(number, place) for number, ids in enumerate(encoded) for place in range(1, len(ids) - 1)]
    asked.sort(key=lambda pair: len(encoded[pair[0]]))
    found = np.zeros(len(encoded))
    for start in range(0, len(asked), _TOGETHER):
        part = asked[start : start + _TOGETHER]
        longest = len(encoded[part[-1][0]])
        ids = torch.zeros(len(part), longest, dtype=torch.long)
        for row, (number, _) in enumerate(part):
            ids[row, : len(encoded[number])] = torch.tensor(encoded[number])
        places = torch.tensor([place for _, place in part])
        hidden_tokens = ids[torch.arange(len(part)), places].clone()
        ids[torch.arange(len(part)), places] = mask
        lengths = torch.tensor([len(encoded[number]) for number, _ in part])
        real = padding_mask(torch.arange(longest)[None] < lengths[:, None])
        hidden = model.hidden(ids, real)[torch.arange(len(part)), places]
        told = model.logits(hidden).float().log_softmax(dim=-1)[torch.arange(len(part)), hidden_tokens]
        np.add.at(found, [number for number, _ in part], told.double().numpy())
    return found

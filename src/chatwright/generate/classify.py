"""What a classifier says of texts. N texts, C labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from chatwright.model.encoder import Encoder
from chatwright.model.masks import padding_mask

_TOGETHER = 64  # texts of about one length


@torch.inference_mode()
def label_probabilities(model: Encoder, texts: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """The probability of each label of the model's configuration for each text, which is given as ids: [N, C].

    Of a text that is longer than the context the beginning is read, as in training (`tokens/labels.py`).
    """
    encoded = [list(ids[: model.config.context]) for ids in texts]
    order = sorted(range(len(encoded)), key=lambda number: len(encoded[number]))
    probabilities = np.zeros((len(encoded), len(model.config.labels)))
    for start in range(0, len(order), _TOGETHER):
        chosen = order[start : start + _TOGETHER]
        longest = len(encoded[chosen[-1]])
        ids = torch.zeros(len(chosen), longest, dtype=torch.long)
        for row, number in enumerate(chosen):
            ids[row, : len(encoded[number])] = torch.tensor(encoded[number])
        lengths = torch.tensor([len(encoded[number]) for number in chosen])
        logits = model(ids, padding_mask(torch.arange(longest)[None] < lengths[:, None]))
        probabilities[chosen] = logits.double().softmax(dim=-1).numpy()
    return probabilities

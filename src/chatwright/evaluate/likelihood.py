"""How likely texts are to a model: what tasks of choosing are scored by. N texts, T tokens, V vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from chatwright.model.decoder import Decoder

_TOGETHER = 64


@torch.inference_mode()
def continuation_likelihoods(
    model: Decoder, prompts: Sequence[Sequence[int]], continuations: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """log p(continuation | prompt) of each pair, in nats: [N]. A prompt needs a token at least.

    Where both are longer than the context, the prompt loses its beginning.
    """
    order = sorted(range(len(prompts)), key=lambda at: len(prompts[at]) + len(continuations[at]))
    found = np.zeros(len(prompts))
    for start in range(0, len(order), _TOGETHER):
        chosen = order[start : start + _TOGETHER]
        rows = []
        for at in chosen:
            room = model.config.context - len(continuations[at])
            prompt = list(prompts[at])[-max(1, room) :]
            rows.append(([*prompt, *continuations[at]][: model.config.context + 1], len(prompt)))
        longest = max(len(ids) for ids, _ in rows)
        ids = torch.zeros(len(rows), longest, dtype=torch.long)
        for row, (each, _) in enumerate(rows):
            ids[row, : len(each)] = torch.tensor(each)
        hidden = model.hidden(ids[:, :-1])  # causal: padding behind a text changes nothing before it
        for row, (at, (each, begin)) in enumerate(zip(chosen, rows, strict=True)):
            logits = model.logits(hidden[row, begin - 1 : len(each) - 1]).float()
            told = logits.log_softmax(dim=-1).gather(1, ids[row, begin : len(each), None])
            found[at] = float(told.double().sum())
    return found

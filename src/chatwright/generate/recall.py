"""Recall: the likeliest beginning of an answer that meets a condition.

Greedy decoding takes the likeliest token at every step, so a right name can lose at its first piece to
a wrong one. Here every beginning that the model holds likely enough is followed until it is known to
meet the condition or not. Beginnings of a probability of at least p are at most 1/p, so the search is
complete without a beam width.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from chatwright.generate.reading import read, read_on
from chatwright.generate.written import Written
from chatwright.model.decoder import Decoder

_TOGETHER = 16  # prompts searched in one batch: each may have many beginnings
_LONGEST = 48  # tokens of a beginning

Met = Callable[[int, list[int]], bool | None]  # (which prompt, tokens): met, not met, or not yet known


@dataclass(frozen=True)
class _Beginning:
    prompt: int
    likelihood: float  # log of its probability
    tokens: list[int]


@torch.inference_mode()
def recall(
    model: Decoder, prompts: Sequence[Sequence[int]], minimum: float, stop: Sequence[int], met: Met
) -> list[Written | None]:
    """The likeliest tokens after each prompt that meet a condition; None where none has probability `minimum`."""
    found: list[Written | None] = [None] * len(prompts)
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    for start in range(0, len(order), _TOGETHER):
        chosen = order[start : start + _TOGETHER]
        for index, best in _search(model, prompts, chosen, math.log(minimum), set(stop), met).items():
            found[index] = Written(best.tokens, best.likelihood)
    return found


def _search(
    model: Decoder, prompts: Sequence[Sequence[int]], chosen: list[int], least: float, stop: set[int], met: Met
) -> dict[int, _Beginning]:
    longest = max(len(prompts[index]) for index in chosen)
    room = max(0, min(_LONGEST, model.config.context - longest))
    reading, logits = read(model, [prompts[index] for index in chosen], room)
    alive = [_Beginning(index, 0.0, []) for index in chosen]
    best: dict[int, _Beginning] = {}
    for step in range(room):
        rows: list[int] = []
        longer: list[_Beginning] = []
        for row, beginning in _likely(logits, alive, least, stop):
            verdict = met(beginning.prompt, beginning.tokens)
            if verdict and _beats(beginning, best):
                best[beginning.prompt] = beginning
            elif verdict is None:
                rows.append(row)
                longer.append(beginning)
        going_on = [at for at, beginning in enumerate(longer) if _beats(beginning, best)]
        if not going_on or step + 1 == room:
            break
        alive = [longer[at] for at in going_on]
        kept = torch.tensor([rows[at] for at in going_on])
        reading.keep(kept)
        logits = read_on(model, torch.tensor([one.tokens[-1] for one in alive]), reading)
    return best


def _likely(logits: Tensor, alive: list[_Beginning], least: float, stop: set[int]) -> list[tuple[int, _Beginning]]:
    """Every beginning one token longer that is likely enough, with the row it goes on from."""
    before = torch.tensor([beginning.likelihood for beginning in alive])
    likelihoods = logits.log_softmax(dim=-1) + before[:, None]
    pairs = (likelihoods >= least).nonzero().tolist()
    values = likelihoods[likelihoods >= least].tolist()
    return [
        (row, _Beginning(alive[row].prompt, value, [*alive[row].tokens, token]))
        for (row, token), value in zip(pairs, values, strict=True)
        if token not in stop
    ]


def _beats(beginning: _Beginning, best: dict[int, _Beginning]) -> bool:
    """Is it likelier than the best found? What is longer only becomes less likely."""
    rival = best.get(beginning.prompt)
    return rival is None or beginning.likelihood > rival.likelihood

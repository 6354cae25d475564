"""Beam search: the likeliest of the sequences that keep to the best beginnings.

At each step every prompt has `beams` beginnings; of all their continuations the best are kept. One that
stops is ranked by its log probability over its length (stop token included) to the power of the length
penalty. A prompt is done when no open beginning, ranked at its present length, beats the worst of as many
finished ones (the rule of Hugging Face's `generate`, so that results agree). B prompts, W beams, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from chatwright.generate.reading import Writer, begun, read, read_on
from chatwright.generate.sampling import forbid_repeats
from chatwright.generate.settings import GenerateSettings
from chatwright.generate.written import Written, room_for


@dataclass
class _Search:
    """One prompt's beams: open beginnings, best first, and what is finished with its rank."""

    index: int
    room: int
    begun: list[int]  # what stands before all of them
    open: list[Written] = field(default_factory=lambda: [Written([])])
    finished: list[tuple[float, Written]] = field(default_factory=list)

    def take(self, candidates: list[tuple[int, int, float]], width: int, stop: set[int], penalty: float) -> list[int]:
        """Go on with (beam, token, log probability), best first; returns which beams the open ones came from."""
        opened, origins = list[Written](), list[int]()
        for place, (beam, token, likelihood) in enumerate(candidates):
            tokens = [*self.open[beam].tokens, token]
            stops = token in stop
            if stops or len(tokens) == self.room:
                if place < width:  # those behind are only there so that enough go on
                    rank = likelihood / len(tokens) ** penalty
                    self.finished.append((rank, Written(tokens[:-1] if stops else tokens, likelihood)))
            elif len(opened) < width:
                opened.append(Written(tokens, likelihood))
                origins.append(beam)
        self.finished = sorted(self.finished, key=lambda pair: -pair[0])[:width]
        self.open = opened
        return origins

    def done(self, width: int, penalty: float) -> bool:
        """Can nothing open become better than what is finished?"""
        if not self.open:
            return True
        best = self.open[0].likelihood / len(self.open[0].tokens) ** penalty
        return len(self.finished) == width and best <= self.finished[-1][0]


@torch.inference_mode()
def search(
    model: Writer, prompts: Sequence[Sequence[int]], settings: GenerateSettings, stop: set[int], start: int
) -> list[Written]:
    """The best of each prompt's finished sequences; of equal ranks the one found first."""
    width = settings.beams
    searches = [
        _Search(index, room_for(model.config, prompt, settings), begun(model, prompt, start))
        for index, prompt in enumerate(prompts)
    ]
    going = [one for one in searches if one.room > 0]
    if not going:
        return [Written([]) for _ in searches]
    reading, logits = read(model, [prompts[one.index] for one in going], max(one.room for one in going), start)
    while going:
        rows, tokens, offset = list[int](), list[int](), 0
        best = _candidates(logits, going, width * max(2, 1 + len(stop)), settings.no_repeat_ngram_size)
        for one, candidates in zip(going, best, strict=True):
            count = len(one.open)
            origins = one.take(candidates, width, stop, settings.length_penalty)
            if not one.done(width, settings.length_penalty):
                rows += [offset + origin for origin in origins]
                tokens += [beam.tokens[-1] for beam in one.open]
            else:
                one.open = []
            offset += count
        going = [one for one in going if one.open]
        if going:
            reading.keep(torch.tensor(rows))
            logits = read_on(model, torch.tensor(tokens), reading)
    return [one.finished[0][1] if one.finished else Written([]) for one in searches]


def _candidates(logits: Tensor, going: list[_Search], count: int, ngram: int) -> list[list[tuple[int, int, float]]]:
    """For each prompt its best continuations as (beam, token, log probability of the whole)."""
    vocabulary = logits.shape[-1]
    before = torch.tensor([beam.likelihood for one in going for beam in one.open])
    likelihoods = logits.float().log_softmax(dim=-1) + before[:, None]
    if ngram:
        so_far = [one.begun + beam.tokens for one in going for beam in one.open]
        likelihoods = forbid_repeats(likelihoods, so_far, ngram)
    best = []
    for part in likelihoods.split([len(one.open) for one in going]):
        values, places = part.flatten().topk(min(count, part.numel()))
        pairs = zip(places.tolist(), values.tolist(), strict=True)
        best.append([(*divmod(place, vocabulary), value) for place, value in pairs])
    return best

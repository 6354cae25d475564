"""The batched engine: many prompts at once, one cache, finished sequences leave.

B sequences, T longest prompt, S positions held. Prompts are padded on the left, so that all
sequences write their next token at the same place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from chatwright.core.errors import DataError
from chatwright.core.seeds import derive_seed
from chatwright.generate.sampling import choose, penalise
from chatwright.generate.settings import GenerateSettings
from chatwright.model.cache import Cache
from chatwright.model.decoder import Decoder

OnToken = Callable[[int, int], None]  # (which prompt, token id), as soon as it is chosen


@dataclass
class Written:
    """What a model wrote: its tokens, and the logarithm of the probability that it gave them, stop token included."""

    tokens: list[int]
    likelihood: float = 0.0


@dataclass
class _Batch:
    """Sequences that are still being written: `index` says which prompts they answer."""

    index: list[int]
    padding: Tensor  # [B]
    cache: Cache
    seen: Tensor | None  # [B, V]
    streams: list[torch.Generator]
    written: dict[int, Written] = field(default_factory=dict)


@torch.inference_mode()
def generate(
    model: Decoder,
    prompts: Sequence[Sequence[int]],
    settings: GenerateSettings,
    stop: Sequence[int],
    on_token: OnToken | None = None,
) -> list[Written]:
    """Continue each prompt until a stop token (left out), `max_new_tokens` or the context's end.

    Sequences of similar length share a batch; a sequence's result depends on its own prompt,
    its place in `prompts` and the seed only (up to rounding of batched arithmetic).
    """
    for number, prompt in enumerate(prompts):
        if not prompt or len(prompt) >= model.config.context:
            raise DataError(
                f"the prompt has {len(prompt)} tokens; this model takes 1 to {model.config.context - 1}",
                where=f"prompt {number + 1}",
                remedy="shorten it, or begin a new conversation",
            )
    results = [Written([]) for _ in prompts]
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    for start in range(0, len(order), settings.batch):
        chosen = order[start : start + settings.batch]
        written = _generate_batch(model, prompts, chosen, settings, set(stop), on_token)
        for index, one in written.items():
            results[index] = one
    return results


def _generate_batch(
    model: Decoder,
    prompts: Sequence[Sequence[int]],
    chosen: list[int],
    settings: GenerateSettings,
    stop: set[int],
    on_token: OnToken | None,
) -> dict[int, Written]:
    limits = {index: min(settings.max_new_tokens, model.config.context - len(prompts[index])) for index in chosen}
    room = max(limits.values())
    batch, logits = _begin(model, prompts, chosen, room, settings)
    for _ in range(room):
        tokens = _choose(batch, logits, settings)
        told = logits.log_softmax(dim=-1).gather(1, tokens[:, None])[:, 0].tolist()
        going_on = []
        for row, token in enumerate(tokens.tolist()):
            index = batch.index[row]
            batch.written[index].likelihood += told[row]
            if token in stop:
                continue
            batch.written[index].tokens.append(token)
            if len(batch.written[index].tokens) < limits[index]:
                going_on.append(row)
            if on_token:
                on_token(index, token)
        if not going_on:
            break
        if len(going_on) < len(batch.index):
            _keep(batch, going_on)
            tokens = tokens[going_on]
        logits = read_on(model, tokens, batch.padding, batch.cache)
    return batch.written


def _begin(
    model: Decoder, prompts: Sequence[Sequence[int]], chosen: list[int], room: int, settings: GenerateSettings
) -> tuple[_Batch, Tensor]:
    ids, padding = pad_left([prompts[index] for index in chosen])
    cache, logits = read(model, ids, padding, room)
    seen = None
    if settings.repetition_penalty > 1:
        seen = torch.zeros(len(chosen), model.config.vocabulary_size, dtype=torch.bool)
        seen.scatter_(1, ids, torch.arange(ids.shape[1])[None] >= padding[:, None])
    streams = [torch.Generator().manual_seed(derive_seed(settings.seed, "sample", index)) for index in chosen]
    return _Batch(list(chosen), padding, cache, seen, streams, {index: Written([]) for index in chosen}), logits


def pad_left(prompts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Prompts as ids [B, T], and how many places at the left of each hold none: padding [B]."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts])
    return ids, torch.tensor([longest - len(prompt) for prompt in prompts])


def read(model: Decoder, ids: Tensor, padding: Tensor, room: int) -> tuple[Cache, Tensor]:
    """Read prompts, with room for so many tokens more: their cache, and the logits [B, V] of what comes next."""
    longest = ids.shape[1]
    places = torch.arange(longest)
    # A padded place looks at itself only: a row without any key would give no number.
    visible = (places[None, None] >= padding[:, None, None]) & (places[None] <= places[:, None])
    mask = (visible | torch.eye(longest, dtype=torch.bool))[:, None]
    cache = Cache(model.config, len(ids), longest + room, torch.float32)
    hidden = model.hidden(ids, mask, (places[None] - padding[:, None]).clamp(min=0), cache)
    return cache, model.logits(hidden[:, -1])


def read_on(model: Decoder, tokens: Tensor, padding: Tensor, cache: Cache) -> Tensor:
    """Read one token more of each sequence, tokens [B]: the logits [B, V] of what comes next."""
    positions = (cache.length - padding)[:, None]
    mask = (torch.arange(cache.length + 1) >= padding[:, None])[:, None, None]
    return model.logits(model.hidden(tokens[:, None], mask, positions, cache)[:, -1])


def _choose(batch: _Batch, logits: Tensor, settings: GenerateSettings) -> Tensor:
    if batch.seen is not None:
        logits = penalise(logits, batch.seen, settings.repetition_penalty)
    draws = None
    if settings.temperature > 0:
        draws = torch.stack([torch.rand((), generator=stream, dtype=torch.double) for stream in batch.streams])
    tokens = choose(logits, settings, draws)
    if batch.seen is not None:
        batch.seen.scatter_(1, tokens[:, None], True)
    return tokens


def _keep(batch: _Batch, rows: list[int]) -> None:
    kept = torch.tensor(rows)
    batch.cache.keep(kept)
    batch.padding = batch.padding[kept]
    batch.seen = batch.seen[kept] if batch.seen is not None else None
    batch.index = [batch.index[row] for row in rows]
    batch.streams = [batch.streams[row] for row in rows]

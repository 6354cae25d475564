"""The batched engine: many prompts at once, one cache, finished sequences leave. B sequences, V vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from chatwright.core.seeds import derive_seed
from chatwright.generate.agreement import most_agreeing
from chatwright.generate.beams import search
from chatwright.generate.reading import Reading, Writer, begun, read, read_on
from chatwright.generate.sampling import choose, forbid_repeats, penalise
from chatwright.generate.settings import GenerateSettings
from chatwright.generate.written import Written, check_prompt, room_for
from chatwright.tokens.words import characters

OnToken = Callable[[int, int], None]  # (which prompt, token id), as soon as it is chosen


@dataclass
class _Batch:
    """Sequences that are still being written: `index` says which prompts they answer."""

    index: list[int]
    reading: Reading
    begun: dict[int, list[int]]
    seen: Tensor | None  # [B, V]
    streams: list[torch.Generator]
    written: dict[int, Written] = field(default_factory=dict)


@torch.inference_mode()
def generate(
    model: Writer,
    prompts: Sequence[Sequence[int]],
    settings: GenerateSettings,
    stop: Sequence[int],
    on_token: OnToken | None = None,
    start: int = 0,
    decode: Callable[[list[int]], str] | None = None,
) -> list[Written]:
    """Continue each prompt until a stop token (left out), `max_new_tokens` or the context's end.

    An encoder-decoder takes prompts as sources and writes their targets, which begin with `start`.
    Sequences of similar length share a batch; a sequence's result depends on its own prompt,
    its place in `prompts` and the seed only (up to rounding of batched arithmetic). Of several candidates for a
    prompt the one is kept whose text, as `decode` has it (without: whose tokens), agrees most with the others';
    `on_token` hears nothing of them.
    """
    if settings.candidates > 1:
        return _most_agreeing(model, prompts, settings, stop, start, decode)
    for number, prompt in enumerate(prompts):
        check_prompt(prompt, model.config, f"prompt {number + 1}", "shorten it, or begin a new conversation")
    results = [Written([]) for _ in prompts]
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    for first in range(0, len(order), settings.batch):
        chosen = order[first : first + settings.batch]
        if settings.beams > 1:
            found = search(model, [prompts[index] for index in chosen], settings, set(stop), start)
            written = dict(zip(chosen, found, strict=True))
        else:
            written = _generate_batch(model, prompts, chosen, settings, set(stop), on_token, start)
        for index, one in written.items():
            results[index] = one
    return results


def _most_agreeing(
    model: Writer,
    prompts: Sequence[Sequence[int]],
    settings: GenerateSettings,
    stop: Sequence[int],
    start: int,
    decode: Callable[[list[int]], str] | None,
) -> list[Written]:
    count = settings.candidates
    every = [prompt for prompt in prompts for _ in range(count)]
    drawn = generate(model, every, settings.model_copy(update={"candidates": 1}), stop, start=start)
    each = [drawn[first : first + count] for first in range(0, len(drawn), count)]
    units = (lambda one: characters(decode(one.tokens))) if decode else (lambda one: one.tokens)
    return [candidates[most_agreeing([units(one) for one in candidates])] for candidates in each]


def _generate_batch(
    model: Writer,
    prompts: Sequence[Sequence[int]],
    chosen: list[int],
    settings: GenerateSettings,
    stop: set[int],
    on_token: OnToken | None,
    start: int,
) -> dict[int, Written]:
    limits = {index: room_for(model.config, prompts[index], settings) for index in chosen}
    room = max(limits.values())
    batch, logits = _begin(model, prompts, chosen, room, settings, start)
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
        logits = read_on(model, tokens, batch.reading)
    return batch.written


def _begin(
    model: Writer,
    prompts: Sequence[Sequence[int]],
    chosen: list[int],
    room: int,
    settings: GenerateSettings,
    start: int,
) -> tuple[_Batch, Tensor]:
    given = [tuple(prompts[index]) for index in chosen]
    places = {prompt: place for place, prompt in enumerate(dict.fromkeys(given))}
    reading, logits = read(model, list(places), room, start)
    if len(places) < len(given):  # a prompt that comes several times is read once
        rows = torch.tensor([places[prompt] for prompt in given])
        reading.keep(rows)
        logits = logits[rows]
    before = {index: begun(model, prompts[index], start) for index in chosen}
    seen = None
    if settings.repetition_penalty > 1:
        seen = torch.zeros(len(chosen), model.config.vocabulary_size, dtype=torch.bool)
        for row, index in enumerate(chosen):
            seen[row, torch.tensor(before[index])] = True
    streams = [torch.Generator().manual_seed(derive_seed(settings.seed, "sample", index)) for index in chosen]
    return _Batch(list(chosen), reading, before, seen, streams, {index: Written([]) for index in chosen}), logits


def _choose(batch: _Batch, logits: Tensor, settings: GenerateSettings) -> Tensor:
    if batch.seen is not None:
        logits = penalise(logits, batch.seen, settings.repetition_penalty)
    if settings.no_repeat_ngram_size:
        so_far = [batch.begun[index] + batch.written[index].tokens for index in batch.index]
        logits = forbid_repeats(logits, so_far, settings.no_repeat_ngram_size)
    draws = None
    if settings.temperature > 0:
        draws = torch.stack([torch.rand((), generator=stream, dtype=torch.double) for stream in batch.streams])
    tokens = choose(logits, settings, draws)
    if batch.seen is not None:
        batch.seen.scatter_(1, tokens[:, None], True)
    return tokens


def _keep(batch: _Batch, rows: list[int]) -> None:
    kept = torch.tensor(rows)
    batch.reading.keep(kept)
    batch.seen = batch.seen[kept] if batch.seen is not None else None
    batch.index = [batch.index[row] for row in rows]
    batch.streams = [batch.streams[row] for row in rows]

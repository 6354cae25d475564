"""Reading prompts, and going on from them one token at a time: the same for all models that write.

B sequences, T longest prompt, S positions held, V vocabulary. Prompts of a decoder are padded on the
left, so that all sequences write their next token at the same place. An encoder-decoder reads its
prompts as sources, padded on the right, and writes from its start token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from chatwright.model.cache import Cache
from chatwright.model.decoder import Decoder
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.model.masks import padding_mask

Writer = Decoder | EncoderDecoder  # what can write


@dataclass
class Reading:
    """Sequences in the middle of being written: what attention has seen of each."""

    cache: Cache
    padding: Tensor  # [B], places at the left that hold no token
    memory_mask: Tensor | None = None  # [B, 1, 1, S'] of the sources

    def keep(self, rows: Tensor) -> None:
        """Keep these rows, in this order; a row may come more than once."""
        self.cache.keep(rows)
        self.padding = self.padding[rows]
        self.memory_mask = None if self.memory_mask is None else self.memory_mask[rows]


def begun(model: Writer, prompt: Sequence[int], start: int) -> list[int]:
    """What stands before the tokens that are written: the prompt, or the start token of an encoder-decoder."""
    return [start] if isinstance(model, EncoderDecoder) else list(prompt)


def read(model: Writer, prompts: Sequence[Sequence[int]], room: int, start: int = 0) -> tuple[Reading, Tensor]:
    """Read prompts, with room for so many tokens more: and the logits [B, V] of what comes next.

    `start` is the token that an encoder-decoder's targets begin with.
    """
    if isinstance(model, EncoderDecoder):
        return _read_sources(model, prompts, room, start)
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts])
    padding = torch.tensor([longest - len(prompt) for prompt in prompts])
    places = torch.arange(longest)
    # A padded place looks at itself only: a row without any key would give no number.
    visible = (places[None, None] >= padding[:, None, None]) & (places[None] <= places[:, None])
    mask = (visible | torch.eye(longest, dtype=torch.bool))[:, None]
    cache = Cache(model.config, len(ids), longest + room, torch.float32)
    hidden = model.hidden(ids, mask, (places[None] - padding[:, None]).clamp(min=0), cache)
    return Reading(cache, padding), model.logits(hidden[:, -1])


def _read_sources(
    model: EncoderDecoder, sources: Sequence[Sequence[int]], room: int, start: int
) -> tuple[Reading, Tensor]:
    longest = max(map(len, sources))
    ids = torch.tensor([list(source) + [0] * (longest - len(source)) for source in sources])
    lengths = torch.tensor([len(source) for source in sources])
    mask = padding_mask(torch.arange(longest)[None] < lengths[:, None])
    cache = Cache(model.config, len(ids), 1 + room, torch.float32)
    begin = torch.full((len(ids), 1), start)
    hidden = model.hidden(begin, model.encode(ids, mask), mask, cache=cache)
    return Reading(cache, torch.zeros(len(ids), dtype=torch.long), mask), model.logits(hidden[:, -1])


def read_on(model: Writer, tokens: Tensor, reading: Reading) -> Tensor:
    """Read one token more of each sequence, tokens [B]: the logits [B, V] of what comes next."""
    cache = reading.cache
    if isinstance(model, EncoderDecoder):
        hidden = model.hidden(tokens[:, None], None, reading.memory_mask, _all_seen(cache), cache)
        return model.logits(hidden[:, -1])
    positions = (cache.length - reading.padding)[:, None]
    mask = (torch.arange(cache.length + 1) >= reading.padding[:, None])[:, None, None]
    return model.logits(model.hidden(tokens[:, None], mask, positions, cache)[:, -1])


def _all_seen(cache: Cache) -> Tensor:
    return torch.ones(1, 1, 1, cache.length + 1, dtype=torch.bool)

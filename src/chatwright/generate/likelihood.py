"""How likely texts are to a model: what tasks of choosing are scored by. N texts, T tokens, V vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from chatwright.core.errors import DataError
from chatwright.model.decoder import Decoder
from chatwright.model.encoder import Encoder
from chatwright.model.masks import padding_mask
from chatwright.tokens.template import Message, encode_prompt
from chatwright.tokens.tokenizer import END, Tokenizer

_TOGETHER = 64
_HIDDEN_TOGETHER = 256  # texts with one hidden token each, read at once


def continuation_likelihoods(
    model: Decoder, prompts: Sequence[Sequence[int]], continuations: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """log p(continuation | prompt) of each pair, in nats: [N]. A prompt needs a token at least.

    Where both are longer than the context, the prompt loses its beginning; a continuation that alone is longer is a
    `DataError`.
    """
    return continuations_told(model, prompts, continuations)[0]


@torch.inference_mode()
def continuations_told(
    model: Decoder, prompts: Sequence[Sequence[int]], continuations: Sequence[Sequence[int]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The same, and whether the continuation is what greedy decoding would write: [N] each."""
    for number, continuation in enumerate(continuations):
        _check_length(continuation, model.config.context, number)
    order = sorted(range(len(prompts)), key=lambda at: len(prompts[at]) + len(continuations[at]))
    found, greedy = np.zeros(len(prompts)), np.zeros(len(prompts), np.bool_)
    for start in range(0, len(order), _TOGETHER):
        chosen = order[start : start + _TOGETHER]
        rows = []
        for at in chosen:
            room = model.config.context + 1 - len(continuations[at])  # the last token is only foreseen
            prompt = list(prompts[at])[-room:]
            rows.append(([*prompt, *continuations[at]], len(prompt)))
        longest = max(len(ids) for ids, _ in rows)
        ids = torch.zeros(len(rows), longest, dtype=torch.long)
        for row, (each, _) in enumerate(rows):
            ids[row, : len(each)] = torch.tensor(each)
        hidden = model.hidden(ids[:, :-1])  # causal: padding behind a text changes nothing before it
        for row, (at, (each, begin)) in enumerate(zip(chosen, rows, strict=True)):
            logits = model.logits(hidden[row, begin - 1 : len(each) - 1]).float()
            wanted = ids[row, begin : len(each)]
            found[at] = float(logits.log_softmax(dim=-1).gather(1, wanted[:, None]).double().sum())
            greedy[at] = bool((logits.argmax(dim=-1) == wanted).all())
    return found, greedy


def reply_likelihoods(
    model: Decoder, tokenizer: Tokenizer, talks: Sequence[Sequence[Message]], replies: Sequence[str]
) -> NDArray[np.float64]:
    """log p(the assistant says the reply next | talk) of each pair, in nats, by the chat template: [N].

    Of a reply that is longer than the context the beginning counts, and its end.
    """
    texts, end, most = sorted(set(replies)), tokenizer.control[END], model.config.context - 1
    encoded = dict(zip(texts, ([*ids[:most], end] for ids in tokenizer.encode_batch(texts)), strict=True))
    prompts = [encode_prompt(tokenizer, talk) for talk in talks]
    return continuation_likelihoods(model, prompts, [encoded[text] for text in replies])


def text_likelihoods(
    model: Decoder | Encoder, texts: Sequence[Sequence[int]], mask: int | None = None
) -> NDArray[np.float64]:
    """How likely whole texts are, as ids with what marks their beginning (and end): [N], in nats.

    A decoder: log p of all that follows the first token. An encoder: the pseudo-log-likelihood (arXiv 1910.14659),
    each token between the first and the last hidden alone, by `mask`.
    """
    if isinstance(model, Decoder):
        return continuation_likelihoods(model, [ids[:1] for ids in texts], [ids[1:] for ids in texts])
    assert mask is not None
    return _pseudo_likelihoods(model, texts, mask)


def _check_length(text: Sequence[int], context: int, number: int) -> None:
    if len(text) > context:
        raise DataError(
            f"the text has {len(text)} tokens; this model takes {context}",
            where=f"text {number + 1}",
            remedy="shorten it, or ask a model of a longer context",
        )


@torch.inference_mode()
def _pseudo_likelihoods(model: Encoder, texts: Sequence[Sequence[int]], mask: int) -> NDArray[np.float64]:
    for number, text in enumerate(texts):
        _check_length(text, model.config.context, number)
    asked = [(number, place) for number, ids in enumerate(texts) for place in range(1, len(ids) - 1)]
    asked.sort(key=lambda pair: len(texts[pair[0]]))
    found = np.zeros(len(texts))
    for start in range(0, len(asked), _HIDDEN_TOGETHER):
        part = asked[start : start + _HIDDEN_TOGETHER]
        longest = len(texts[part[-1][0]])
        ids = torch.zeros(len(part), longest, dtype=torch.long)
        for row, (number, _) in enumerate(part):
            ids[row, : len(texts[number])] = torch.tensor(texts[number])
        places = torch.tensor([place for _, place in part])
        hidden_tokens = ids[torch.arange(len(part)), places].clone()
        ids[torch.arange(len(part)), places] = mask
        lengths = torch.tensor([len(texts[number]) for number, _ in part])
        real = padding_mask(torch.arange(longest)[None] < lengths[:, None])
        hidden = model.hidden(ids, real)[torch.arange(len(part)), places]
        told = model.logits(hidden).float().log_softmax(dim=-1)[torch.arange(len(part)), hidden_tokens]
        np.add.at(found, [number for number, _ in part], told.double().numpy())
    return found

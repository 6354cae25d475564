from __future__ import annotations

import itertools

import pytest
import torch

from chatwright.generate.recall import recall
from chatwright.model.decoder import Decoder
from tests.model.test_decoder import SMALL, small_model

PROMPTS = [[5, 6, 7], [7], [9, 8]]


def likelihood(model: Decoder, prompt: list[int], tokens: tuple[int, ...]) -> float:
    """The log-probability of these tokens after the prompt, the slow way."""
    with torch.no_grad():
        chances = model(torch.tensor([[*prompt, *tokens]]))[0].log_softmax(-1)
    return sum(float(chances[len(prompt) - 1 + at, token]) for at, token in enumerate(tokens))


def sharp_model() -> Decoder:
    """A model with a head of its own: what it reads does not sway what it says next."""
    return small_model(SMALL.model_copy(update={"tied": False}))


def test_the_likeliest_that_meets_the_condition_is_found() -> None:
    model = sharp_model()
    size = model.config.vocabulary_size

    def met(_: int, tokens: list[int]) -> bool | None:
        return None if len(tokens) < 2 else sum(tokens) % 3 == 0

    found = recall(model, PROMPTS, 1e-9, [0], met)
    for prompt, tokens in zip(PROMPTS, found, strict=True):
        pairs = [pair for pair in itertools.product(range(1, size), repeat=2) if sum(pair) % 3 == 0]
        best = max(pairs, key=lambda pair: likelihood(model, prompt, pair))
        assert tokens and tokens.tokens == list(best)
        assert tokens.likelihood == pytest.approx(likelihood(model, prompt, best), abs=1e-4)


def test_what_is_too_unlikely_is_not_found() -> None:
    model = sharp_model()
    with torch.no_grad():
        chances = model(torch.tensor([PROMPTS[0]]))[0, -1].softmax(-1)
    token = int(chances.argsort()[-2])
    share = float(chances[token])

    def met(_: int, tokens: list[int]) -> bool | None:
        return tokens == [token]

    (found,) = recall(model, PROMPTS[:1], share * 0.99, [], met)
    assert found and found.tokens == [token]
    assert recall(model, PROMPTS[:1], share * 1.01, [], met) == [None]
    assert recall(model, PROMPTS[:1], share * 0.99, [token], met) == [None]  # it ends the answer
    assert recall(model, [], 0.01, [], met) == []


@pytest.mark.parametrize("verdict", [None, False])
def test_a_search_comes_to_an_end(verdict: bool | None) -> None:
    assert recall(small_model(), [[5] * 3], 1e-3, [], lambda *_: verdict) == [None]

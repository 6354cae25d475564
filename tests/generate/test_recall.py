from __future__ import annotations

import pytest
import torch

from chatwright.generate.recall import recall
from chatwright.model.decoder import Decoder
from tests.model.test_decoder import SMALL, small_model

PROMPTS = [[5, 6, 7], [7], [9, 8]]


def likelihoods(model: Decoder, prompt: list[int]) -> torch.Tensor:
    """The log-probability of every two tokens after the prompt, the slow way: [V, V]."""
    rows = torch.tensor([[*prompt, token] for token in range(model.config.vocabulary_size)])
    with torch.no_grad():
        chances = model(rows).log_softmax(-1)
    return chances[0, len(prompt) - 1][:, None] + chances[:, -1]


def sharp_model() -> Decoder:
    """A model with a head of its own: what it reads does not sway what it says next."""
    return small_model(SMALL.model_copy(update={"tied": False}))


def test_the_likeliest_that_meets_the_condition_is_found() -> None:
    model = sharp_model()
    tokens = torch.arange(model.config.vocabulary_size)
    allowed = ((tokens[:, None] + tokens) % 3 == 0) & (tokens[:, None] > 0) & (tokens > 0)

    def met(_: int, begun: list[int]) -> bool | None:
        return None if len(begun) < 2 else sum(begun) % 3 == 0

    found = recall(model, PROMPTS, 1e-9, [0], met)
    for prompt, written in zip(PROMPTS, found, strict=True):
        every = likelihoods(model, prompt).masked_fill(~allowed, -torch.inf)
        assert written and written.tokens == list(divmod(int(every.argmax()), len(tokens)))
        assert written.likelihood == pytest.approx(float(every.max()), abs=1e-4)


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

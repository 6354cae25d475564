from __future__ import annotations

import pytest
import torch

from chatwright.core.errors import DataError
from chatwright.generate.engine import generate
from chatwright.generate.sampling import choose, penalise, probabilities
from chatwright.generate.settings import GenerateSettings
from chatwright.model.decoder import Decoder
from tests.model.test_decoder import small_model

PROMPTS = [[7, 8, 9], [10], [11, 12, 13, 14, 15, 16], [17, 18]]


def written_out_greedy(model: Decoder, prompt: list[int], count: int, stop: int) -> list[int]:
    ids = list(prompt)
    with torch.no_grad():
        for _ in range(count):
            token = int(model(torch.tensor([ids]))[0, -1].argmax())
            if token == stop:
                break
            ids.append(token)
    return ids[len(prompt) :]


def test_a_batch_with_cache_and_padding_writes_what_plain_greedy_writes() -> None:
    model = small_model()
    first = written_out_greedy(model, PROMPTS[2], 1, -1)[0]
    for stop in (-1, first):
        settings = GenerateSettings(max_new_tokens=12, batch=3)
        expected = [written_out_greedy(model, prompt, 12, stop) for prompt in PROMPTS]
        assert [one.tokens for one in generate(model, PROMPTS, settings, [stop])] == expected


def test_sampling_repeats_with_its_seed_and_differs_without() -> None:
    model = small_model()

    def sample(seed: int, batch: int) -> list[list[int]]:
        settings = GenerateSettings(temperature=1.5, seed=seed, max_new_tokens=10, batch=batch)
        return [one.tokens for one in generate(model, PROMPTS, settings, [])]

    assert sample(1, 4) == sample(1, 4) == sample(1, 1)
    assert sample(1, 4) != sample(2, 4)


def test_generation_ends_at_the_context() -> None:
    model = small_model()
    prompt = list(range(10, 70))
    assert len(generate(model, [prompt], GenerateSettings(max_new_tokens=50), [])[0].tokens) == 4
    with pytest.raises(DataError, match="takes 1 to 63"):
        generate(model, [[5] * 64], GenerateSettings(), [])


def test_probabilities_after_top_k_and_top_p() -> None:
    logits = torch.tensor([[4.0, 3.0, 2.0, 1.0]]).log()  # 0.4 0.3 0.2 0.1
    top_k = probabilities(logits, GenerateSettings(temperature=1, top_k=2))
    assert torch.allclose(top_k, torch.tensor([[4 / 7, 3 / 7, 0, 0]]))
    top_p = probabilities(logits, GenerateSettings(temperature=1, top_p=0.65))
    assert torch.allclose(top_p, torch.tensor([[4 / 7, 3 / 7, 0, 0]]))
    cold = probabilities(logits, GenerateSettings(temperature=0.5))
    assert torch.allclose(cold, torch.tensor([[16 / 30, 9 / 30, 4 / 30, 1 / 30]]))


def test_draws_pick_by_the_cumulative_distribution() -> None:
    logits = torch.tensor([[4.0, 3.0, 2.0, 1.0]]).log().expand(4, 4)
    draws = torch.tensor([0.0, 0.39, 0.41, 0.95], dtype=torch.double)
    assert choose(logits, GenerateSettings(temperature=1), draws).tolist() == [0, 0, 1, 3]
    assert choose(logits, GenerateSettings(), None).tolist() == [0] * 4


def test_repetition_is_penalised_on_both_sides_of_zero() -> None:
    logits, seen = torch.tensor([[2.0, -2.0, 1.0]]), torch.tensor([[True, True, False]])
    assert penalise(logits, seen, 2.0).tolist() == [[1.0, -4.0, 1.0]]
    model = small_model()
    free = generate(model, [[5, 6]], GenerateSettings(max_new_tokens=40), [])[0].tokens
    held = generate(model, [[5, 6]], GenerateSettings(max_new_tokens=40, repetition_penalty=10.0), [])[0].tokens
    assert len(set(held)) > len(set(free))


def test_a_long_prompt_does_not_cut_its_neighbours_short() -> None:
    model = small_model()
    settings = GenerateSettings(max_new_tokens=20, batch=2)
    long, short = list(range(10, 70)), [7, 8, 9]
    together = [one.tokens for one in generate(model, [long, short], settings, [])]
    assert together == [generate(model, [prompt], settings, [])[0].tokens for prompt in (long, short)]
    assert [len(ids) for ids in together] == [4, 20]


def test_what_is_written_comes_with_its_likelihood() -> None:
    model = small_model()
    stop = written_out_greedy(model, PROMPTS[0], 3, -1)[-1]
    for one, prompt in zip(generate(model, PROMPTS, GenerateSettings(max_new_tokens=5), [stop]), PROMPTS, strict=True):
        ids = [*prompt, *one.tokens, *([stop] if len(one.tokens) < 5 else [])]
        with torch.no_grad():
            chances = model(torch.tensor([ids]))[0].log_softmax(-1)
        expected = sum(float(chances[at - 1, ids[at]]) for at in range(len(prompt), len(ids)))
        assert one.likelihood == pytest.approx(expected, abs=1e-4)

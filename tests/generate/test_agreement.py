from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from rouge_score.rouge_scorer import RougeScorer

from chatwright.generate import engine
from chatwright.generate.agreement import most_agreeing
from chatwright.generate.engine import generate
from chatwright.generate.settings import GenerateSettings
from tests.model.test_decoder import small_model

PROMPTS = [[7, 8, 9], [10], [11, 12, 13, 14, 15, 16]]
words = st.lists(st.sampled_from("abcd"), max_size=7)


@given(st.lists(words, min_size=1, max_size=6))
def test_what_agrees_most_is_what_rouge_l_says(answers: list[list[str]]) -> None:
    scorer = RougeScorer(["rougeL"])

    def agreement(answer: list[str]) -> float:
        scores = [scorer.score(" ".join(other), " ".join(answer))["rougeL"].fmeasure for other in answers]
        return sum(scores) / len(scores)

    best = max(map(agreement, answers))
    chosen = most_agreeing(answers)
    assert agreement(answers[chosen]) == pytest.approx(best)


def test_of_equals_the_first_and_of_nothing_nothing() -> None:
    assert most_agreeing([[], [1, 2], [3, 4], [3, 4]]) == 2 and most_agreeing([[], []]) == 0


def test_of_drawn_answers_the_one_that_agrees_most_is_written() -> None:
    model, count = small_model(), 5
    drawn = GenerateSettings(temperature=1.5, max_new_tokens=8, seed=3, batch=4)
    every = generate(model, [prompt for prompt in PROMPTS for _ in range(count)], drawn, [])
    settings = drawn.model_copy(update={"candidates": count})
    written = generate(model, PROMPTS, settings, [])
    for at, one in enumerate(written):
        candidates = [each.tokens for each in every[at * count : (at + 1) * count]]
        assert len({tuple(each) for each in candidates}) > 1
        assert one.tokens == candidates[most_agreeing(candidates)]
    same = generate(model, PROMPTS, settings, [], decode=lambda _: "one text")  # compared by text, not by tokens
    assert [one.tokens for one in same] == [each.tokens for each in every[::count]]


def test_a_prompt_that_comes_several_times_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read, model, seen = engine.read, small_model(), list[int]()

    def watched(model: engine.Writer, prompts: list[list[int]], room: int, start: int) -> object:
        seen.append(len(prompts))
        return read(model, prompts, room, start)

    monkeypatch.setattr(engine, "read", watched)
    twice = generate(model, [*PROMPTS, *PROMPTS], GenerateSettings(max_new_tokens=6), [])
    assert seen == [3] and twice[:3] == twice[3:]


def test_candidates_are_drawn() -> None:
    with pytest.raises(ValidationError, match="temperature above 0"):
        GenerateSettings(candidates=4)
    with pytest.raises(ValidationError, match="beams exclude temperature"):
        GenerateSettings(candidates=4, temperature=1, beams=2)

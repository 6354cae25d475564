"""Choosing the right answer: likely after its talk, and not likely anyway."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from chatwright.core.progress import Silent
from chatwright.evaluate.messages import Answered, _model_scores, _samples, answered, choose
from chatwright.evaluate.outcome import Talk
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.generate.assistant import Reply
from chatwright.generate.settings import GenerateSettings


def talk(question: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


class Parrot:
    """Answers every question with `says`."""

    def __init__(self, says: str) -> None:
        self.says = says

    def fits(self, turns: Talk) -> bool:
        return True

    def answer(self, asked: Sequence[Talk], settings: GenerateSettings) -> list[Reply]:
        return [Reply(self.says, self.says) for _ in asked]


@pytest.mark.parametrize("right", ["今天天气很好。", "Das Wetter ist schön.", "Use JSON 格式"])
def test_answers_in_any_language_are_compared(right: str) -> None:
    for says, score in ((right, 1.0), ("?!", 0.0)):
        assistant: Any = Parrot(says)
        (row,) = _samples([talk("天气?", right)], assistant, 1, GenerateSettings(), 1, Silent())
        assert row["rouge_l"] == score


def test_what_is_always_likely_loses_to_what_this_talk_makes_likely() -> None:
    """A model that says "Yes." after everything, and the right thing almost as readily."""
    told = {"A rose is red.": "red?", "The lark sings.": "sings?"}

    def likelihoods(talks: Sequence[Talk], replies: Sequence[str]) -> NDArray[np.float64]:
        pairs = [(talk[-1]["content"], reply) for talk, reply in zip(talks, replies, strict=True)]
        return np.asarray([-1.0 if "Yes" in said else -2.0 if told[said] in heard else -9.0 for heard, said in pairs])

    asked = [
        Answered([{"role": "user", "content": question}], answer, "here")
        for question, answer in (("What is red?", "A rose is red."), ("Which bird sings?", "The lark sings."))
    ]
    learnt = [
        Answered([{"role": "user", "content": text}], "Yes.", source)
        for text, source in (("Is it?", "here"), ("Was it red?", "here"), ("And who sings?", "elsewhere"))
    ]
    candidates = [["A rose is red.", "The lark sings.", "Yes."], ["The lark sings.", "A rose is red.", "Yes."]]
    first, second = _model_scores(likelihoods, asked, candidates, learnt, Random(1))
    anyway = np.log((np.exp(-2) + np.exp(-9)) / 2)  # one of the two learnt talks from here is about red
    assert np.allclose(first, [-2 - anyway, 0, 0]) and np.allclose(second, [7, -9 - anyway, 0])


def test_talks_end_before_their_last_answer_and_those_without_one_are_not_asked() -> None:
    turns = [*talk("one", "two"), {"role": "user", "content": "three"}]
    found = answered([turns, turns[1:]], ["a", "b"])
    assert found == [Answered(turns[:1], "two", "a")]


@pytest.mark.parametrize("knows", [True, False])
def test_the_gain_is_over_what_the_words_alone_find(knows: bool) -> None:
    """Two of four answers repeat their questions, two each other's; the model knows all four, or none."""
    right = {
        "what is a heron": "a heron, that is a bird",
        "where is the quarry": "the quarry is there",
        "who has the lantern": "he saw the wolf",
        "and the wolf": "my lantern, my lantern",
    }

    def likelihoods(talks: Sequence[Talk], replies: Sequence[str]) -> NDArray[np.float64]:
        both = zip(talks, replies, strict=True)
        return np.array([-1.0 if (right.get(heard[-1]["content"]) == said) == knows else -9.0 for heard, said in both])

    test = [talk(question, answer) for question, answer in right.items()]
    learnt = [talk("a heron and a quarry", "one thing"), talk("a lantern and the wolf", "another thing")]
    conversations, sources = {"train": learnt, "test": test}, {"train": ["s"] * 2, "test": ["s"] * 4}
    settings = EvaluateSettings(bootstrap_samples=200)
    figures, found, asked = choose(conversations, sources, likelihoods, 4, settings, 1, Silent())
    assert figures["n"] == len(asked) == 4 and found == [knows] * 4 and figures["chance"] == 0.25
    assert figures["baseline_accuracy"]["value"] == 0.5
    assert figures["accuracy_gain"]["value"] == pytest.approx((1.0 if knows else 0.0) - 0.5)
    assert figures["sources"]["s"]["accuracy_gain"]["value"] == figures["accuracy_gain"]["value"]

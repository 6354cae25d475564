"""Questions that texts ask about themselves: a sentence with a gap before the text, and what the gap hides."""

from __future__ import annotations

import pytest

from chatwright.core.errors import RecipeError
from chatwright.recipe import load_recipe
from chatwright.tokens.clozes import cloze_pairs
from chatwright.tokens.pairs import Pair
from chatwright.tokens.settings import DenoisingSettings
from chatwright.tokens.tokenizer import BEGIN, END, GAPS, Tokenizer

TEXT = "We measured a pump. The new pump saves a third of the power of a pump. Users save power."


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.learn([*f"{TEXT}研究水泵" * 20], 400, GAPS)  # of single characters


def made(tokenizer: Tokenizer, places: int = 200, clozes: int = 3) -> list[Pair]:
    return list(cloze_pairs(tokenizer, [TEXT], DenoisingSettings(clozes=clozes), places, places))


def test_the_gap_of_each_sentence_is_found_in_the_text_behind_it(tokenizer: Tokenizer) -> None:
    pairs, sentences = made(tokenizer), []
    for source, target in pairs:
        assert (target[0], target[-1], source[-1]) == (tokenizer.control[BEGIN], tokenizer.control[END], target[-1])
        asked, _, text = tokenizer.decode(source[:-1]).partition("\n")
        hidden = tokenizer.decode(target[1:-1])
        assert text == TEXT and 1 <= len(hidden) <= 12
        gap = source.index(tokenizer.gaps[0])
        before, after = tokenizer.decode(source[:gap]), asked[gap:]
        (sentence,) = [each for each in TEXT.split(".") if within(before, each) and within(after.rstrip("."), each)]
        assert hidden.rstrip(".") in f"{sentence}." and len(asked) < len(sentence) - len(hidden) + 2
        sentences.append(sentence)
    assert sorted(sentences) == sorted(TEXT.split(".")[:3])  # each of the three once
    assert made(tokenizer) == pairs and made(tokenizer, clozes=1) != pairs and len(made(tokenizer, clozes=1)) == 1


def within(part: str, whole: str) -> bool:
    """Are these characters there, in this order?"""
    rest = iter(whole)
    return all(character in rest for character in part)


def test_a_text_that_is_too_long_loses_its_end_and_what_is_asked_of_it(tokenizer: Tokenizer) -> None:
    pairs = made(tokenizer, places=70)
    assert 0 < len(pairs) < 3 and all(len(source) <= 70 for source, _ in pairs)
    for source, target in pairs:
        assert tokenizer.decode(target[1:-1]) in tokenizer.decode(source[:-1]).partition("\n")[2]


def test_kinds_of_steps_leave_room_to_gaps() -> None:
    load_recipe("summarize-csl-zh", ["denoising.cloze_share=0.4"])
    with pytest.raises(RecipeError, match=r"leave no step to gaps"):
        load_recipe("summarize-csl-zh", ["denoising.cloze_share=0.5"])
    with pytest.raises(RecipeError, match=r"cloze_share is of the steps that fill gaps: set plan.denoise_share"):
        load_recipe("translate-multi30k", ["denoising.cloze_share=0.5"])

"""The sentence that tells most of a text, asked for."""

from __future__ import annotations

import pytest

from chatwright.tokens.batches import Interleaved
from chatwright.tokens.gap_sentences import gap_sentence_pairs
from chatwright.tokens.pairs import Pair
from chatwright.tokens.settings import DenoisingSettings
from chatwright.tokens.tokenizer import BEGIN, END, GAPS, Tokenizer

ENGLISH = "We measured a pump. The new pump saves a third of the power of a pump. Users save power."
CHINESE = "目的 研究水泵.方法 测量了新的水泵,结果 新的水泵比旧的水泵省电，用户省电。"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.learn([*f"{ENGLISH}{CHINESE}" * 20], 400, GAPS)  # of single characters


def made(tokenizer: Tokenizer, text: str, kept: float, places: int = 200) -> list[Pair]:
    return list(gap_sentence_pairs(tokenizer, [text], DenoisingSettings(kept_sentences=kept), places, places))


@pytest.mark.parametrize(
    ("text", "telling"),
    [(ENGLISH, " The new pump saves a third of the power of a pump."), (CHINESE, "结果 新的水泵比旧的水泵省电，")],
)
def test_the_most_telling_part_is_the_target_and_its_place_a_gap_or_itself(
    tokenizer: Tokenizer, text: str, telling: str
) -> None:
    begin, end = tokenizer.control[BEGIN], tokenizer.control[END]
    ((source, target),) = made(tokenizer, text, kept=0.0)
    assert target[0] == begin and target[-1] == source[-1] == end
    assert tokenizer.decode(target[1:-1]) == telling
    gap = source.index(tokenizer.gaps[0])
    before, _, after = text.partition(telling)
    assert (tokenizer.decode(source[:gap]), tokenizer.decode(source[gap + 1 : -1])) == (before, after)
    ((whole, again),) = made(tokenizer, text, kept=1.0)
    assert tokenizer.decode(whole[:-1]) == text and again == target


@pytest.mark.parametrize(
    ("share", "told", "left"),
    [
        (0.0, " abcdefghi.", "abcdefg. hijkl.<0> xyz. qrstuvw qrstuvw 123."),
        (0.3, " abcdefghi.", "abcdefg. hijkl.<0> xyz. qrstuvw qrstuvw 123."),  # of 52 tokens: 11, not 8 more
        (0.4, "abcdefg. abcdefghi.", "<0> hijkl.<0> xyz. qrstuvw qrstuvw 123."),
    ],
)
def test_more_parts_are_asked_for_while_they_are_a_small_share_of_the_text(
    tokenizer: Tokenizer, share: float, told: str, left: str
) -> None:
    text, settings = "abcdefg. hijkl. abcdefghi. xyz. qrstuvw qrstuvw 123.", DenoisingSettings(told_share=share)

    def asked(kept: float) -> tuple[str, str]:
        chosen = settings.model_copy(update={"kept_sentences": kept})
        ((source, target),) = gap_sentence_pairs(tokenizer, [text], chosen, 200, 200)
        shown = ("<0>" if token == tokenizer.gaps[0] else tokenizer.decode([token]) for token in source[:-1])
        return "".join(shown), tokenizer.decode(target[1:-1])

    assert asked(kept=0.0) == (left, told)
    assert asked(kept=1.0) == (text, told)


def test_short_texts_and_long_ones_are_left_out(tokenizer: Tokenizer) -> None:
    assert not made(tokenizer, "One. Two.", 0.5) and not made(tokenizer, "a. b. c.", 0.5)
    ((source, _),) = made(tokenizer, ENGLISH, 1.0)
    assert made(tokenizer, ENGLISH, 1.0, len(source)) and not made(tokenizer, ENGLISH, 1.0, len(source) - 1)


def test_two_sources_take_turns() -> None:
    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

        def at(self, step: int) -> str:
            return f"{self.name}{step}"

    turns = Interleaved(Named("a"), 0.4, Named("b"))
    assert [turns.at(step) for step in range(10)] == ["b0", "b1", "a0", "b2", "a1", "b3", "b4", "a2", "b5", "a3"]

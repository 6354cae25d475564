from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.corpus.segment import _PIECE, segmented
from tests.corpus.judging.test_judging import HAN, PROSE

written = st.text(st.sampled_from("ab. ?!河边。？“”\n\t<>"), max_size=60)


@given(written, st.sampled_from(["en", "zh", "de", "", "xx"]), st.sampled_from(["sentences", "words", ""]))
def test_nothing_but_white_space_changes(text: str, language: str, segment: str) -> None:
    made = segmented(text, language, segment)  # type: ignore[arg-type]
    assert "".join(made.split()) == "".join(text.split())


def test_a_sentence_is_a_line() -> None:
    text = "Dr. Smith paid $3.50. Did he? Yes!\n\nThe next one."
    assert segmented(text, "en", "sentences") == "Dr. Smith paid $3.50.\nDid he?\nYes!\n\nThe next one."
    assert segmented("今天很好。明天呢？他走了……", "zh", "sentences") == "今天很好。\n明天呢？\n他走了……"
    assert segmented("Das ist z. B. gut. Am 3. Mai kam er.", "de", "sentences").count("\n") == 1
    assert segmented("One. Two.", "xx", "sentences") == "One.\nTwo."


def test_words_of_chinese_are_apart() -> None:
    assert (
        segmented("我们在河边散步。\n\n写信到<EMAIL>吧", "zh", "words") == "我们 在 河边 散步 。\n\n写信 到 <EMAIL> 吧"
    )
    assert segmented(PROSE, "en", "words") == PROSE
    assert segmented(HAN, "ja", "words") == HAN == segmented(HAN, "zh", "")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_sentences_of_a_long_line_are_those_of_short_ones(language: str) -> None:
    sentence = "The mill stands by the river." if language == "en" else "我们在河边散步。"
    space = " " if language == "en" else ""
    line = space.join([sentence] * (3 * _PIECE // len(sentence)))
    assert set(segmented(line, language, "sentences").split("\n")) == {sentence}
    assert len("".join(segmented("a" * 3 * _PIECE, language, "sentences").split())) == 3 * _PIECE

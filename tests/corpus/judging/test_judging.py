from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import pytest
import rjieba
from hypothesis import given
from hypothesis import strategies as st

from chatwright.core.errors import UsageError
from chatwright.corpus.judging import measures
from chatwright.corpus.judging.characters import Spans, hash_of
from chatwright.corpus.judging.measures import measure
from chatwright.corpus.judging.repetition import DUPLICATED, TOP, repetition
from chatwright.corpus.judging.rules import RULES, broken, chosen_rules

PROSE = (
    "The river that runs behind the old mill has been low since the spring, and the people of the village say that "
    "it will stay so. They have dug two wells with their own hands. Neither of them is deep enough to be of use in "
    "August, when the cattle come down from the hills.\nNobody expects help from the county; the last time that anyone "
    "asked, it took four years. So they wait, and look to the west every evening, because rain comes from there."
)
HAN = "今天早上我在公园里散步，看见几个老人正在下棋。旁边有两个孩子在放风筝，风筝飞得很高，他们笑得很开心。"
words_of_few_kinds = st.lists(st.sampled_from(["a", "bb", "ccc", "dddd"]), max_size=30)


def by_hand(words: list[str]) -> dict[str, float]:
    """The definitions, written out without any trick."""
    total, shares = max(1, sum(map(len, words))), dict[str, float]()
    for n in TOP:
        grams = Counter(tuple(words[start : start + n]) for start in range(len(words) - n + 1))
        most = max(grams.values(), default=0)
        longest = max((sum(map(len, gram)) for gram, count in grams.items() if count == most), default=0)
        shares[f"top_{n}_gram"] = most * longest / total if most > 1 else 0.0
    for n in DUPLICATED:
        covered = set[int]()
        for start in range(len(words) - n + 1):
            gram = words[start : start + n]
            if any(words[earlier : earlier + n] == gram for earlier in range(start)):
                covered |= set(range(start, start + n))
        shares[f"repeated_{n}_grams"] = sum(len(words[place]) for place in covered) / total
    return shares


@given(st.lists(words_of_few_kinds, min_size=1, max_size=6))
def test_repetition_is_what_its_definition_says(documents: list[list[str]]) -> None:
    words = [word for document in documents for word in document]
    spans = Spans(
        lengths=np.array([len(word) for word in words], np.int64),
        hashes=np.array([hash_of(word) for word in words], np.uint64),
        owner=np.repeat(np.arange(len(documents)), [len(document) for document in documents]),
    )
    found = repetition(spans, len(documents))
    for number, words in enumerate(documents):
        assert {name: values[number] for name, values in found.items()} == pytest.approx(by_hand(words))


def one(text: str, language: str = "en") -> dict[str, float]:
    return {name: float(values[0]) for name, values in measure([text], language).items()}


def rules_broken(text: str, language: str = "en") -> set[str]:
    return {each.rule for each in broken(measure([text], language), language, RULES)[0]}


def test_prose_keeps_every_rule() -> None:
    assert rules_broken(PROSE) == set()
    assert rules_broken(HAN, "zh") == set()


def test_measures_are_counted_by_hand() -> None:
    found = one("# One two...\n- three 4 five…\nthe and of\nthe and of\n\n{lorem ipsum}")
    assert found["words"] == 13 and found["characters"] == 65
    assert found["hash_share"] == 1 / 13 and found["ellipsis_share"] == 2 / 13
    assert found["bullet_lines"] == 1 / 5 and found["ellipsis_lines"] == 2 / 5 and found["short_lines"] == 1
    assert found["stop_words"] == 3 and found["repeated_lines"] == 1 / 5
    assert found["repeated_line_characters"] == 10 / 65
    assert found["curly_brackets"] == 1 and found["lorem_ipsum"] == 1
    assert found["letter_share"] == 1 - 3 / 15  # "#", "-" and "4" of fifteen


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Too short to be of use. It is. That it is.", "words"),
        (PROSE.replace(" ", " # "), "hash signs"),
        (PROSE.replace(".", "...").replace(",", "..."), "ellipses"),
        ("\n".join("• " + line for line in PROSE.replace("\n", " ").split(". ")), "bullets"),
        ("\n".join(line + "…" for line in PROSE.split(". ")), "lines ending in an ellipsis"),
        (PROSE + " 1 2 3 4 5 6 7 8 9" * 8, "words with letters"),
        ("\n".join([PROSE, *["Read more about it here."] * 20]), "repeated lines"),
        ("\n\n".join([PROSE, *["It goes on."] * 4]), "repeated paragraphs"),
        ("\n\n".join([PROSE] * 3), "characters of repeated paragraphs"),
        (PROSE + " and so on and so forth" * 30, "repeated 10-grams"),
        (PROSE + " yes no" * 60, "most frequent 2-gram"),
        (PROSE + " function() { }", "curly brackets"),
        (PROSE.replace(".", ","), "sentences"),
        ("\n".join(PROSE.split(" ")), "new lines a word"),
        ("\n".join(PROSE.replace(".", "").split(",")), "ended lines"),
        ("Rindfleischetikettierungsüberwachungsaufgabe " * 60, "word length"),
    ],
)
def test_each_rule_is_broken_by_what_it_is_for(text: str, rule: str) -> None:
    assert rule in rules_broken(text)


def test_what_is_broken_says_value_and_limit() -> None:
    (found,) = (each for each in broken(measure(["Too short."], "en"), "en", RULES)[0] if each.rule == "words")
    assert (found.value, found.limit) == (2, 50)


def test_rules_of_english_are_not_asked_of_chinese() -> None:
    assert {"words", "stop words", "ended lines"} & rules_broken(HAN) and not rules_broken(HAN, "zh")
    assert "repeated 5-grams" in rules_broken(HAN * 6, "zh")
    assert not rules_broken("好吃好吃！{}……", "zh")


def test_rules_are_switched_off_and_given_other_limits() -> None:
    rules = chosen_rules(["gopher", "sentences"], {"short lines": (None, 0.5)})
    assert {rule.source for rule in rules} == {"C4", "FineWeb", "here"} and "sentences" not in {r.name for r in rules}
    (short,) = (rule for rule in rules if rule.name == "short lines")
    assert short.limits_in("en") == (None, 0.5) and short.limits_in("de") == (None, 0.5)
    (words,) = (rule for rule in chosen_rules(limits={"words": (10, 20)}) if rule.name == "words")
    assert words.limits_in("en") == (10, 20) and words.limits_in("zh") == (None, None)
    with pytest.raises(UsageError, match="no rule 'shortness'"):
        chosen_rules(["shortness"])


@pytest.mark.parametrize("language", ["en", "zh", ""])
@given(text=st.text(max_size=200))
def test_any_text_has_finite_measures(language: str, text: str) -> None:
    found = one(text, language)
    assert found.pop("stop_words") >= 0 and all(math.isfinite(value) for value in found.values())


_SIGNS = "ab Z9_'’-.!?\"”) \n\t…•*#{。！；\u3000中文½é\x0b\xa0\u2028"


@given(text=st.text(alphabet=_SIGNS, max_size=120))
def test_words_lines_and_sentences_are_those_of_regular_expressions(text: str) -> None:
    found, words = one(text), re.findall(r"\w+(?:['’-]\w+)*", text)
    lines = [line for line in text.split("\n") if line.strip()] or [""]
    pieces = text.split()
    assert found["words"] == len(words)
    assert found["word_length"] == pytest.approx(len("".join(words)) / max(1, len(words)))
    assert found["sentences"] == len(re.findall(r"[.!?]+[\"'”’)]*(?=\s|$)", text))
    assert found["bullet_lines"] == pytest.approx(
        np.mean([line.strip().startswith(("•", "·", "- ", "* ")) for line in lines])
    )
    assert found["ellipsis_lines"] == pytest.approx(np.mean([line.strip().endswith(("...", "…")) for line in lines]))
    assert found["short_lines"] == pytest.approx(np.mean([len(line) <= 30 for line in lines]))
    assert found["repeated_lines"] == pytest.approx(1 - len(set(lines)) / len(lines))
    without = [piece for piece in pieces if not any(sign.isalpha() or sign == "½" for sign in piece)]
    assert found["letter_share"] == pytest.approx(1 - len(without) / max(1, len(pieces)))
    assert one(text, "zh")["words"] == len([word for word in rjieba.cut(text) if word[0].isalnum()])


def test_a_text_longer_than_a_block_is_measured_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join([PROSE, "- listed...", HAN, PROSE, "  ", "no end"] * 3)
    whole = one(text)
    monkeypatch.setattr(measures, "_BLOCK", 300)
    assert one(text) == pytest.approx(whole)
    assert one("x" * 1_000)["words"] == 4  # no place to cut at


def test_no_texts_have_no_measures() -> None:
    assert broken(measure([], "en"), "en", RULES) == []


def test_texts_are_measured_together_as_they_are_alone() -> None:
    texts = [PROSE, "", HAN, "a", PROSE + PROSE]
    together = measure(texts, "en")
    for number, text in enumerate(texts):
        assert {name: float(np.round(values[number], 12)) for name, values in together.items()} == {
            name: float(np.round(value, 12)) for name, value in one(text).items()
        }

import json
import math
from pathlib import Path
from typing import Any

import pytest

from chatwright.core.errors import DataError
from chatwright.evaluate import scorers


@pytest.fixture(scope="module")
def golden(data_folder: Path) -> Path:
    return data_folder / "golden-metrics"


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_exact_match_ignores_whitespace_only() -> None:
    assert scorers.exact_match("a  b\n", " a b")
    assert not scorers.exact_match("a b", "a B")
    assert not scorers.exact_match("a b", "a b.")


def test_token_f1_by_hand() -> None:
    # Shared: open, file (2); given 3 tokens, wanted 4: precision 2/3, recall 2/4, F1 4/7.
    assert scorers.token_f1("open a file for reading", "Open the file now.") == pytest.approx(4 / 7)
    assert scorers.token_f1("a b b", "b b b") == pytest.approx(0.8)  # 'a' is an article: 2*2/(2+3)
    assert scorers.token_f1("学习语言", "学语文", "characters") == pytest.approx(4 / 7)


def test_token_f1_of_nothing() -> None:
    assert scorers.token_f1("the", "a") == 1.0
    assert scorers.token_f1("", "word") == 0.0
    assert scorers.token_f1("word", "") == 0.0


def test_rouge_by_hand() -> None:
    # Unigrams: 3 of 4 given, 3 of 6 wanted. Bigrams: "the cat" of 3 and 5. Longest: the cat mat (3).
    scores = scorers.rouge("the cat sat on the mat", "the cat ate mat")
    assert scores["rouge1"] == pytest.approx((3 / 4, 3 / 6, 0.6))
    assert scores["rouge2"] == pytest.approx((1 / 3, 1 / 5, 0.25))
    assert scores["rougeL"] == pytest.approx((3 / 4, 3 / 6, 0.6))


def test_rouge_stemmer_and_characters() -> None:
    assert scorers.rouge("he jumps", "he jumping")["rouge1"].f == pytest.approx(0.5)
    assert scorers.rouge("he jumps", "he jumping", stemmer=True)["rouge1"].f == 1.0
    by_character = scorers.rouge("机器学习", "机器翻译", unit="characters")
    assert by_character["rouge1"].f == pytest.approx(0.5)
    assert by_character["rouge2"].f == pytest.approx(1 / 3)
    assert scorers.rouge("机器学习", "机器学习")["rouge1"].f == 0.0  # no Latin words at all


def test_rouge_signature_states_what_it_depends_on() -> None:
    signatures = {
        scorers.rouge_signature(),
        scorers.rouge_signature(stemmer=True),
        scorers.rouge_signature(unit="characters"),
    }
    assert len(signatures) == 3
    # There is no stemming of characters, so the signature must not claim any.
    assert scorers.rouge_signature(stemmer=True, unit="characters") in signatures


def test_bleu_by_hand() -> None:
    # Precisions 4/5, 3/4, 2/3, 1/2; brevity exp(1 - 6/5).
    score = scorers.bleu(["the cat sat on mats"], [["the cat sat on the mat"]])
    expected = 100 * math.exp(1 - 6 / 5) * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25
    assert score.value == pytest.approx(expected)
    assert "tok:13a" in score.signature
    assert "version:" in score.signature


def test_chrf_by_hand() -> None:
    # Orders 1 and 2 of "abc" against "abd": 2/3 and 1/2; order 3: 0 of 1; no order 4. Precision and
    # recall agree, so the F-score is their mean over the three orders.
    assert scorers.chrf(["abc"], [["abd"]]).value == pytest.approx(100 * (2 / 3 + 1 / 2 + 0) / 3)


def test_lower_case_is_part_of_the_signature() -> None:
    hypotheses, references = ["ONE two three four"], [["one TWO three four"]]
    for score in (scorers.bleu, scorers.chrf):
        lowered, mixed = score(hypotheses, references, lowercase=True), score(hypotheses, references)
        assert lowered.value == pytest.approx(100) and "case:lc" in lowered.signature
        assert mixed.value < 70 and "case:mixed" in mixed.signature


def test_corpus_scores_are_a_function_of_summed_statistics() -> None:
    hypotheses, references = ["one two three four five", "six"], [["one two three four", "six seven"]]
    for score in (scorers.bleu(hypotheses, references), scorers.chrf(hypotheses, references)):
        assert score.statistics.shape[0] == len(hypotheses)
        assert score.score_sums(2 * score.statistics.sum(axis=0)) == pytest.approx(score.value)
    only_first = scorers.chrf(hypotheses[:1], [references[0][:1]])
    both = scorers.chrf(hypotheses, references)
    assert both.score_sums(both.statistics[0]) == pytest.approx(only_first.value)


def test_counts_that_differ_are_told() -> None:
    with pytest.raises(DataError, match="2 texts, 1 references"):
        scorers.bleu(["a", "b"], [["a"]])
    with pytest.raises(DataError, match=r"ROUGE needs .* 2 texts, 1 references"):
        scorers.summary_scores(["a"], ["a", "b"], "words")
    with pytest.raises(DataError, match=r"token F1 needs .* 1 texts, 2 references"):
        scorers.answer_scores([["a"], ["b"]], ["a"], "words")
    with pytest.raises(DataError, match="at least one"):
        scorers.chrf([], [[]])


def test_the_best_of_several_right_answers_counts() -> None:
    right = [["Paris", "the city of Paris"], ["上海"]]
    exact, shared = scorers.answer_scores(right, ["the city of  Paris", "在上海"], "words")
    assert exact == [True, False] and shared == [1.0, 0.0]
    exact, shared = scorers.answer_scores(right, ["city", "在上海"], "characters")
    assert exact == [False, False] and shared[1] == pytest.approx(2 * 2 / (2 + 3))


def test_sacrebleu_golden(golden: Path) -> None:
    cases = read(golden / "sacrebleu_golden.json")["cases"]
    assert cases
    seen: set[tuple[float, float]] = set()
    for case in cases:
        hypotheses, references = case["hyps"], case["refs"]
        score = scorers.bleu(hypotheses, references, **case["bleu_args"])
        assert score.value == case["bleu"], case["name"]
        assert score.signature == f"BLEU|{case['signature']}"
        if (case["chrf2"], case["chrf2++"]) not in seen:  # chrF knows no tokenizer: one look is enough
            seen.add((case["chrf2"], case["chrf2++"]))
            assert scorers.chrf(hypotheses, references).value == case["chrf2"], case["name"]
            assert scorers.chrf(hypotheses, references, word_order=2).value == case["chrf2++"], case["name"]


def test_rouge_score_golden(golden: Path) -> None:
    cases = read(golden / "rouge_score_golden.json")["cases"]
    assert cases
    kinds = ("rouge1", "rouge2", "rougeL", "rougeLsum")
    for case in cases:
        for name, stemmer in (("no_stem", False), ("stem", True)):
            scores = scorers.rouge(case["reference"], case["prediction"], stemmer=stemmer, kinds=kinds)
            assert {kind: list(score) for kind, score in scores.items()} == case[name], case["fname"]


def test_pltrdy_golden(golden: Path) -> None:
    """Its ROUGE-1 is ours on distinct words, spelt so that no tokenizer can split or drop them.

    Its ROUGE-2 (sets of bigrams) and ROUGE-L (a union over sentences) are other measures than ours.
    """
    cases = read(golden / "pltrdy_rouge_data.json")
    vocabulary: dict[str, str] = {}

    def distinct(text: str) -> str:
        words = dict.fromkeys(text.split())
        return " ".join(vocabulary.setdefault(word, f"w{len(vocabulary)}") for word in words)

    assert cases
    for case in cases:
        score = scorers.rouge(distinct(case["ref"]), distinct(case["hyp"]))["rouge1"]
        expected = case["scores"]["rouge-1"]
        assert score == pytest.approx((expected["p"], expected["r"], expected["f"]), abs=1e-7)

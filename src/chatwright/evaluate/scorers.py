"""The scorers: exact match, token F1, ROUGE, BLEU and chrF.

ROUGE is computed by rouge-score, BLEU and chrF by sacrebleu, so that figures are the published
ones. Each score travels with a signature: the tokenisation and version that it depends on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from chatwright.core.errors import DataError
from chatwright.evaluate.text import Unit, answer_tokens, squeeze
from chatwright.tokens.words import characters

BLEU_TOKENIZERS: dict[Unit, str] = {"words": "13a", "characters": "zh"}
ROUGE_KINDS = ("rouge1", "rouge2", "rougeL")
SUMMARY_KINDS = {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_l": "rougeL"}


def exact_match(reference: str, hypothesis: str) -> bool:
    """Whether both texts are the same but for whitespace. Signature: `EXACT_MATCH_SIGNATURE`."""
    return squeeze(reference) == squeeze(hypothesis)


EXACT_MATCH_SIGNATURE = "exact|whitespace:normalised"


def token_f1(reference: str, hypothesis: str, unit: Unit = "words") -> float:
    """The harmonic mean of precision and recall over tokens as a bag, in [0, 1] (SQuAD's F1).

    Two texts without any token agree; one such text agrees with nothing.
    """
    wanted, given = answer_tokens(reference, unit), answer_tokens(hypothesis, unit)
    if not wanted or not given:
        return float(wanted == given)
    shared = (Counter(wanted) & Counter(given)).total()
    return 2 * shared / (len(wanted) + len(given))


def token_f1_signature(unit: Unit) -> str:
    """What a token F1 depends on."""
    rule = "no-punctuation+no-articles" if unit == "words" else "no-punctuation"
    return f"token-f1|tok:{unit}|case:lc|{rule}"


class Rouge(NamedTuple):
    """One ROUGE score: precision, recall and F-measure, each in [0, 1]."""

    precision: float
    recall: float
    f: float


class _Characters:
    """The tokenizer that rouge-score is handed for text without spaces."""

    def tokenize(self, text: str) -> list[str]:
        return characters(text)


@lru_cache
def _rouge_scorer(kinds: tuple[str, ...], stemmer: bool, unit: Unit) -> Any:
    tokenizer = _Characters() if unit == "characters" else None
    return RougeScorer(list(kinds), use_stemmer=stemmer, tokenizer=tokenizer)


def rouge(
    reference: str,
    hypothesis: str,
    *,
    stemmer: bool = False,
    unit: Unit = "words",
    kinds: tuple[str, ...] = ROUGE_KINDS,
) -> dict[str, Rouge]:
    """ROUGE of one text against one reference (Lin 2004), by kind.

    Words are rouge-score's: runs of a-z and 0-9 in lower case, so text in other scripts needs
    `unit="characters"`. The Porter stemmer works on words only. ``rougeLsum`` is a fourth kind.
    """
    scores = _rouge_scorer(kinds, stemmer and unit == "words", unit).score(reference, hypothesis)
    return {kind: Rouge(*(float(part) for part in scores[kind])) for kind in kinds}


def summary_scores(targets: Sequence[str], written: Sequence[str], unit: Unit) -> dict[str, list[float]]:
    """ROUGE-1, -2 and -L of each summary: F-measures, words stemmed, under the names of reports."""
    _check_counts("ROUGE", written, targets)
    pairs = zip(targets, written, strict=True)
    each = [rouge(target, text, unit=unit, stemmer=True) for target, text in pairs]
    return {name: [score[kind].f for score in each] for name, kind in SUMMARY_KINDS.items()}


def answer_scores(right: Sequence[Sequence[str]], written: Sequence[str], unit: Unit) -> tuple[list[bool], list[float]]:
    """Exact match and token F1 of each answer with the best of its right ones, as SQuAD's evaluation does."""
    _check_counts("token F1", written, right)
    pairs = list(zip(right, written, strict=True))
    exact = [any(exact_match(each, text) for each in answers) for answers, text in pairs]
    return exact, [max(token_f1(each, text, unit) for each in answers) for answers, text in pairs]


def rouge_signature(*, stemmer: bool = False, unit: Unit = "words") -> str:
    """What a ROUGE score depends on."""
    stem = "yes" if stemmer and unit == "words" else "no"
    return f"rouge|tok:{unit}|case:lc|stem:{stem}|rouge-score:{metadata.version('rouge-score')}"


@dataclass(frozen=True)
class CorpusScore:
    """A score in [0, 100] of many texts at once, with what is needed to bootstrap it.

    `statistics` has a row per text; `score_sums` turns the sum of any choice of rows into the
    score of those texts.
    """

    value: float
    signature: str
    statistics: NDArray[np.float64]
    score_sums: Callable[[NDArray[np.float64]], float]

    def of_rows(self, rows: NDArray[np.float64]) -> float:
        """The score of the texts with these rows of statistics."""
        return self.score_sums(rows.sum(axis=0))


def bleu(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    tokenize: str = "13a",
    lowercase: bool = False,
) -> CorpusScore:
    """BLEU of a corpus (Papineni et al. 2002), as sacrebleu defines it (Post 2018).

    `references` holds one list per reference stream, each as long as `hypotheses`.
    `tokenize`: 13a for spaced scripts, zh for Chinese, none for text that is tokenised already.
    """
    metric = BLEU(tokenize=tokenize, lowercase=lowercase)
    return _score_corpus(metric, "BLEU", hypotheses, references)


def chrf(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, word_order: int = 0, lowercase: bool = False
) -> CorpusScore:
    """chrF2 of a corpus (Popović 2015), as sacrebleu defines it; ``word_order=2`` gives chrF2++."""
    return _score_corpus(
        CHRF(word_order=word_order, lowercase=lowercase), "chrF2" + "+" * word_order, hypotheses, references
    )


def _check_counts(name: str, texts: Sequence[object], references: Sequence[object]) -> None:
    if len(texts) != len(references):
        raise DataError(
            f"{name} needs one reference for each text: {len(texts)} texts, {len(references)} references",
            remedy="give both the same number of lines, in the same order",
        )


def _score_corpus(
    metric: BLEU | CHRF, name: str, hypotheses: Sequence[str], references: Sequence[Sequence[str]]
) -> CorpusScore:
    if not hypotheses or not references:
        raise DataError(f"{name} needs at least one text and one reference")
    for stream in references:
        _check_counts(name, hypotheses, stream)
    # sacrebleu's own bootstrap takes its seed from the environment and gives symmetric half-widths;
    # with the statistics of each text in hand the interval is ours to draw.
    statistics = np.asarray(metric._extract_corpus_statistics(hypotheses, references), dtype=np.float64)

    def score_sums(sums: NDArray[np.float64]) -> float:
        return float(metric._compute_score_from_stats(sums.round().astype(np.int64).tolist()).score)

    return CorpusScore(
        value=score_sums(statistics.sum(axis=0)),
        signature=f"{name}|{metric.get_signature()}",
        statistics=statistics,
        score_sums=score_sums,
    )

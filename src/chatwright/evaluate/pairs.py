"""The evaluation of pairs: what the model makes of sources it has not seen, against the targets.

Translations are scored by BLEU and chrF, summaries by ROUGE; each beside a baseline that needs no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from chatwright.core.progress import Progress
from chatwright.core.seeds import derive_seed
from chatwright.corpus.pairs import preparation
from chatwright.corpus.settings import PairSettings
from chatwright.corpus.tables import read_rows
from chatwright.evaluate import scorers
from chatwright.evaluate.baselines import lead, nearest, nearest_sentence
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.evaluate.text import Unit
from chatwright.evaluate.uncertainty import bootstrap_corpus, bootstrap_mean, paired_difference, share_interval
from chatwright.generate.engine import generate
from chatwright.generate.settings import GenerateSettings
from chatwright.generate.written import fitting_source
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.model.files import load_model
from chatwright.tokens.tokenizer import BEGIN, END, Tokenizer

_TOGETHER = 64  # sources written at once, between two words of progress
_LEAD_SENTENCES = 3
Row = dict[str, Any]


def evaluate_pairs(
    *,
    task: str,
    pairs: Path,
    model: Path,
    pair_settings: PairSettings,
    settings: EvaluateSettings,
    generation: GenerateSettings,
    seed: int,
    progress: Progress,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Scores of the test pairs under the name of the `task`, and each pair with what was written."""
    every = read_rows(pairs / "pairs.parquet")
    train, rows = ([row for row in every if row["split"] == split] for split in ("train", "test"))
    written = write_targets(model, [row["source"] for row in rows], generation, progress)
    drawn = settings.resampling(derive_seed(seed, task))
    if task == "translation":
        figures, signatures = _translation(rows, written, train, pair_settings, settings.unit, drawn)
    elif task == "reading":
        figures, signatures = _reading(rows, written, settings, drawn)
    else:
        figures, signatures = _summaries(rows, written, train, settings.unit, drawn)
    rouge = [scorers.rouge(row["target"], text, unit=settings.unit)["rougeL"].f for row, text in _both(rows, written)]
    answers = [
        {
            "id": row["id"],
            "task": task,
            "messages": [{"role": "user", "content": row["source"]}],
            "expected": row["target"],
            "answer": text,
            # a text may be translated and summed up in many ways
            "exact": text in (row["target"], *row["others"]) if task == "reading" else None,
            "rouge_l": score,
        }
        for (row, text), score in zip(_both(rows, written), rouge, strict=True)
    ]
    signatures["generation"] = generation.signature
    return {"tasks": {task: {"n": len(rows), **figures}}, "signatures": signatures}, answers


def _both(rows: Sequence[Row], written: Sequence[str]) -> list[tuple[Row, str]]:
    return list(zip(rows, written, strict=True))


def _translation(
    rows: Sequence[Row],
    written: Sequence[str],
    train: Sequence[Row],
    pairs: PairSettings,
    unit: Unit,
    drawn: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, str]]:
    """BLEU and chrF of the text as the model writes it, and where its tokens stand apart also of running text.

    `bleu` compares tokens (tokenize none) where the model writes them apart, as published figures on such text do;
    running text is tokenised by sacreBLEU. `baseline_bleu` is the score of giving the target of the training pair
    with the nearest source.
    """
    targets = [[row["target"] for row in rows]]
    tokenize = "none" if pairs.tokenised else scorers.BLEU_TOKENIZERS[unit]
    found = nearest([row["source"] for row in train], [row["source"] for row in rows])
    scores = {
        "bleu": scorers.bleu(written, targets, tokenize=tokenize),
        "chrf": scorers.chrf(written, targets),
        "baseline_bleu": scorers.bleu([train[at]["target"] for at in found], targets, tokenize=tokenize),
    }
    if pairs.tokenised:
        running = preparation(pairs).running
        scores["bleu_detokenised"] = scorers.bleu(
            [running(text) for text in written], [[row["reference"] for row in rows]], lowercase=pairs.lower
        )
    figures = {
        name: bootstrap_corpus(score.statistics, score.score_sums, **drawn).figure("0 to 100")
        for name, score in scores.items()
    }
    both = np.concatenate((scores["bleu"].statistics, scores["baseline_bleu"].statistics), axis=1)
    half, sums = both.shape[1] // 2, scores["bleu"].score_sums
    gain = bootstrap_corpus(both, lambda total: sums(total[:half]) - sums(total[half:]), **drawn)
    figures["bleu_gain"] = gain.figure("0 to 100")
    rouge = [scorers.rouge(row["target"], text, unit=unit)["rougeL"].f for row, text in _both(rows, written)]
    figures["rouge_l"] = bootstrap_mean(rouge, **drawn).figure("0 to 1")
    signatures = {name: score.signature for name, score in scores.items() if name != "baseline_bleu"}
    signatures["baseline"] = "target of the training pair whose source has the highest chrF2"
    return figures, signatures | {"rouge_l": scorers.rouge_signature(unit=unit) + "|F-measure"}


def _summaries(
    rows: Sequence[Row], written: Sequence[str], train: Sequence[Row], unit: Unit, drawn: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """ROUGE-1, -2 and -L (F-measure, stemmed words or characters), beside the beginning of the source.

    The baseline takes three lines or sentences; of characters as many as training targets have (their median).
    """
    size = _LEAD_SENTENCES if unit == "words" else round(median(len(row["target"]) for row in train))

    targets = [row["target"] for row in rows]
    ours = scorers.summary_scores(targets, written, unit)
    theirs = scorers.summary_scores(targets, [lead(row["source"], size, unit) for row in rows], unit)
    figures: dict[str, Any] = {}
    for name, one in ours.items():
        figures[name] = bootstrap_mean(one, **drawn).figure("0 to 1")
        figures[f"baseline_{name}"] = bootstrap_mean(theirs[name], **drawn).figure("0 to 1")
        figures[f"{name}_gain"] = paired_difference(one, theirs[name], **drawn).figure("0 to 1")
    words = "lines or sentences" if unit == "words" else "characters"
    signature = scorers.rouge_signature(unit=unit, stemmer=True) + "|F-measure"
    return figures, {"rouge": signature, "baseline": f"the first {size} {words} of the source"}


def _reading(
    rows: Sequence[Row], written: Sequence[str], settings: EvaluateSettings, drawn: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Exact match and F1 (SQuAD's) against the best of all right answers, beside the sentence nearest the question."""
    unit, right = settings.unit, [[row["target"], *row["others"]] for row in rows]
    asked = [row["source"].partition("\n") for row in rows]  # a question stands before its text
    ours = scorers.answer_scores(right, written, unit)
    nearby = [nearest_sentence(question, text, unit) for question, _, text in asked]
    theirs = scorers.answer_scores(right, nearby, unit)
    figures = {
        "exact_match": share_interval(ours[0], confidence=settings.confidence).figure("share"),
        "token_f1": bootstrap_mean(ours[1], **drawn).figure("0 to 1"),
        "baseline_exact_match": share_interval(theirs[0], confidence=settings.confidence).figure("share"),
        "baseline_token_f1": bootstrap_mean(theirs[1], **drawn).figure("0 to 1"),
        "token_f1_gain": paired_difference(ours[1], theirs[1], **drawn).figure("0 to 1"),
    }
    signatures = {"exact_match": scorers.EXACT_MATCH_SIGNATURE, "token_f1": scorers.token_f1_signature(unit)}
    return figures, {**signatures, "baseline": "the sentence of the text that shares most with the question"}


def write_targets(folder: Path, sources: Sequence[str], settings: GenerateSettings, progress: Progress) -> list[str]:
    """What the model in `folder` makes of each source; one longer than its context is read from its beginning."""
    model, tokenizer = load_model(folder), Tokenizer.load(folder)
    assert isinstance(model, EncoderDecoder)
    end = tokenizer.control[END]
    prompts = [fitting_source([*ids, end], model.config) for ids in tokenizer.encode_batch(list(sources))]
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    written = [""] * len(prompts)
    for start in range(0, len(order), _TOGETHER):
        chosen = order[start : start + _TOGETHER]
        asked, begin = [prompts[at] for at in chosen], tokenizer.control[BEGIN]
        made = generate(model, asked, settings, tokenizer.ends, start=begin, decode=tokenizer.decode)
        for at, one in zip(chosen, made, strict=True):
            written[at] = tokenizer.decode(one.tokens)
        progress.update((start + len(chosen)) / len(order), f"{start + len(chosen):,} of {len(order):,} sources")
    return written

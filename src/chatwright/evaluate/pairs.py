"""The evaluation of pairs: what the model makes of sources it has not seen, against the targets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chatwright.core.progress import Progress
from chatwright.core.seeds import derive_seed
from chatwright.corpus.moses import Moses
from chatwright.corpus.settings import PairSettings
from chatwright.corpus.tables import read_rows
from chatwright.evaluate import scorers
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.evaluate.uncertainty import bootstrap_corpus, bootstrap_mean
from chatwright.generate.engine import generate
from chatwright.generate.settings import GenerateSettings
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.model.files import load_model
from chatwright.tokens.tokenizer import BEGIN, END, Tokenizer

TASK = "translation"
_TOGETHER = 64  # sources written at once, between two words of progress


def evaluate_pairs(
    *,
    pairs: Path,
    model: Path,
    pair_settings: PairSettings,
    settings: EvaluateSettings,
    generation: GenerateSettings,
    seed: int,
    progress: Progress,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Scores of the test pairs, and each with what was written.

    `bleu` compares text as the model writes it with the prepared target: tokens apart (tokenize none), as
    published figures on such text do, or running text (13a). `bleu_detokenised` compares running text with the
    target as it was found, as sacreBLEU does by default, in lower case where the model writes that.
    """
    rows = [row for row in read_rows(pairs / "pairs.parquet") if row["split"] == "test"]
    written = write_targets(model, [row["source"] for row in rows], generation, progress)
    join = Moses(pair_settings.target, lower=pair_settings.lower).join if pair_settings.tokenised else str
    running, references = [join(text) for text in written], [row["reference"] for row in rows]
    scores = {
        "bleu": scorers.bleu(
            written, [[row["target"] for row in rows]], tokenize="none" if pair_settings.tokenised else "13a"
        ),
        "bleu_detokenised": scorers.bleu(
            running, [references], lowercase=pair_settings.lower and pair_settings.tokenised
        ),
        "chrf": scorers.chrf(written, [[row["target"] for row in rows]]),
    }
    resampling: dict[str, Any] = {
        "samples": settings.bootstrap_samples,
        "confidence": settings.confidence,
        "seed": derive_seed(seed, TASK),
    }
    figures: dict[str, Any] = {"n": len(rows)}
    for name, score in scores.items():
        interval = bootstrap_corpus(score.statistics, score.score_sums, **resampling)
        figures[name] = {**_spread(interval), "unit": "0 to 100"}
    rouge = [
        scorers.rouge(row["target"], text, unit=settings.unit)["rougeL"].f
        for row, text in zip(rows, written, strict=True)
    ]
    figures["rouge_l"] = {**_spread(bootstrap_mean(rouge, **resampling)), "unit": "0 to 1"}
    signatures = {name: score.signature for name, score in scores.items()}
    signatures["rouge_l"] = scorers.rouge_signature(unit=settings.unit) + "|F-measure"
    answers = [
        {
            "id": row["id"],
            "task": TASK,
            "messages": [{"role": "user", "content": row["source"]}],
            "expected": row["target"],
            "answer": text,
            "exact": text == row["target"],
            "near": score >= settings.near_exact,
            "rouge_l": score,
        }
        for row, text, score in zip(rows, written, rouge, strict=True)
    ]
    return {"tasks": {TASK: figures}, "signatures": signatures}, answers


def _spread(interval: Any) -> dict[str, Any]:
    kept = ("value", "low", "high", "n", "method")
    return {name: getattr(interval, name) for name in kept}


def write_targets(folder: Path, sources: Sequence[str], settings: GenerateSettings, progress: Progress) -> list[str]:
    """What the model in `folder` makes of each source."""
    model, tokenizer = load_model(folder), Tokenizer.load(folder)
    assert isinstance(model, EncoderDecoder)
    end = tokenizer.control[END]
    prompts = [[*ids, end] for ids in tokenizer.encode_batch(list(sources))]
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    written = [""] * len(prompts)
    for start in range(0, len(order), _TOGETHER):
        chosen = order[start : start + _TOGETHER]
        made = generate(model, [prompts[at] for at in chosen], settings, [end], start=tokenizer.control[BEGIN])
        for at, one in zip(chosen, made, strict=True):
            written[at] = tokenizer.decode(one.tokens)
        progress.update((start + len(chosen)) / len(order), f"{start + len(chosen):,} of {len(order):,} sources")
    return written

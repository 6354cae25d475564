"""The evaluation of a model that has only read: language scores, and how it goes on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chatwright.core.progress import Progress
from chatwright.core.seeds import stream
from chatwright.corpus.settings import TextSettings
from chatwright.evaluate.perplexity import language_scores, negative_log_likelihood
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.generate.engine import generate
from chatwright.generate.settings import GenerateSettings
from chatwright.model.decoder import Decoder
from chatwright.model.encoder import Encoder
from chatwright.model.files import load_model
from chatwright.model.masks import packed_mask
from chatwright.tokens.masking import Masking, WordRows
from chatwright.tokens.packing import Rows
from chatwright.tokens.settings import MaskingSettings
from chatwright.tokens.tokenizer import BEGIN, Tokenizer

CONTINUED = "continuation"
_OPENING_TOKENS = 24
_ROWS = 16


def evaluate_text(
    *,
    packed: Path,
    model: Path,
    openings: Sequence[str],
    text_settings: TextSettings,
    masking: MaskingSettings,
    settings: EvaluateSettings,
    generation: GenerateSettings,
    seed: int,
    progress: Progress,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Scores, and how the model goes on from the beginnings of unread passages (a decoder's; not judged)."""
    progress.update(0.0, "reading passages that training never saw")
    read, tokenizer = load_model(model), Tokenizer.load(model)
    language, answers = dict[str, float](), list[dict[str, Any]]()
    if isinstance(read, Decoder):
        rows = Rows.load(packed, "validation")
        tokens = int(rows.learnt.sum())
        nats = negative_log_likelihood(read, rows, torch.float32, settings.text_batch)
        byte_count = sum(len(text.encode()) for text in openings)
        language = language_scores(nats, tokens, byte_count)
        answers = _continue(read, tokenizer, openings, generation, text_settings.samples, seed, progress)
    else:
        assert isinstance(read, Encoder)
        batches = Masking.of(WordRows.load(packed, "validation"), tokenizer, masking, rows_per_batch=_ROWS, seed=seed)
        loss = masked_loss(read, batches, torch.float32)
        language = {"masked_loss": loss, "masked_perplexity": math.exp(min(loss, 700.0))}
    return {"language": language}, answers


@torch.no_grad()
def masked_loss(model: Encoder, masking: Masking, dtype: torch.dtype) -> float:
    """Mean -log p of hidden tokens over all rows once, in nats."""
    nats, count = 0.0, 0
    for step, start in enumerate(range(0, len(masking.rows), _ROWS)):
        batch = masking.hide(np.arange(start, min(start + _ROWS, len(masking.rows))), step)
        learnt = torch.from_numpy(batch.learnt)
        mask = packed_mask(torch.from_numpy(batch.segment), causal=False)
        hidden = model.hidden(torch.from_numpy(batch.inputs), mask, dtype=dtype)[learnt]
        targets = torch.from_numpy(batch.targets)[learnt]
        nats += float(torch.nn.functional.cross_entropy(model.logits(hidden).float(), targets, reduction="sum"))
        count += int(learnt.sum())
    return nats / max(1, count)


def _continue(
    model: Decoder,
    tokenizer: Tokenizer,
    openings: Sequence[str],
    generation: GenerateSettings,
    count: int,
    seed: int,
    progress: Progress,
) -> list[dict[str, Any]]:
    chosen = stream(seed, CONTINUED).sample(list(openings), min(count, len(openings)))
    progress.update(0.9, f"going on from {len(chosen)} beginnings")
    begin, stop = tokenizer.control[BEGIN], tuple(tokenizer.control.values())
    beginnings = [tokenizer.encode(text)[:_OPENING_TOKENS] for text in chosen]
    written = generate(model, [[begin, *ids] for ids in beginnings], generation, stop)
    return [
        {
            "id": str(number),
            "task": CONTINUED,
            "messages": [{"role": "user", "content": tokenizer.decode(ids)}],
            "expected": text[len(tokenizer.decode(ids)) :][:400],
            "answer": tokenizer.decode(one.tokens),
            "exact": None,  # a text may go on in many ways
        }
        for number, (text, ids, one) in enumerate(zip(chosen, beginnings, written, strict=True))
    ]

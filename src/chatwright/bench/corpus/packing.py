"""Tokenizing and packing on all cores, against what the Rust tokenizer's own batches take."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np

from chatwright.bench.asked import Asked, row
from chatwright.bench.corpus.texts import articles
from chatwright.bench.measured import Row
from chatwright.core.progress import Silent
from chatwright.corpus.engine import run_apart
from chatwright.tokens.build import learn_from_texts, pack_texts
from chatwright.tokens.settings import PackingSettings, TokenizerSettings
from chatwright.tokens.tokenizer import TOKENIZER_FILE

_ROUNDS = 5
_LEAST = 0.9


def measure_packing(asked: Asked, rounds: int = _ROUNDS, most: int | None = None) -> list[Row]:
    """Articles as packed rows on the disk, and as the encodings of `encode_batch`, by turns.

    Each turn is in a process of its own, as both are done once: memory that an earlier turn left would decide.
    """
    folder, texts = asked.folder / "packing", articles(asked.data)[:most]
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "rows").mkdir(parents=True)
    with asked.show("packing") as progress:
        progress.update(0.0, "learning a tokenizer")
        learn_from_texts(folder, {"train": texts}, TokenizerSettings(), Silent())
        ours, theirs = list[float](), list[float]()
        for number in range(rounds):
            progress.update((number + 1) / (rounds + 1), f"round {number + 1} of {rounds}")
            theirs.append(run_apart(_encode, folder, texts))
            ours.append(run_apart(_pack, folder, texts))
    shutil.rmtree(folder)
    return packing_rows(sum(len(text.encode()) for text in texts) / 1e6, ours, theirs)


def _encode(folder: Path, texts: list[str]) -> float:
    from tokenizers import Tokenizer

    stock = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    started = time.perf_counter()
    stock.encode_batch(texts, add_special_tokens=False)
    return time.perf_counter() - started


def _pack(folder: Path, texts: list[str]) -> float:
    started = time.perf_counter()
    pack_texts(folder / "rows", folder, {"train": texts}, PackingSettings(), Silent(), masked=False)
    return time.perf_counter() - started


def packing_rows(megabytes: float, ours: list[float], theirs: list[float]) -> list[Row]:
    """The median of the rounds' shares of seconds: above 1, packed rows are on the disk before ids are in memory."""
    share = float(np.median([their / our for our, their in zip(ours, theirs, strict=True)]))
    return [
        row(
            "tokenized and packed, against encode_batch",
            share,
            "times as fast",
            f"at least {_LEAST:g}",
            share >= _LEAST,
        ),
        row("tokenized and packed", megabytes / float(np.median(ours)), "MB/s of all cores"),
    ]

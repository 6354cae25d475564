"""Recipes over public data, from the folder's files to the report, on small made-up sets in the published layouts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.public_data import public_data
from tests.test_end_to_end import chatwright, options

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return public_data(tmp_path_factory.mktemp("public"))


_PAIRS = {
    "plan__finetune_steps": 4,
    "train__rows_per_batch": 4,
    "tokenizer__vocabulary_size": 400,
    "generate__max_new_tokens": 6,
}
_DENOISED = {**_PAIRS, "plan__pretrain_steps": 6}
_LABELS = {"plan__pretrain_steps": 3, "train__rows_per_batch": 4, "tokenizer__vocabulary_size": 400}
_TEXT = {"plan__pretrain_steps": 4, "train__rows_per_batch": 2, "tokenizer__vocabulary_size": 400}
_TALK = {"plan__finetune_steps": 4, "train__rows_per_batch": 2, "tokenizer__vocabulary_size": 400}


@pytest.mark.parametrize(
    ("recipe", "settings", "asked"),
    [
        ("translate-tatoeba-zh", _PAIRS, ("translation.bleu", "translation.bleu_gain")),
        ("translate-tatoeba-en", _PAIRS, ("translation.bleu", "translation.bleu_gain")),
        ("summarize-csl-zh", _DENOISED, ("summary.rouge_l", "summary.rouge_l_gain")),
        ("qa-cmrc-zh", _DENOISED, ("reading.exact_match", "reading.token_f1")),
        ("dialogue", _TALK, ("right answer.accuracy", "right answer.sources.everyday-zh.accuracy_gain")),
        ("blimp", _TEXT, ("blimp.accuracy",)),
        ("blimp-masked", _TEXT, ("blimp.accuracy",)),
        ("instruct", {**_TALK, "messages__held_out": 0.2}, ("language.loss", "language.perplexity", "answers.rouge_l")),
        ("gpt2-story", _TEXT, ("language.bits_per_byte",)),
        ("multiple-choice", _TEXT, ("piqa.accuracy", "arc-challenge.accuracy", "cmmlu.accuracy")),
        ("classify-davidson", _LABELS, ("classification.macro_f1", "classification.gain_over_linear")),
        ("classify-eprstmt-zh", _LABELS, ("classification.accuracy", "classification.gain_over_linear")),
        ("classify-tnews-zh", _LABELS, ("classification.accuracy", "classification.gain_over_linear")),
        ("classify-cold-zh", _LABELS, ("classification.auroc", "classification.gain_of_pretraining")),
    ],
)
def test_a_recipe_goes_from_its_data_to_its_report(
    recipe: str, settings: dict[str, Any], asked: tuple[str, ...], data: Path, tmp_path: Path
) -> None:
    command = ("run", recipe, "--data", str(data), "--out", str(tmp_path / recipe), *options(**settings))
    result = json.loads(chatwright(*command, "--json").stdout)
    scores = {row["name"]: row for row in result["scores"]}
    assert set(asked) <= scores.keys()
    page = Path(result["page"]).read_text()
    assert recipe in page
    row = chatwright("table", str(tmp_path / recipe)).stdout
    assert f"| {recipe} | 1 |" in row and f"`{asked[0]}" in row

"""Text of other data sets beside pairs."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chatwright.core.errors import RecipeError, UsageError
from chatwright.core.files import read_json
from chatwright.core.progress import Silent
from chatwright.corpus.pair_texts import more_texts
from chatwright.corpus.pairs import build_pairs, pairs_identity
from chatwright.corpus.settings import PairSettings
from chatwright.corpus.tables import read_rows
from chatwright.recipe import load_recipe
from chatwright.tokens.build import learn_from_pairs, pack_pair_corpus
from chatwright.tokens.packing import Rows
from chatwright.tokens.settings import DenoisingSettings, PackingSettings, TokenizerSettings
from chatwright.tokens.tokenizer import Tokenizer

ABSTRACTS = [f"本文第{number}次研究了城市里的河流与桥梁之间的关系" for number in range(60)]


def data_folder_with(folder: Path, *said: str) -> PairSettings:
    """Sixty abstracts with their titles, and instructions beside them."""
    for name in ("csl-title-zh", "alpaca-zh"):
        (folder / name).mkdir(parents=True)
    lines = [f"title\t{abstract}\t河流与桥梁{number}" for number, abstract in enumerate(ABSTRACTS)]
    (folder / "csl-title-zh" / "dev.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [{"instruction": "写一句话", "input": "", "output": text} for text in said]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "alpaca-zh" / "alpaca_zh.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    return PairSettings(**own_set(), texts=("alpaca-zh",), data=str(folder))


def own_set() -> dict[str, Any]:
    return {"name": "csl-title-zh", "source": "zh", "target": "zh", "tokenised": False, "lower": False}


def held_out(folder: Path) -> str:
    return next(row["source"] for row in read_rows(folder / "pairs.parquet") if row["split"] == "test")


def test_texts_stand_once_and_never_hold_what_is_asked(tmp_path: Path) -> None:
    build_pairs(tmp_path, data_folder_with(tmp_path / "first", "今天天气很好"), Silent())
    asked = held_out(tmp_path)
    settings = data_folder_with(tmp_path / "second", "今天天气很好", "今天天气很好", f"有人说{asked}对吗")
    figures = build_pairs(tmp_path, settings, Silent())
    assert more_texts(tmp_path) == ["写一句话", "今天天气很好"] and figures["texts"] == 2
    ledger = {entry["rule"]: entry["count"] for entry in read_json(tmp_path / "ledger.json")}
    assert ledger == {"shares a run of words with a held-out pair": 1}


def test_the_vocabulary_and_the_gaps_are_of_all_texts(tmp_path: Path) -> None:
    settings = data_folder_with(tmp_path / "data", "鹦鹉学舌" * 30, "鹦鹉学舌" * 31)
    build_pairs(tmp_path, settings, Silent())
    learn_from_pairs(tmp_path, tmp_path, TokenizerSettings(vocabulary_size=500), Silent(), gaps=True)
    packing = PackingSettings(row_tokens=64, source_tokens=64)
    with_texts = pack_pair_corpus(tmp_path, tmp_path, tmp_path, packing, Silent(), texts=DenoisingSettings())
    (tmp_path / "texts.parquet").unlink()
    assert more_texts(tmp_path) == []
    alone = pack_pair_corpus(tmp_path, tmp_path, tmp_path, packing, Silent(), texts=DenoisingSettings())
    assert (
        with_texts["documents_tokens"]
        > alone["documents_tokens"]
        == int((Rows.load(tmp_path, "documents").segment >= 0)[:, :-1].sum())
    )
    assert with_texts["train_pairs"] == alone["train_pairs"]
    own = Tokenizer.load(tmp_path)
    learn_from_pairs(tmp_path, tmp_path, TokenizerSettings(vocabulary_size=500), Silent(), gaps=True)
    assert len(own.encode("鹦鹉学舌")) < len(Tokenizer.load(tmp_path).encode("鹦鹉学舌"))


def test_files_of_the_texts_are_needed_and_gaps_to_fill(tmp_path: Path) -> None:
    settings = data_folder_with(tmp_path, "今天")
    assert set(pairs_identity(settings)) == {"csl-title-zh/dev.tsv", "alpaca-zh/alpaca_zh.jsonl.gz"}
    (tmp_path / "alpaca-zh" / "alpaca_zh.jsonl.gz").unlink()
    with pytest.raises(UsageError, match=r"alpaca_zh\.jsonl\.gz"):
        pairs_identity(settings)
    with pytest.raises(ValidationError, match="itself"):
        PairSettings(**own_set(), texts=("csl-title-zh",))
    with pytest.raises(ValidationError, match="tokenised and lower"):
        PairSettings(name="multi30k", texts=("dialogsum",))
    with pytest.raises(RecipeError, match=r"sentence_share"):
        load_recipe("translate-multi30k", ["denoising.sentence_share=0.5"])
    with pytest.raises(RecipeError, match=r"plan\.denoise_share"):
        load_recipe("summarize-csl-zh", ["plan.denoise_share=0"])

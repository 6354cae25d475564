from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

from chatwright import load
from chatwright.core.errors import ArtifactError, UsageError
from chatwright.core.files import write_json
from chatwright.interop import folders, proof
from chatwright.interop.folders import write_stock_folder
from chatwright.interop.pretrained import Pretrained
from chatwright.model.config import ModelConfig
from chatwright.model.files import save_model
from chatwright.model.language_model import LanguageModel
from chatwright.model.stock import make_model
from chatwright.tokens.template import STOCK_CONFIG
from chatwright.tokens.tokenizer import Tokenizer
from tests.interop.conftest import STORY

SIZES: dict[str, Any] = {"width": 32, "layers": 2, "heads": 4, "key_value_heads": 4, "head_width": 8}
SIZES |= {"feed_forward_width": 48, "context": 96, "vocabulary_size": 400}
GPT2 = {"norm": "layer", "norm_bias": True, "query_key_norm": False, "positions": "learned", "gated": False}
GPT2 |= {"activation": "gelu_tanh", "attention_bias": True, "feed_forward_bias": True}
BERT = {"family": "encoder", "norm": "layer", "embedding_norm": True, "query_key_norm": False, "activation": "gelu"}
BERT |= {"head_transform": True, "head_bias": True, "local_blocks": (1,), "window": 8, "local_rope_base": 100.0}
T5 = {"family": "encoder-decoder", "encoder_layers": 2, "positions": "relative", "query_key_norm": False}
T5 |= {"activation": "gelu_tanh", "scaled_head": True}
LLAMA = {"query_key_norm": False, "key_value_heads": 2, "tied": False}
SHAPES: dict[str, dict[str, Any]] = {"Qwen3": {}, "Llama": LLAMA, "GPT2": GPT2, "ModernBert": BERT, "T5": T5}


def own_folder(folder: Path, shape: str) -> Path:
    """A model of ours with random weights everywhere, beside our tokenizer."""
    folder.mkdir()
    tokenizer = Tokenizer.learn(["What does json.dumps do? It writes. naïve 你好 " * 20], 400)
    sizes = {**SIZES, "vocabulary_size": len(tokenizer)}
    model: LanguageModel = make_model(ModelConfig(**{**sizes, **SHAPES[shape]}))
    model.initialise(0)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.3)
    save_model(model, folder)
    tokenizer.save(folder)
    write_json(folder / "tokenizer_config.json", STOCK_CONFIG)
    return folder


@pytest.mark.parametrize("shape", SHAPES)
def test_an_export_is_proven(shape: str, tmp_path: Path) -> None:
    written = write_stock_folder(str(own_folder(tmp_path / "own", shape)), tmp_path / "out")
    shown = written["proof"]
    assert shown["stock_class"].startswith(shape) and shown["conversations"] == proof.CONVERSATIONS
    if shape == "ModernBert":
        assert shown["largest_logit_difference"] < 1e-4
    else:
        assert shown["tokens"] == proof.PROMPTS * proof.TOKENS
    assert not list(tmp_path.glob(".*"))
    generation = json.loads((tmp_path / "out" / "generation_config.json").read_text())
    tokenizer = Tokenizer.load(tmp_path / "out")
    assert tokenizer.control["<|end|>"] in generation["eos_token_id"]


def test_bfloat16_is_half_the_size_and_proven_too(tmp_path: Path) -> None:
    source = str(own_folder(tmp_path / "own", "Qwen3"))
    whole, half = (write_stock_folder(source, tmp_path / name, name) for name in ("float32", "bfloat16"))
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("float32", "bfloat16")]
    assert sizes[1] < 0.6 * sizes[0] and whole["parameters"] == half["parameters"]
    assert json.loads((tmp_path / "bfloat16" / "config.json").read_text())["dtype"] == "bfloat16"


def test_a_stock_model_is_imported_with_its_tokenizer(gpt2_folder: Path, tmp_path: Path) -> None:
    write_stock_folder(str(gpt2_folder), tmp_path / "in")
    theirs, ours = (
        transformers.GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32)
        for folder in (gpt2_folder, tmp_path / "in")
    )
    for one, other in zip(theirs.state_dict().values(), ours.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    assert ours.config.eos_token_id == theirs.config.eos_token_id
    assert (tmp_path / "in" / "tokenizer.json").read_bytes() == (gpt2_folder / "tokenizer.json").read_bytes()


def test_a_t5_with_a_model_of_sentencepiece_is_imported(
    t5_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As T5 v1.1 lies on the hub: `spiece.model`, no `tokenizer.json`."""
    source = tmp_path / "t5"
    source.mkdir()
    for name in ("config.json", "model.safetensors"):
        (source / name).write_bytes((t5_folder / name).read_bytes())
    SentencePieceTrainer.train(
        sentence_iterator=iter([STORY] * 5),
        model_prefix=str(source / "spiece"),
        **{"vocab_size": 34, "pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1, "minloglevel": 2},
    )
    (source / "spiece.vocab").unlink()
    write_json(source / "tokenizer_config.json", {"tokenizer_class": "T5Tokenizer", "extra_ids": 10})
    pieces = SentencePieceProcessor(model_file=str(source / "spiece.model")).encode("Once upon a time")
    assert Pretrained.load(source).encode("Once upon a time") == [*pieces, 1]
    write_stock_folder(str(source), tmp_path / "out")
    assert (tmp_path / "out" / "spiece.model").read_bytes() == (source / "spiece.model").read_bytes()
    assert load(tmp_path / "out").generate("it said") == load(source).generate("it said")
    monkeypatch.setattr("chatwright.interop.text.find_spec", lambda _: None)
    with pytest.raises(ArtifactError, match=r"SentencePiece(?s:.)*chatwright\[sentencepiece\]"):
        Pretrained.load(source)


def test_an_export_that_does_not_agree_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, gpt2_folder: Path, tmp_path: Path
) -> None:
    real = folders.save_model

    def wrong(model: LanguageModel, *rest: Any) -> None:
        real(model, *rest)
        config = json.loads((rest[0] / "config.json").read_text())
        (rest[0] / "config.json").write_text(json.dumps({**config, "scale_attn_by_inverse_layer_idx": True}))

    monkeypatch.setattr(folders, "save_model", wrong)
    monkeypatch.setattr(proof, "load_model", lambda folder: proof_model(gpt2_folder))
    with pytest.raises(ArtifactError, match="does not agree"):
        write_stock_folder(str(gpt2_folder), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def proof_model(folder: Path) -> Any:
    from chatwright.model.files import load_model

    return load_model(folder)


def test_a_folder_that_is_there_is_not_touched(gpt2_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        write_stock_folder(str(gpt2_folder), tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

from chatwright import load
from chatwright.core.artifacts import Stage
from chatwright.core.errors import ArtifactError, UsageError
from chatwright.core.files import write_json
from chatwright.generate.settings import GenerateSettings
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


def own_folder(folder: Path, shape: str, **told: Any) -> Path:
    """A model of ours with random weights everywhere, beside our tokenizer."""
    folder.mkdir()
    tokenizer = Tokenizer.learn(["What does json.dumps do? It writes. naïve 你好 " * 20], 400)
    sizes = {**SIZES, "vocabulary_size": len(tokenizer)}
    model: LanguageModel = make_model(ModelConfig(**{**sizes, **SHAPES[shape], **told}))
    model.initialise(0)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.3)
    save_model(model, folder)
    tokenizer.save(folder)
    write_json(folder / "tokenizer_config.json", STOCK_CONFIG)
    return folder


def scored_run(run: Path, shape: str, generation: dict[str, Any]) -> Path:
    """A run of such a model that was scored with these settings of generation."""
    run.mkdir()
    own_folder(run / "finetune", shape)
    Stage("evaluate", {"generate": generation}, {}, 1).build(run, lambda _: {})
    return run


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


@pytest.mark.parametrize("shape", ["Qwen3", "T5"])
def test_an_export_writes_as_its_run_was_scored(shape: str, tmp_path: Path) -> None:
    plain = load(own_folder(tmp_path / "plain", shape)).generate("It writes", max_new_tokens=16)
    told = {"beams": 3, "length_penalty": 2.0, "no_repeat_ngram_size": 2, "max_new_tokens": 16, "grounded": False}
    run = scored_run(tmp_path / "run", shape, told)
    searched = load(run).generate("It writes")
    assert searched == load(run / "finetune").generate("It writes", **told) != plain
    assert load(run).generate("It writes", beams=1, no_repeat_ngram_size=0) == plain
    assert load(run).settings(temperature=0.5).beams == 1  # the two exclude each other: what is asked for counts
    written = write_stock_folder(str(run), tmp_path / "out")
    assert written["proof"]["as_shipped"] == proof.SHIPPED
    generation = json.loads((tmp_path / "out" / "generation_config.json").read_text())
    assert (generation["num_beams"], generation["length_penalty"], generation["no_repeat_ngram_size"]) == (3, 2.0, 2)
    assert load(tmp_path / "out").generate("It writes", max_new_tokens=16) == searched
    if shape == "T5":  # of a decoder the longest text is told, not the longest answer
        assert load(tmp_path / "out").settings() == load(run).settings()


def test_a_run_that_was_scored_by_what_agrees_writes_that(tmp_path: Path) -> None:
    told = {"temperature": 0.9, "candidates": 6, "no_repeat_ngram_size": 2, "max_new_tokens": 12}
    run = scored_run(tmp_path / "run", "T5", told)
    model, pieces = load(run), list[str]()
    chosen = model.generate("It writes")
    assert chosen == load(run / "finetune").generate("It writes", **told) != model.generate("It writes", temperature=0)
    assert model.complete(["It writes"], model.settings(), pieces.append)[0][1] == chosen and not pieces
    assert model.settings(beams=4) == GenerateSettings(beams=4, no_repeat_ngram_size=2, max_new_tokens=12)
    write_stock_folder(str(run), tmp_path / "out")  # other programs cannot choose so: greedy
    assert load(tmp_path / "out").settings() == GenerateSettings(no_repeat_ngram_size=2, max_new_tokens=12)


def test_a_run_that_was_scored_by_samples_writes_greedy(tmp_path: Path) -> None:
    told = {"temperature": 0.8, "top_p": 0.9, "repetition_penalty": 1.2, "max_new_tokens": 5}
    run = scored_run(tmp_path / "run", "Qwen3", told)
    assert load(run).settings() == GenerateSettings()
    write_stock_folder(str(run), tmp_path / "out")
    assert json.loads((tmp_path / "out" / "generation_config.json").read_text())["do_sample"] is False


def test_an_export_that_writes_otherwise_by_its_own_settings_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, real = own_folder(tmp_path / "own", "T5"), folders.stock_generation
    monkeypatch.setattr(folders, "stock_generation", lambda *of: {**real(*of), "suppress_tokens": list(range(7, 200))})
    with pytest.raises(ArtifactError, match="its own settings of generation"):
        write_stock_folder(str(source), tmp_path / "out")
    assert not (tmp_path / "out").exists()


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


def test_a_stock_encoder_is_imported(gpt2_folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "bert"
    sizes = {"vocab_size": 300, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "pad_token_id": 0}
    torch.manual_seed(4)
    transformers.ModernBertForMaskedLM(transformers.ModernBertConfig(**sizes, num_attention_heads=4)).save_pretrained(
        source
    )
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (source / name).write_bytes((gpt2_folder / name).read_bytes())
    written = write_stock_folder(str(source), tmp_path / "in")
    assert written["architecture"] == "ModernBertForMaskedLM" and written["proof"]["largest_logit_difference"] < 1e-4
    ids = torch.tensor([Pretrained.load(source).encode("Once upon a time")])
    theirs, ours = (
        transformers.ModernBertForMaskedLM.from_pretrained(folder, dtype=torch.float32).eval()
        for folder in (source, tmp_path / "in")
    )
    with torch.no_grad():
        assert torch.allclose(theirs(ids).logits, ours(ids).logits, atol=1e-5)


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

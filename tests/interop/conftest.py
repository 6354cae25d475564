"""Small stock models with random weights, in folders as the hub has them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import transformers
from tokenizers.implementations import ByteLevelBPETokenizer

from chatwright.core.files import write_json

STORY = "Once upon a time there was a very small model. It said once what it had read, and upon that it went on. " * 9


@pytest.fixture(scope="session")
def gpt2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2 of 3 blocks and a tokenizer of its own, with the files that the hub's gpt2 has."""
    return make_gpt2(tmp_path_factory.mktemp("hub") / "tiny-gpt2")


def make_gpt2(folder: Path) -> Path:
    """Write such a model."""
    folder.mkdir()
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator([STORY], vocab_size=300, special_tokens=["<|endoftext|>"], show_progress=False)
    bpe.save_model(str(folder))
    bpe.save(str(folder / "tokenizer.json"))
    end = bpe.token_to_id("<|endoftext|>")
    told = {"tokenizer_class": "GPT2Tokenizer", "eos_token": "<|endoftext|>", "model_max_length": 64}
    write_json(folder / "tokenizer_config.json", told)
    config = transformers.GPT2Config(
        vocab_size=300, n_embd=32, n_layer=3, n_head=4, n_positions=64, bos_token_id=end, eos_token_id=end
    )
    torch.manual_seed(1)
    model = transformers.GPT2LMHeadModel(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    model.save_pretrained(folder)
    return folder


def make_decoder(folder: Path, shape: str) -> Path:
    """A Llama or a Qwen3 of 2 blocks with grouped queries and a head of its own, beside that tokenizer."""
    make_gpt2(folder)
    (folder / "generation_config.json").unlink()
    sizes = {"vocab_size": 300, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "head_dim": 8}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64}
    config = getattr(transformers, f"{shape}Config")(**sizes, **heads, tie_word_embeddings=False, eos_token_id=0)
    torch.manual_seed(3)
    model = getattr(transformers, f"{shape}ForCausalLM")(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def t5_folder(tmp_path_factory: pytest.TempPathFactory, gpt2_folder: Path) -> Path:
    """A T5 v1.1 of 2 + 2 blocks, with the same tokenizer."""
    folder = tmp_path_factory.mktemp("hub") / "tiny-t5"
    folder.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((gpt2_folder / name).read_bytes())
    config = transformers.T5Config(
        vocab_size=300,
        d_model=32,
        d_kv=8,
        d_ff=48,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
    )
    torch.manual_seed(2)
    model = transformers.T5ForConditionalGeneration(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    model.save_pretrained(folder)
    return folder

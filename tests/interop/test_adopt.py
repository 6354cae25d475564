"""A foreign decoder to go on from: the same weights, and our control tokens beside its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from chatwright.core.errors import UsageError
from chatwright.interop.adopt import adopt, base_identity
from chatwright.model.files import load_decoder
from chatwright.tokens.template import encode_prompt
from chatwright.tokens.tokenizer import CONTROL, Tokenizer


def test_a_gpt2_says_what_it_said_and_knows_our_control_tokens(gpt2_folder: Path, tmp_path: Path) -> None:
    figures = adopt(str(gpt2_folder), tmp_path)
    before, after = load_decoder(gpt2_folder), load_decoder(tmp_path)
    ids = torch.arange(20)[None]
    assert torch.equal(before(ids), after(ids)[..., : before.config.vocabulary_size])
    tokenizer = Tokenizer.load(tmp_path)
    assert figures["control_tokens_added"] == len(CONTROL)
    assert len(tokenizer) == after.config.vocabulary_size == 300 + len(CONTROL)
    new, old = after.embedding[300:], after.embedding[:300]
    assert torch.pdist(new).min() > 0.1 * torch.pdist(old).mean()  # adapters leave them: no two may be alike
    assert torch.allclose(new.std(), old.std(), rtol=0.3)
    text = "Once upon a time — naïve 你好"
    assert tokenizer.decode(tokenizer.encode(text)) == text
    prompt = encode_prompt(tokenizer, [{"role": "user", "content": "<|end|>"}])
    assert prompt[0] == tokenizer.control["<|user|>"] and tokenizer.control["<|end|>"] not in prompt
    assert len(base_identity(str(gpt2_folder))) >= 3


def test_only_vocab_and_merges_will_do(gpt2_folder: Path, tmp_path: Path) -> None:
    older = tmp_path / "older"
    older.mkdir()
    for path in gpt2_folder.iterdir():
        if path.name != "tokenizer.json":
            (older / path.name).write_bytes(path.read_bytes())
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    adopt(str(older), tmp_path / "one")
    adopt(str(gpt2_folder), tmp_path / "two")
    one, two = (Tokenizer.load(tmp_path / name) for name in ("one", "two"))
    text = "Once upon a time there was a model"
    assert one.encode(text) == two.encode(text)


def test_a_folder_of_ours_is_taken_as_it_is(gpt2_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    adopt(str(gpt2_folder), tmp_path / "first")
    assert adopt(str(tmp_path / "first"), tmp_path / "second")["control_tokens_added"] == 0


def test_a_tokenizer_of_another_kind_is_refused(gpt2_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for path in gpt2_folder.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    told = json.loads((other / "tokenizer.json").read_text())
    told["decoder"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    (other / "tokenizer.json").write_text(json.dumps(told))
    (tmp_path / "to").mkdir()
    with pytest.raises(UsageError, match="no byte-level BPE"):
        adopt(str(other), tmp_path / "to")

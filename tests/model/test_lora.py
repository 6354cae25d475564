"""Adapters: at first nothing changes; PEFT reads ours; merging keeps what the model says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from chatwright.model.files import load_model, save_model
from chatwright.model.lora import adapters, add_adapters, merge_adapters, save_adapters
from tests.model.test_stock import stock_model

IDS = torch.arange(12).reshape(2, 6) * 7 % 300
DECODERS = ["qwen3", "llama, one head of keys, tied", "gpt2"]


def stir(model: Any) -> None:
    """Random factors everywhere, so that no path is silent."""
    torch.manual_seed(5)
    for factors in adapters(model).values():
        for factor in factors.parameters():
            torch.nn.init.normal_(factor, std=0.1)


@pytest.mark.parametrize("name", [*DECODERS, "t5 v1.1", "modernbert"])
def test_adapters_change_nothing_at_first_and_merge_into_what_they_say(name: str, tmp_path: Path) -> None:
    stock_model(name).save_pretrained(tmp_path)
    model = load_model(tmp_path)
    arguments = (IDS, IDS) if name.startswith("t5") else (IDS,)
    before = model(*arguments).detach()
    count = sum(weight.numel() for weight in model.parameters())
    learnt = add_adapters(model, rank=3, alpha=6.0, seed=1)
    assert learnt == sum(weight.numel() for weight in model.parameters() if weight.requires_grad) < count
    assert torch.equal(model(*arguments), before)
    stir(model)
    changed = model(*arguments).detach()
    assert not torch.allclose(changed, before, atol=1e-2)
    merge_adapters(model)
    assert torch.allclose(model(*arguments), changed, atol=1e-4)
    assert sum(weight.numel() for weight in model.parameters()) == count
    assert all(weight.requires_grad for weight in model.parameters())
    (tmp_path / "merged").mkdir()
    save_model(model, tmp_path / "merged")
    assert torch.allclose(load_model(tmp_path / "merged")(*arguments), changed, atol=1e-4)


@pytest.mark.parametrize("name", [*DECODERS, "t5 v1.1"])
@pytest.mark.filterwarnings("ignore")  # peft's own
def test_peft_says_the_same_with_our_adapters(name: str, tmp_path: Path) -> None:
    from peft import PeftModel

    stock = stock_model(name)
    stock.save_pretrained(tmp_path / "base")
    model = load_model(tmp_path / "base")
    add_adapters(model, rank=2, alpha=8.0, seed=1)
    stir(model)
    save_adapters(model, tmp_path / "adapter", base=str(tmp_path / "base"), rank=2, alpha=8.0)
    theirs = PeftModel.from_pretrained(stock, str(tmp_path / "adapter")).eval()
    if name.startswith("t5"):
        ours, told = model(IDS, IDS), theirs(input_ids=IDS, decoder_input_ids=IDS).logits
    else:
        ours, told = model(IDS), theirs(IDS).logits
    assert torch.allclose(ours, told, atol=1e-4, rtol=1e-4)

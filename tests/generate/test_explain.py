from __future__ import annotations

import pytest
import torch

from chatwright.core.errors import DataError
from chatwright.generate.explain import explain
from chatwright.model.config import ModelConfig
from chatwright.model.language_model import LanguageModel
from chatwright.model.stock import make_model
from tests.model.test_decoder import SMALL, small_model

IDS = [5, 9, 200, 31]
BERT = ModelConfig(**{**SMALL.model_dump(), "family": "encoder", "local_blocks": (1,), "window": 1})
T5 = ModelConfig(**{**SMALL.model_dump(), "family": "encoder-decoder", "encoder_layers": 1, "positions": "relative"})


def random_model(config: ModelConfig) -> LanguageModel:
    model: LanguageModel = make_model(config)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn_like(weight) * 0.3)
    return model.eval()


def test_a_decoder_looks_back_only_and_its_shares_add_up() -> None:
    model = small_model()
    told = explain(model, IDS, str)
    assert told.tokens == [str(token) for token in IDS]
    assert [look.name for look in told.looks] == ["block 1", "block 2"]
    for look in told.looks:
        assert look.shares.shape == (4, 4, 4) and torch.allclose(look.shares.sum(-1), torch.ones(4, 4))
        assert torch.equal(look.shares, look.shares.tril())
    chances = model(torch.tensor([IDS]))[0].softmax(-1)
    for place, likely in enumerate(told.likely):
        assert [chance for _, chance in likely] == pytest.approx(chances[place].topk(5).values.tolist())
        assert likely[0][0] == str(int(chances[place].argmax()))


def test_what_is_shown_is_what_is_computed_with() -> None:
    model = small_model()
    told, attention = explain(model, IDS, str), model.blocks[0].attention
    x = model.blocks[0].attention_norm(model.embed(torch.tensor([IDS]), torch.float32))
    rotary = model.stack.rotary[:, : len(IDS)] if model.stack.rotary is not None else None
    value = attention.project(x, rotary)[2].repeat_interleave(2, dim=1)
    mixed = (told.looks[0].shares[None] @ value).transpose(1, 2).flatten(2)
    assert torch.allclose(attention.output(mixed), attention(x, rotary, None), atol=1e-5)


def test_an_encoder_looks_both_ways_and_a_local_block_no_further_than_its_window() -> None:
    told = explain(random_model(BERT), IDS, str)
    everywhere, near = (look.shares for look in told.looks)
    assert (everywhere > 0).all()
    places = torch.arange(4)
    assert ((near > 0) == ((places[:, None] - places).abs() <= 1)).all()


def test_an_encoder_decoder_shows_both_sides_and_what_passes_between() -> None:
    told = explain(random_model(T5), IDS, str, stop=[0], start=1)
    assert [look.name for look in told.looks] == [
        "encoder block 1",
        "decoder block 1",
        "cross block 1",
        "decoder block 2",
        "cross block 2",
    ]
    assert told.tokens[0] == "1" and len(told.likely) == len(told.tokens)
    cross = told.looks[2]
    assert cross.keys == [str(token) for token in IDS] and cross.queries == told.tokens
    assert torch.allclose(cross.shares.sum(-1), torch.ones(cross.shares.shape[:2]))


def test_a_classifier_is_asked_for_the_labels_of_the_whole() -> None:
    model = random_model(ModelConfig(**{**BERT.model_dump(), "labels": ("good", "bad"), "head_transform": True}))
    told = explain(model, IDS, str)
    assert told.tokens == ["the whole text"] and told.looks[0].keys == [str(token) for token in IDS]
    chances = dict(zip(("good", "bad"), model(torch.tensor([IDS]))[0].softmax(-1).tolist(), strict=True))
    assert dict(told.likely[0]) == pytest.approx(chances)


def test_a_text_that_does_not_fit_is_told() -> None:
    for ids in ([], [5] * 64):
        with pytest.raises(DataError, match=f"has {len(ids)} tokens"):
            explain(small_model(), ids, str)

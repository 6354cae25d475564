from __future__ import annotations

import pytest
import torch

from chatwright.model.cache import Cache
from chatwright.model.config import ModelConfig
from chatwright.model.decoder import Decoder
from chatwright.model.layers import attend
from chatwright.model.masks import packed_mask

SMALL = ModelConfig(
    vocabulary_size=300,
    width=32,
    layers=2,
    heads=4,
    key_value_heads=2,
    head_width=8,
    feed_forward_width=48,
    context=64,
)


def small_model(config: ModelConfig = SMALL) -> Decoder:
    """Random weights everywhere, so that no path is silent."""
    torch.manual_seed(0)
    model = Decoder(config)
    model.initialise(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)
    return model.eval()


def test_the_counted_parameters_are_the_real_ones() -> None:
    for tied in (True, False):
        config = SMALL.model_copy(update={"tied": tied})
        assert sum(weight.numel() for weight in Decoder(config).parameters()) == config.parameters
    matrices = [w for block in Decoder(SMALL).blocks for w in block.parameters() if w.ndim == 2]
    assert sum(weight.numel() for weight in matrices) == SMALL.block_matrix_parameters


def test_the_future_is_not_seen() -> None:
    model, ids = small_model(), torch.randint(0, 300, (2, 12))
    changed = ids.clone()
    changed[:, 8] = (changed[:, 8] + 1) % 300
    before, after = model(ids), model(changed)
    assert torch.equal(before[:, :8], after[:, :8]) and not torch.allclose(before[:, 8:], after[:, 8:])


def test_wanted_places_are_those_of_the_full_forward_gradients_included() -> None:
    model, ids, wanted = small_model(), torch.randint(0, 300, (3, 12)), torch.tensor([1, 2, 17, 35])
    found = {}
    for name in ("all", "wanted"):
        model.zero_grad()
        hidden = model.hidden(ids).flatten(0, 1)[wanted] if name == "all" else model.hidden(ids, wanted=wanted)
        hidden.square().sum().backward()
        found[name] = [hidden.detach(), *(weight.grad for weight in model.parameters() if weight.grad is not None)]
    assert len(found["all"]) == len(found["wanted"]) > 10
    for full, part in zip(found["all"], found["wanted"], strict=True):
        torch.testing.assert_close(part, full, rtol=1e-4, atol=1e-4)


def test_cached_equals_full_forward() -> None:
    model, ids = small_model(), torch.randint(0, 300, (3, 20))
    full = model(ids)
    cache = Cache(SMALL, 3, 20, torch.float32)
    parts = [model.hidden(ids[:, :9], cache=cache)]
    for place in range(9, 20):
        everything = torch.ones(3, 1, 1, place + 1, dtype=torch.bool)
        parts.append(model.hidden(ids[:, place : place + 1], everything, cache=cache))
    assert torch.allclose(model.logits(torch.cat(parts, dim=1)), full, atol=1e-4)


def test_packed_sequences_give_what_they_give_alone() -> None:
    model = small_model()
    first, second = torch.randint(0, 300, (1, 7)), torch.randint(0, 300, (1, 9))
    segment = torch.tensor([[0] * 7 + [1] * 9])
    packed = model(torch.cat((first, second), dim=1), packed_mask(segment))
    assert torch.allclose(packed[:, :7], model(first), atol=1e-4)
    assert torch.allclose(packed[:, 7:], model(second), atol=1e-4)


def test_written_out_attention_equals_the_fused_one() -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(2, 4, 10, 8), torch.randn(2, 2, 10, 8), torch.randn(2, 2, 10, 8)
    mask = packed_mask(torch.tensor([[0] * 4 + [1] * 6, [0] * 10]))
    for chosen in (mask, None):
        fused = attend(query, key, value, chosen)
        written_out = attend(query.clone().requires_grad_(), key, value, chosen)
        assert written_out.requires_grad and torch.allclose(fused, written_out, atol=1e-5)


def test_the_mask_is_the_one_of_its_docstring() -> None:
    mask = packed_mask(torch.tensor([[0, 0, 1]]))
    assert mask[0, 0].int().tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]


def test_a_shape_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple"):
        ModelConfig(heads=3, key_value_heads=2)
    with pytest.raises(ValueError, match="even"):
        ModelConfig(head_width=7)

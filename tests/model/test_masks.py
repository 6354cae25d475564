"""Every mask against a reference that is written out place by place, in both ways that attention is computed."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from chatwright.model.layers import attend
from chatwright.model.masks import cross_mask, near, packed_mask, padding_mask

B, H, T, S, K = 2, 4, 7, 5, 8
SEGMENT = torch.tensor([[0, 0, 0, 1, 1, 2, -1], [0, 1, 1, 1, 1, 1, 1]])
SOURCE = torch.tensor([[0, 0, 1, 2, -1], [0, 1, 1, 1, 1]])
REAL = torch.tensor([[1, 1, 1, 1, 0, 0, 0], [1] * 7]).bool()
Sees = Callable[[int, int, int], bool]  # row, query, key


def same(row: int, query: int, key: int) -> bool:
    return bool(SEGMENT[row, query] == SEGMENT[row, key])


CASES: dict[str, tuple[Tensor | None, bool, Sees]] = {
    "causal": (None, True, lambda _, query, key: key <= query),
    "bidirectional": (None, False, lambda *_: True),
    "padding": (padding_mask(REAL), False, lambda row, _, key: bool(REAL[row, key])),
    "packed, causal": (packed_mask(SEGMENT), True, lambda row, query, key: same(row, query, key) and key <= query),
    "packed, both ways": (packed_mask(SEGMENT, causal=False), False, same),
    "window": (near(torch.arange(T), torch.arange(T), 2), False, lambda _, query, key: abs(query - key) <= 2),
    "window, causal, packed": (
        packed_mask(SEGMENT) & near(torch.arange(T), torch.arange(T), 1),
        True,
        lambda row, query, key: same(row, query, key) and 0 <= query - key <= 1,
    ),
    "cross": (
        cross_mask(SEGMENT, SOURCE),
        False,
        lambda row, query, key: bool(SEGMENT[row, query] < 0 or SEGMENT[row, query] == SOURCE[row, key]),
    ),
}


def written_out(query: Tensor, key: Tensor, value: Tensor, sees: Sees) -> Tensor:
    """softmax(q k / sqrt(K)) v over the places that are seen, one query at a time; groups share keys."""
    out = torch.zeros_like(query)
    group = query.shape[1] // key.shape[1]
    for row in range(query.shape[0]):
        for head in range(query.shape[1]):
            for place in range(query.shape[2]):
                seen = [at for at in range(key.shape[2]) if sees(row, place, at)]
                scores = [float(query[row, head, place] @ key[row, head // group, at]) / math.sqrt(K) for at in seen]
                weights = torch.tensor(scores).softmax(dim=0)
                for at, weight in zip(seen, weights, strict=True):
                    out[row, head, place] += weight * value[row, head // group, at]
    return out


@pytest.mark.parametrize("gradients", [False, True], ids=["torch's kernel", "written-out products"])
@pytest.mark.parametrize("groups", [1, 2], ids=["own keys", "grouped queries"])
@pytest.mark.parametrize("name", CASES)
def test_attention_sees_what_the_mask_says(name: str, groups: int, gradients: bool) -> None:
    mask, causal, sees = CASES[name]
    torch.manual_seed(0)
    keys = S if name == "cross" else T
    query = torch.randn(B, H, T, K)
    key, value = (torch.randn(B, H // groups, keys, K) for _ in range(2))
    expected = written_out(query, key, value, sees)
    found = attend(query.requires_grad_(gradients), key, value, mask, causal=causal)
    assert torch.allclose(found, expected, atol=1e-5)


def test_a_bias_that_is_learnt_gets_its_gradient_in_rows_of_any_length() -> None:
    torch.manual_seed(0)
    query, key, value = (torch.randn(1, 2, 300, K, requires_grad=True) for _ in range(3))
    bias = torch.randn(1, 2, 300, 300, requires_grad=True)
    attend(query, key, value, bias, causal=False).square().sum().backward()
    assert bias.grad is not None and float(bias.grad.abs().sum()) > 0


def test_a_row_of_padding_alone_gives_numbers() -> None:
    mask = padding_mask(torch.zeros(1, T, dtype=torch.bool))
    query = torch.randn(1, H, T, K)
    assert torch.isfinite(attend(query, query, query, mask, causal=False)).all()


@pytest.mark.parametrize("gradients", [False, True])
def test_without_a_mask_what_was_read_before_is_seen(gradients: bool) -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(1, 2, 2, K), torch.randn(1, 2, T, K), torch.randn(1, 2, T, K)
    expected = written_out(query, key, value, lambda _, place, at: at <= T - 2 + place)
    assert torch.allclose(attend(query.requires_grad_(gradients), key, value, None), expected, atol=1e-5)

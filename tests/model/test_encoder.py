"""The encoder as a classifier, and dropout."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import transformers

from chatwright.core.errors import ArtifactError
from chatwright.model.config import ModelConfig
from chatwright.model.dropout import dropout_factors
from chatwright.model.encoder import Encoder
from chatwright.model.files import load_model, save_model
from chatwright.model.masks import padding_mask
from tests.model.test_stock import BERT

LABELS = ("bad", "good", "neither")


def stock(**changes: object) -> transformers.ModernBertForSequenceClassification:
    config = transformers.ModernBertConfig(
        **{**BERT, "num_labels": 3, "classifier_pooling": "mean", "local_attention": 8, **changes}
    )
    torch.manual_seed(3)
    model = transformers.ModernBertForSequenceClassification(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    return model


def test_a_stock_classifier_says_the_same_here_and_back(tmp_path: Path) -> None:
    theirs = stock(id2label=dict(enumerate(LABELS)), label2id={label: at for at, label in enumerate(LABELS)})
    theirs.save_pretrained(tmp_path / "stock")
    ours = load_model(tmp_path / "stock")
    assert isinstance(ours, Encoder) and ours.config.labels == LABELS
    ids = torch.randint(0, 300, (3, 9))
    real = torch.arange(9)[None] < torch.tensor([9, 4, 1])[:, None]
    with torch.no_grad():
        expected = theirs(ids, attention_mask=real.long()).logits
        assert torch.allclose(ours(ids, padding_mask(real)), expected, atol=1e-4)
        (tmp_path / "ours").mkdir()
        save_model(ours, tmp_path / "ours")
        again = transformers.ModernBertForSequenceClassification.from_pretrained(tmp_path / "ours").eval()
        assert torch.allclose(again(ids, attention_mask=real.long()).logits, expected, atol=1e-4)
    assert again.config.id2label == dict(enumerate(LABELS))
    assert sum(weight.numel() for weight in ours.parameters()) == ours.config.parameters


def test_a_classifier_that_pools_otherwise_is_refused(tmp_path: Path) -> None:
    stock(classifier_pooling="cls").save_pretrained(tmp_path)
    with pytest.raises(ArtifactError, match="classifier_pooling = 'cls'"):
        load_model(tmp_path)


def test_labels_belong_to_encoders() -> None:
    with pytest.raises(ValueError, match="labels belong"):
        ModelConfig(labels=("a", "b"))


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_dropout_leaves_out_its_share_and_keeps_the_mean(share: float) -> None:
    torch.manual_seed(0)
    factors = dropout_factors((200, 1003), share, like=torch.zeros(1))
    left_out = (factors == 0).float().mean()
    assert float(left_out) == pytest.approx(share, abs=0.005)
    assert float(factors.mean()) == pytest.approx(1.0, abs=0.005)
    assert len(factors.unique()) == 2
    torch.manual_seed(0)
    assert torch.equal(factors, dropout_factors((200, 1003), share, like=torch.zeros(1)))

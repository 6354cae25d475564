"""How likely texts are: batches agree with one text at a time, and pseudo-likelihoods with their definition."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from chatwright.core.errors import DataError
from chatwright.core.progress import Silent
from chatwright.evaluate.minimal_pairs import minimal_pairs
from chatwright.evaluate.reading import masked_loss
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.generate.likelihood import continuation_likelihoods
from chatwright.interop.pretrained import Pretrained
from chatwright.interop.text import OwnCodec
from chatwright.model.config import ModelConfig
from chatwright.model.decoder import Decoder
from chatwright.model.encoder import Encoder
from chatwright.tokens.masking import Masking, encode_words, pack_words
from chatwright.tokens.settings import MaskingSettings
from chatwright.tokens.tokenizer import BEGIN, END, MASK, Tokenizer
from chatwright.train.encoder_planner import encoder_model
from chatwright.train.settings import PlanSettings

SENTENCES = ["a dog runs", "the dogs run fast", "cats", "a cat runs and runs and runs"]


def decoder() -> Decoder:
    torch.manual_seed(0)
    model = Decoder(ModelConfig(vocabulary_size=340, width=32, heads=2, key_value_heads=2, head_width=16, context=24))
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return model.eval()


def encoder() -> Encoder:
    torch.manual_seed(0)
    model = Encoder(encoder_model(PlanSettings(width=32, depth=2), 340, context=64))
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    return model.eval()


def tokenizer() -> Tokenizer:
    return Tokenizer.learn(SENTENCES * 9, 330, (MASK,))


def sentences(model: Decoder | Encoder, own: Tokenizer) -> Callable[[Sequence[str]], NDArray[np.float64]]:
    return Pretrained(model, OwnCodec(own, model.config.family), Path()).sentences


def test_continuations_in_batches_are_as_likely_as_alone() -> None:
    model, random = decoder(), np.random.default_rng(0)
    prompts = [random.integers(0, 340, random.integers(1, 9)).tolist() for _ in range(30)]
    endings = [random.integers(0, 340, random.integers(1, 9)).tolist() for _ in range(30)]
    found = continuation_likelihoods(model, prompts, endings)
    for prompt, ending, told in zip(prompts, endings, found, strict=True):
        logits = model(torch.tensor([[*prompt, *ending]]))[0].log_softmax(dim=-1)
        expected = sum(float(logits[len(prompt) - 1 + at, token].detach()) for at, token in enumerate(ending))
        assert told == pytest.approx(expected, rel=1e-4)


def test_a_prompt_that_is_too_long_loses_its_beginning() -> None:
    model, prompt = decoder(), list(range(40))
    told = continuation_likelihoods(model, [prompt], [[5, 6]])
    assert told[0] == pytest.approx(continuation_likelihoods(model, [prompt[-23:]], [[5, 6]])[0], rel=1e-5)


def test_a_continuation_beyond_the_context_is_told() -> None:
    model = decoder()
    most = list(range(model.config.context))
    assert np.isfinite(continuation_likelihoods(model, [[1]], [most])[0])
    with pytest.raises(DataError, match="text 2: the text has 25 tokens; this model takes 24"):
        continuation_likelihoods(model, [[1], [1]], [[5], [*most, 5]])


def test_a_sentence_of_a_decoder_has_an_end() -> None:
    model, own = decoder(), tokenizer()
    begin, end = own.control[BEGIN], own.control[END]
    told = sentences(model, own)(SENTENCES)
    expected = continuation_likelihoods(model, [[begin]] * 4, [[*own.encode(text), end] for text in SENTENCES])
    assert told == pytest.approx(expected)


def test_the_pseudo_likelihood_hides_each_token_alone() -> None:
    model, own = encoder(), tokenizer()
    told = sentences(model, own)(SENTENCES)
    for text, found in zip(SENTENCES, told, strict=True):
        ids = [own.control[BEGIN], *own.encode(text), own.control[END]]
        expected = 0.0
        for place in range(1, len(ids) - 1):
            shown = torch.tensor([ids])
            shown[0, place] = own.control[MASK]
            expected += float(model(shown)[0, place].log_softmax(dim=-1)[ids[place]].detach())
        assert found == pytest.approx(expected, rel=1e-4)


def test_a_text_beyond_the_context_of_an_encoder_is_told() -> None:
    model, own = encoder(), tokenizer()
    with pytest.raises(DataError, match=r"text 2: the text has \d+ tokens; this model takes \d+"):
        sentences(model, own)([SENTENCES[0], SENTENCES[0] * 40])


def test_minimal_pairs_count_where_the_good_one_is_likelier(tmp_path: Path) -> None:
    model, own = decoder(), tokenizer()
    (tmp_path / "blimp").mkdir()
    told = sentences(model, own)(SENTENCES)
    best, worst = SENTENCES[int(told.argmax())], SENTENCES[int(told.argmin())]
    pairs = [(best, worst)] * 3 + [(worst, best)]
    for name in ("one", "two"):
        lines = [json.dumps({"sentence_good": good, "sentence_bad": bad}) for good, bad in pairs]
        (tmp_path / "blimp" / f"{name}.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    figures, right, _ = minimal_pairs(tmp_path, sentences(model, own), EvaluateSettings(), Silent())
    assert right.tolist() == [1, 1, 1, 0] * 2
    assert figures["accuracy"]["value"] == 0.75 and figures["paradigms"]["two"]["value"] == 0.75
    assert figures["n"] == 8


def test_the_masked_loss_is_the_same_at_every_call() -> None:
    own = tokenizer()
    rows = pack_words(encode_words(own, SENTENCES * 20), 32, 0, 4)
    masking = Masking.of(rows, own, MaskingSettings(), rows_per_batch=4, seed=1)
    loss = masked_loss(encoder(), masking, torch.float32)
    assert loss == masked_loss(encoder(), masking, torch.float32) and loss > 1

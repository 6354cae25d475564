"""Masked tokens and labels: packed texts are asked as they are alone, and tasks are learnt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from chatwright.core.progress import Silent
from chatwright.generate.classify import label_probabilities
from chatwright.model.encoder import Encoder
from chatwright.tokens.batches import Batch
from chatwright.tokens.labels import EncodedTexts, LabelBatches, label_weights, pack_labels, rows_to_label_batch
from chatwright.tokens.masking import Foreseeing, Masking, Text, WordRows, pack_words
from chatwright.tokens.settings import MaskingSettings, PackingSettings
from chatwright.train.decoder_planner import make_decoder_plan, text_model
from chatwright.train.encoder_planner import Work, encoder_model, make_label_plan, random_masking
from chatwright.train.flops import batch_work
from chatwright.train.learner import Learner
from chatwright.train.loop import train
from chatwright.train.objectives import masked_tokens, smoothed_labels, text_labels
from chatwright.train.planner import random_batches
from chatwright.train.settings import ClassifySettings, PlanSettings, TrainSettings

CONFIG = encoder_model(PlanSettings(width=32, depth=2), 40, context=24)
MASK, CONTROL = 6, frozenset(range(7))


def texts(count: int) -> list[Text]:
    """Begin, a letter eight times over, end: a hidden token is what its neighbours are."""
    random = np.random.default_rng(0)
    return [([1, *[int(random.integers(7, 40))] * 8, 2], [True] * 10) for _ in range(count)]


def learner(model: Encoder, objective: object, steps: int) -> Learner:
    settings = TrainSettings(rows_per_batch=8, checkpoint_every=50, log_every=10)
    return Learner(model, objective, settings, steps=steps, dtype=torch.float32, compiled=False)  # type: ignore[arg-type]


def fresh(labels: tuple[str, ...] = ()) -> Encoder:
    config = CONFIG.model_copy(update={"labels": labels, "head_bias": not labels})
    model = Encoder(config)
    model.initialise(0)
    return model


def stirred(labels: tuple[str, ...] = ()) -> Encoder:
    model = fresh(labels)
    torch.manual_seed(0)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    return model.eval()


def test_hidden_tokens_are_found_again(tmp_path: Path) -> None:
    rows = pack_words(texts(200), 24, 0, 4)
    batches = Masking(rows, 8, 1, MaskingSettings(masked=0.2), MASK, 40, CONTROL)
    figures = train(tmp_path, learner(fresh(), masked_tokens, 300), batches, Silent())
    assert figures["final_loss"] < 0.3


def test_rare_labels_count_as_much_as_frequent_ones() -> None:
    encoded = EncodedTexts.of([([1, 7 + at, 2], [True] * 3) for at in range(8)])
    rows = pack_labels(encoded, range(8), [0] * 6 + [1] * 2, 24, 0, 1)
    assert label_weights(rows, 2, 0.0) == pytest.approx((1, 1))
    assert label_weights(rows, 2, 1.0) == pytest.approx((8 / 12, 8 / 4))
    model, batch = stirred(("a", "b")), rows_to_label_batch(rows, np.arange(len(rows)))

    def loss(weights: tuple[float, ...]) -> float:
        return float(text_labels(model, batch, torch.float32, weights=weights).loss.detach())

    assert loss((2.0, 0.0)) + loss((0.0, 3.0)) == pytest.approx(loss((2.0, 3.0)), rel=1e-5)
    assert loss((1.0, 1.0)) == pytest.approx(loss(()), rel=1e-5)


def test_packed_texts_are_masked_as_they_are_alone() -> None:
    model, some = stirred(), texts(6)
    together, alone = pack_words(some, 24, 0, 1), [pack_words([text], 10, 0, 1) for text in some]

    def loss(rows: WordRows) -> float:
        every = Masking(rows, len(rows), 1, MaskingSettings(masked=0.99), MASK, 40, CONTROL)
        asked = masked_tokens(model, every.hide(np.arange(len(rows)), 0), torch.float32)
        return float(asked.loss.detach())

    assert loss(together) == pytest.approx(sum(map(loss, alone)), rel=1e-4)


def test_an_encoder_that_foresees_sees_nothing_that_follows() -> None:
    model, rows = stirred(), pack_words([([1, *range(7, 15), 2], [True] * 10)], 12, 0, 1)
    batch = Foreseeing(rows, 1, 1).at(0)
    assert batch.inputs[0, :10].tolist() == [1, *range(7, 15), 2]
    assert batch.targets[0, :9].tolist() == [*range(7, 15), 2]
    assert batch.learnt[0].tolist() == [True] * 9 + [False] * 3
    early = replace(batch, learnt=batch.learnt & (np.arange(12) < 4))
    changed = early.inputs.copy()
    changed[0, 4:] = 30

    def loss(batch: Batch) -> float:
        return float(masked_tokens(model, batch, torch.float32).loss.detach())

    assert loss(replace(early, inputs=changed)) == pytest.approx(loss(early), rel=1e-6)
    assert loss(replace(early, inputs=changed, causal=False)) != pytest.approx(loss(early), rel=1e-3)


def test_each_text_of_a_row_foresees_its_own_tokens() -> None:
    model, some = stirred(), texts(6)
    together, alone = pack_words(some, 24, 0, 1), [pack_words([text], 10, 0, 1) for text in some]

    def loss(rows: WordRows) -> float:
        return float(masked_tokens(model, Foreseeing(rows, len(rows), 1).at(0), torch.float32).loss.detach())

    assert loss(together) == pytest.approx(sum(map(loss, alone)), rel=1e-4)


def labelled(count: int) -> tuple[EncodedTexts, list[int]]:
    """The label says whether token 7 is in the text."""
    random = np.random.default_rng(1)
    ids = [[1, *random.integers(8, 40, random.integers(3, 9)).tolist(), 2] for _ in range(count)]
    labels = [at % 2 for at in range(count)]
    for text, label in zip(ids, labels, strict=True):
        if label:
            text[int(random.integers(1, len(text) - 1))] = 7
    return EncodedTexts.of([(text, [True] * len(text)) for text in ids]), labels


def test_labels_are_learnt_and_told(tmp_path: Path) -> None:
    encoded, labels = labelled(400)
    rows = pack_labels(encoded, range(300), labels[:300], 24, 0, 8)
    model = fresh(("without", "with"))
    figures = train(tmp_path, learner(model, smoothed_labels(0.0), 250), LabelBatches(rows, 8, seed=1), Silent())
    assert figures["final_loss"] < 0.1
    said = label_probabilities(model.eval(), [encoded.text(at)[0] for at in range(300, 400)])
    assert (said.argmax(axis=1) == labels[300:]).mean() > 0.95
    assert np.allclose(said.sum(axis=1), 1)


def test_packed_texts_get_the_labels_that_they_get_alone() -> None:
    encoded, labels = labelled(30)
    model = stirred(("a", "b"))
    alone = label_probabilities(model, [encoded.text(at)[0] for at in range(30)])
    expected = -np.log(alone[np.arange(30), labels]).sum()
    rows = pack_labels(encoded, range(30), labels, 24, 0, 8)
    packed = text_labels(model, rows_to_label_batch(rows, np.arange(len(rows))), torch.float32)
    assert float(packed.loss.detach()) == pytest.approx(expected, rel=1e-4) and packed.positions == 30


def test_work_of_encoders_counts_what_is_looked_at_both_ways() -> None:
    rows = pack_words([([1, 9, 9, 2], [True] * 4), ([1, 2], [True] * 2)], 8, 0, 4)
    batch = Masking(rows, 1, 1, MaskingSettings(), MASK, 40, CONTROL).at(0)
    block = 4 * 32 * 32 + 3 * 32 * 64
    late = 32 * 32 + 3 * 32 * 64
    tokens, flops = batch_work(CONFIG, batch, learnt=1)
    head = 40 * 32 + 32 * 32
    assert tokens == 6
    assert flops == 6 * ((2 * block - late) * 6 + (late + head)) + 12 * 2 * 32 * (16 + 4)
    encoded, labels = labelled(2)
    batch_of_labels = rows_to_label_batch(pack_labels(encoded, [0], labels[:1], 24, 0, 1), np.arange(1))
    config = CONFIG.model_copy(update={"labels": ("a", "b"), "head_bias": False})
    tokens, flops = batch_work(config, batch_of_labels, learnt=1)
    assert flops == 6 * (2 * block * tokens + (32 * 32 + 2 * 32)) + 12 * 2 * 32 * tokens**2


def test_steps_are_measured_with_as_much_asked_as_training_asks() -> None:
    config = encoder_model(PlanSettings(width=32, depth=1), 300, 64)
    for settings, asked in ((MaskingSettings(), 0.3), (MaskingSettings(causal_share=0.5, masked=0.2), 0.6)):
        shares = [random_masking(config, 32, 64, settings).at(step).learnt.mean() for step in range(4)]
        assert abs(np.mean(shares) - asked) < 0.05
    assert random_batches(config, 16, 64, learnt=1.0).at(0).learnt.mean() > 0.95


@pytest.mark.slow
def test_copying_exercises_come_on_top_of_steps_where_there_are_enough() -> None:
    settings = PlanSettings(minutes=1, width=32, depth=1, threads=1, compile="no", other_seconds=1, exercise_steps=4)
    packing, train_settings = PackingSettings(row_tokens=16), TrainSettings(rows_per_batch=4)
    config = text_model(settings, "qwen3", 300, 16)

    def planned(most: int, exercises: bool = True) -> tuple[int, int]:
        made = make_decoder_plan(
            settings, train_settings, packing, config, "finetune", Silent(), most_steps=most, exercises=exercises
        ).stage("finetune")
        return made.steps, made.exercises

    assert planned(30) == (34, 4) and planned(19) == (19, 0) and planned(30, exercises=False) == (30, 0)


@pytest.mark.slow
def test_a_classifier_is_pretrained_even_where_its_folds_take_all_the_minutes() -> None:
    settings = PlanSettings(minutes=0.2, width=32, depth=1, threads=1, compile="no", other_seconds=1)
    packing, train_settings = PackingSettings(row_tokens=16), TrainSettings(rows_per_batch=4)

    def planned(rows: int, pretrainings: int) -> tuple[int, float]:
        work = Work(rows=rows, folds=2, pretrainings=pretrainings)
        classify, masking = ClassifySettings(), MaskingSettings()
        made = make_label_plan(settings, train_settings, classify, packing, masking, 300, work, Silent())
        return made.stage("pretrain").steps, made.expected["seconds"]["pretrain"] / (0.2 * 60 - 1)

    steps, share = planned(10**6, 1)
    assert steps > 10 and 0.1 < share < 0.3
    each, shared = planned(8, 2)
    assert each > 10 and shared > 0.4

"""Learning pairs: the smoothed loss, averaging, dropout that resumes, and a task that is learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from chatwright.core.progress import Silent
from chatwright.generate.engine import generate
from chatwright.generate.settings import GenerateSettings
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.tokens.exercises import PairExercises
from chatwright.tokens.pairs import Pair, PairBatch, PairBatches, pack_pairs
from chatwright.train.averaging import WeightAverage
from chatwright.train.flops import pair_flops
from chatwright.train.learner import Learner
from chatwright.train.loop import train
from chatwright.train.losses import HeadCrossEntropy
from chatwright.train.objectives import sequence_to_sequence, smoothed_pairs
from chatwright.train.pair_planner import pair_model
from chatwright.train.settings import PlanSettings, TrainSettings

BEGIN, END = 1, 2
CONFIG = pair_model(PlanSettings(width=32, depth=2), 40, context=32)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("biased", [False, True])
def test_the_smoothed_loss_and_its_gradients_are_those_of_torch(smoothing: float, biased: bool) -> None:
    torch.manual_seed(0)
    hidden, head = torch.randn(7, 8, requires_grad=True), torch.randn(30, 8, requires_grad=True)
    bias = torch.randn(30, requires_grad=True) if biased else None
    targets, inputs = torch.randint(0, 30, (7,)), [hidden, head] + ([bias] if bias is not None else [])
    ours = HeadCrossEntropy.apply(hidden, head, targets, bias, smoothing)  # type: ignore[no-untyped-call]
    theirs = F.cross_entropy(F.linear(hidden, head, bias), targets, reduction="sum", label_smoothing=smoothing)
    assert torch.allclose(ours, theirs, atol=1e-4)
    for one, other in zip(torch.autograd.grad(ours, inputs), torch.autograd.grad(theirs, inputs), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def sortings(count: int) -> list[Pair]:
    """Sources of random tokens, none twice; the target has them in order."""
    random = np.random.default_rng(0)
    sources = [random.permutation(np.arange(3, 40))[: random.integers(2, 6)].tolist() for _ in range(count)]
    return [([*source, END], [BEGIN, *sorted(source), END]) for source in sources]


def learner(steps: int, **settings: float) -> Learner:
    model = EncoderDecoder(CONFIG)
    model.initialise(0)
    chosen = TrainSettings(rows_per_batch=8, checkpoint_every=5, log_every=1, **settings)  # type: ignore[arg-type]
    return Learner(model, smoothed_pairs(0.0), chosen, steps=steps, dtype=torch.float32, compiled=False, seed=4)


def batches(count: int = 400) -> PairBatches:
    return PairBatches(pack_pairs(sortings(count), 24, 24, pad=0, open_rows=8), 8, seed=1)


def test_packed_pairs_give_the_loss_that_they_give_alone() -> None:
    pairs, model = sortings(6), EncoderDecoder(CONFIG)
    torch.manual_seed(0)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    together = PairBatches(pack_pairs(pairs, 40, 40, pad=0, open_rows=8), 1, seed=0)
    alone = [PairBatches(pack_pairs([pair], 9, 9, pad=0, open_rows=1), 1, seed=0) for pair in pairs]

    def total(batches: list[PairBatch]) -> float:
        return sum(float(sequence_to_sequence(model, batch, torch.float32).loss.detach()) for batch in batches)

    packed = [together.at(step) for step in range(len(together.rows))]
    expected = total([one.at(0) for one in alone])
    assert total(packed) == pytest.approx(expected, rel=1e-4)
    with torch.no_grad():  # another kernel, in which a row without anything to see would give no number
        assert total(packed) == pytest.approx(expected, rel=1e-4)


def test_pairs_are_learnt(tmp_path: Path) -> None:
    student = learner(400, average_share=0.2)
    figures = train(tmp_path, student, batches(2000), Silent())
    model = student.model.eval()
    assert isinstance(model, EncoderDecoder) and figures["final_loss"] < 0.5
    asked = [([7, 30, 12], [7, 12, 30]), ([25, 5, 21, 9], [5, 9, 21, 25])]
    for beams in (1, 4):
        settings = GenerateSettings(beams=beams, max_new_tokens=10)
        written = generate(model, [[*source, END] for source, _ in asked], settings, [END], start=BEGIN)
        assert [one.tokens for one in written] == [target for _, target in asked]


@pytest.mark.parametrize("stop", [3, 12, 20])
def test_an_interrupted_training_leaves_out_and_averages_the_same(tmp_path: Path, stop: int) -> None:
    options = {"dropout": 0.3, "average_share": 0.5}
    whole, first, second = (learner(20, **options) for _ in range(3))
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    train(tmp_path / "whole", whole, batches(), Silent())

    class StoppedError(Exception):
        pass

    class Stopping:
        def at(self, step: int) -> object:
            if step == stop:
                raise StoppedError
            return batches().at(step)

    if stop < 20:
        with pytest.raises(StoppedError):
            train(tmp_path / "parts", first, Stopping(), Silent())  # type: ignore[arg-type]
    else:
        train(tmp_path / "parts", first, batches(), Silent())
    train(tmp_path / "parts", second, batches(), Silent())
    for one, other in zip(whole.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_average_is_the_mean_of_the_last_weights() -> None:
    weight = torch.nn.Parameter(torch.zeros(2))
    average = WeightAverage([weight], first_step=2)
    for step in range(5):
        with torch.no_grad():
            weight.fill_(float(step))
        average.now = step
        average.step()
    average.settle()
    assert weight.tolist() == [3.0, 3.0]


def test_flops_of_pairs_count_each_side_by_its_tokens() -> None:
    batch = PairBatches(pack_pairs([([5, 6, END], [BEGIN, 7, END])], 4, 4, pad=0, open_rows=1), 1, seed=0).at(0)
    attention, feed_forward = 4 * 32 * 32, 3 * 32 * 64
    memory = 2 * 32 * 32  # keys and values of cross-attention, made of the source
    encoder = 2 * (attention + feed_forward) + 2 * memory
    decoder = 2 * (2 * attention + feed_forward) - 2 * memory - feed_forward
    pairs = 2 * 9 + 2 * (6 + 9)
    expected = 6 * (encoder * 3 + decoder * 3 + (feed_forward + 40 * 32) * 2) + 12 * 32 * pairs
    assert pair_flops(CONFIG, batch, source=3, tokens=3, learnt=2) == expected


@pytest.mark.slow
def test_copying_exercises_teach_copying() -> None:
    model = EncoderDecoder(pair_model(PlanSettings(width=64, depth=2), 300, context=48))
    model.initialise(0)
    copying, settings = PairExercises(160, 24, 48, 300, 10, seed=1), TrainSettings(warmup_share=0.05, decay_share=0.5)
    one = Learner(model, smoothed_pairs(0.0), settings, steps=160, dtype=torch.float32, compiled=False)
    losses = [one.step(step, copying.at(step)).loss for step in range(160)]
    assert losses[0] > 5 and np.mean(losses[-10:]) < 2  # 4.4 at the rate of embeddings

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from chatwright.core.errors import ArtifactError, TrainingError
from chatwright.core.metrics import read_metrics
from chatwright.core.progress import Silent
from chatwright.model.config import ModelConfig
from chatwright.model.decoder import Decoder
from chatwright.tokens.batches import Batch, Batches, Curriculum
from chatwright.tokens.packing import pack_conversations
from chatwright.train import flops
from chatwright.train.checkpoint import CHECKPOINT, load_checkpoint
from chatwright.train.flops import count_pairs, training_flops
from chatwright.train.learner import Learner
from chatwright.train.loop import train
from chatwright.train.losses import HeadCrossEntropy
from chatwright.train.objectives import Objective, next_token
from chatwright.train.optimizers import orthogonalise
from chatwright.train.schedule import rate_share
from chatwright.train.settings import TrainSettings

SHAPE = ModelConfig(
    vocabulary_size=300,
    width=32,
    layers=2,
    heads=2,
    key_value_heads=2,
    head_width=16,
    feed_forward_width=64,
    context=32,
)
SETTINGS = TrainSettings(rows_per_batch=4, checkpoint_every=5, log_every=1)


def some_batches() -> Batches:
    random = np.random.default_rng(0)
    conversations = []
    for _ in range(60):
        length = int(random.integers(4, 14))
        start = int(random.integers(6, 250))
        ids = [start + place for place in range(length)]
        conversations.append((ids, [False, False] + [True] * (length - 2)))
    return Batches(pack_conversations(conversations, 16, 0, 8), SETTINGS.rows_per_batch, seed=0)


def make_learner(
    steps: int, dtype: torch.dtype = torch.bfloat16, objective: Any = next_token, settings: TrainSettings = SETTINGS
) -> Learner:
    model = Decoder(SHAPE)
    model.initialise(1)
    return Learner(model, objective, settings, steps=steps, dtype=dtype, compiled=False)


def kills(after: int) -> Any:
    """Next-token prediction that ends like a killed process behind so many steps."""
    calls = 0

    def killed(model: Decoder, batch: Batch, dtype: torch.dtype) -> Objective:
        nonlocal calls
        calls += 1
        if calls > after:
            raise KeyboardInterrupt
        return next_token(model, batch, dtype)

    return killed


def weights(learner: Learner) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in learner.model.named_parameters()}


def test_training_learns(tmp_path: Path) -> None:
    figures = train(tmp_path, make_learner(200), some_batches(), Silent())
    losses = [line["loss"] for line in read_metrics(tmp_path / "metrics.jsonl")]
    assert losses[0] > 5.5 and losses[-1] < 2.0
    assert figures["steps"] == 200 and figures["skipped_steps"] == 0
    assert 0 < figures["peak_share"] < 1 and (tmp_path / CHECKPOINT).exists()


@pytest.mark.parametrize("stop_at", [3, 5, 13])
def test_an_interrupted_run_ends_with_the_same_weights_bit_for_bit(tmp_path: Path, stop_at: int) -> None:
    whole = make_learner(20)
    (tmp_path / "whole").mkdir()
    train(tmp_path / "whole", whole, some_batches(), Silent())
    folder = tmp_path / "parts"
    folder.mkdir()
    with pytest.raises(KeyboardInterrupt):
        train(folder, make_learner(20, objective=kills(stop_at)), some_batches(), Silent())
    resumed = make_learner(20)
    figures = train(folder, resumed, some_batches(), Silent())
    assert all(torch.equal(weight, weights(resumed)[name]) for name, weight in weights(whole).items())
    assert figures["steps"] == 20
    steps = [line["step"] for line in read_metrics(folder / "metrics.jsonl")]
    assert steps == list(range(1, 21))
    whole_log, log = read_metrics(tmp_path / "whole" / "metrics.jsonl"), read_metrics(folder / "metrics.jsonl")
    assert [line["loss"] for line in log] == [line["loss"] for line in whole_log]


@pytest.mark.parametrize("stop_at", [None, 7])
def test_a_line_of_the_log_tells_the_mean_of_the_steps_since_the_last(tmp_path: Path, stop_at: int | None) -> None:
    def logged(name: str, log_every: int) -> list[dict[str, Any]]:
        folder, settings = tmp_path / name, SETTINGS.model_copy(update={"log_every": log_every})
        folder.mkdir()
        if stop_at is not None:  # between two lines, past a checkpoint that lies between two lines
            with pytest.raises(KeyboardInterrupt):
                train(folder, make_learner(11, objective=kills(stop_at), settings=settings), some_batches(), Silent())
        train(folder, make_learner(11, settings=settings), some_batches(), Silent())
        return read_metrics(folder / "metrics.jsonl")

    every, some = logged("every", 1), logged("some", 4)
    assert [line["step"] for line in some] == [4, 8, 11]
    for line, steps in zip(some, (every[:4], every[4:8], every[8:]), strict=True):
        for name in ("loss", "gradient_norm"):
            assert line[name] == pytest.approx(sum(step[name] for step in steps) / len(steps), rel=1e-12)


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chatwright.train import checkpoint

    saved = 0
    really_save = checkpoint.save_file

    def full_disk(tensors: Any, path: Any, metadata: Any) -> None:
        nonlocal saved
        saved += 1
        if saved == 2:
            Path(path).write_bytes(b"half")
            raise OSError(28, "No space left on device")
        really_save(tensors, path, metadata=metadata)

    monkeypatch.setattr(checkpoint, "save_file", full_disk)
    with pytest.raises(ArtifactError, match="free disk space"):
        train(tmp_path, make_learner(20), some_batches(), Silent())
    resumed, whole = make_learner(20), make_learner(20)
    train(tmp_path, resumed, some_batches(), Silent())
    (tmp_path / "whole").mkdir()
    train(tmp_path / "whole", whole, some_batches(), Silent())
    assert all(torch.equal(weight, weights(resumed)[name]) for name, weight in weights(whole).items())


def test_a_damaged_checkpoint_is_told(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_bytes(b"no checkpoint at all")
    with pytest.raises(TrainingError, match="delete it"):
        train(tmp_path, make_learner(5), some_batches(), Silent())


def test_gradients_that_are_not_finite_change_nothing_and_end_in_an_error() -> None:
    def exploding(model: Decoder, batch: Batch, dtype: torch.dtype) -> Objective:
        asked = next_token(model, batch, dtype)
        return Objective(asked.loss * float("nan"), asked.positions)

    learner = make_learner(20, objective=exploding)
    before = weights(learner)
    batches = some_batches()
    assert learner.step(0, batches.at(0)).skipped
    assert all(torch.equal(weight, weights(learner)[name]) for name, weight in before.items())
    with pytest.raises(TrainingError, match="not finite"):
        for step in range(1, 20):
            learner.step(step, batches.at(step))


def test_prompt_tokens_carry_no_loss() -> None:
    learner, batch = make_learner(1, torch.float32), some_batches().at(0)
    silenced = Batch(batch.inputs, np.where(batch.learnt, batch.targets, 299), batch.segment, batch.learnt)
    one, other = (learner.objective(learner.model, each, torch.float32) for each in (batch, silenced))
    assert one.positions == other.positions == batch.learnt.sum() and torch.equal(one.loss, other.loss)


def test_the_head_loss_and_its_gradients_are_the_textbook_ones() -> None:
    torch.manual_seed(0)
    hidden, head = torch.randn(1100, 16, requires_grad=True), torch.randn(50, 16, requires_grad=True)
    targets = torch.randint(0, 50, (1100,))
    expected = F.cross_entropy(hidden @ head.T, targets, reduction="sum")
    wanted = torch.autograd.grad(expected / 7, (hidden, head))
    loss = HeadCrossEntropy.apply(hidden, head, targets)
    got = torch.autograd.grad(loss / 7, (hidden, head))
    assert torch.allclose(loss, expected, rtol=1e-5)
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(got, wanted, strict=True))


@pytest.mark.parametrize("shape", [(3, 16, 64), (2, 64, 16), (1, 32, 32)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    matrices = torch.randn(shape)
    values = torch.linalg.svdvals(orthogonalise(matrices).float())
    assert values.min() > 0.7 and values.max() < 1.2
    one_by_one = torch.stack([orthogonalise(matrix[None])[0] for matrix in matrices])
    assert torch.allclose(orthogonalise(matrices).float(), one_by_one.float(), atol=0.03)


def test_the_schedule_warms_up_stays_and_decays_by_steps_alone() -> None:
    shares = [rate_share(s, 100, warmup_share=0.1, decay_share=0.4, final_rate=0.1) for s in range(100)]
    assert shares[0] == pytest.approx(0.1) and shares[9:61] == [1.0] * 52
    assert all(later <= earlier for earlier, later in itertools.pairwise(shares[60:]))
    assert shares[-1] == pytest.approx(0.1225)


def test_flops_count_what_the_definition_says() -> None:
    segment = np.array([[0, 0, 0, 1, 1, -1]], dtype=np.int16)
    assert count_pairs(segment) == 6 + 3
    block, attention_inputs = 32 * 32 * 4 + 3 * 32 * 64, 32 * 32 * 3  # the last block has only these for every token
    every_token, learnt_only = block + attention_inputs, block - attention_inputs + 300 * 32
    expected = 6 * (every_token * 5 + learnt_only * 2) + 12 * 2 * 32 * 9
    assert training_flops(SHAPE, tokens=5, learnt=2, pairs=9) == expected


def test_the_peak_of_a_type_without_instructions_is_told_by_a_small_product(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[tuple[int, ...]]()

    def product(speed: float) -> Callable[..., float]:
        return lambda dtype, size, repeats: asked.append(size) or speed * max(size)  # type: ignore[func-returns-value]

    monkeypatch.setattr(flops, "_best_product", product(1e6))
    assert flops.measure_peak(torch.bfloat16) == 512e6 and asked == [(512, 512, 512)]
    monkeypatch.setattr(flops, "_best_product", product(1e9))
    assert flops.measure_peak(torch.float32) == 2048e9 and len(asked) == 4


def test_the_first_steps_of_another_shape_do_not_count_towards_speed(tmp_path: Path) -> None:
    wide, learner = some_batches(), make_learner(10, torch.float32)
    narrow = replace(wide, rows_per_batch=2)
    train(tmp_path, learner, Curriculum(wide, 5, narrow), Silent())
    told = load_checkpoint(tmp_path, learner.model, learner.optimizers)
    steady = [wide.at(step) for step in (3, 4)] + [narrow.at(step) for step in (3, 4)]
    assert told is not None and told["steady_tokens"] == sum(int((each.segment >= 0).sum()) for each in steady)

import numpy as np

from chatwright.tokens.batches import Batch
from chatwright.tokens.exercises import Exercises

EXERCISES = Exercises(steps=10, rows_per_batch=5, row_tokens=64, vocabulary_size=1000, seed=3)


def same(one: Batch, other: Batch) -> bool:
    return all(np.array_equal(vars(one)[name], vars(other)[name]) for name in vars(one))


def test_a_batch_is_a_function_of_seed_and_step() -> None:
    assert same(EXERCISES.at(4), EXERCISES.at(4))
    assert not same(EXERCISES.at(4), EXERCISES.at(5))


def test_what_is_learnt_was_said_before_in_the_same_segment() -> None:
    for step in range(EXERCISES.steps):
        batch = EXERCISES.at(step)
        assert batch.learnt.any() and batch.inputs.shape == (5, 64)
        for row, place in zip(*batch.learnt.nonzero(), strict=True):
            segment = batch.segment[row] == batch.segment[row, place]
            pairs = set(zip(batch.inputs[row, segment][:-1], batch.inputs[row, segment][1:], strict=True))
            now, target = batch.inputs[row, place], batch.targets[row, place]
            before = batch.inputs[row, :place][segment[:place]]
            assert target in before or (now, target) in pairs


def test_easy_exercises_come_first_and_control_tokens_never() -> None:
    easy, later = EXERCISES.at(0), EXERCISES.at(9)
    used = easy.inputs[easy.segment >= 0]
    assert used.min() >= 6 and used.max() < 206
    assert later.inputs.max() > 206

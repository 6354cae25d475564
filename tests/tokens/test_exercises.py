import numpy as np

from chatwright.tokens.batches import Batch
from chatwright.tokens.exercises import Exercises, PairExercises
from chatwright.tokens.tokenizer import BEGIN, CONTROL, END

PAIRS = PairExercises(steps=10, rows_per_batch=5, row_tokens=48, vocabulary_size=1000, first=38, seed=3)
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


def test_a_target_is_what_follows_a_place_of_its_source() -> None:
    begin, end = CONTROL.index(BEGIN), CONTROL.index(END)
    cut = False
    for step in range(PAIRS.steps):
        batch = PAIRS.at(step)
        assert batch.source.shape == (5, 48) and batch.inputs.shape == batch.targets.shape == batch.learnt.shape == (
            5,
            48,
        )
        for row in range(5):
            assert batch.segment[row].max() == batch.source_segment[row].max() >= 0
            for number in range(int(batch.segment[row].max()) + 1):
                source = batch.source[row, batch.source_segment[row] == number].tolist()
                inside = (batch.segment[row] == number) & (batch.targets[row] != begin)
                target = batch.targets[row, inside & (batch.inputs[row] != end)].tolist()
                assert batch.inputs[row, batch.segment[row] == number][0] == begin and source[-1] == end
                assert source[len(source) - len(target) :] == target
                assert batch.learnt[row, batch.segment[row] == number].sum() == len(target) - 1
                cut = cut or len(target) < len(source)
    assert cut and not batch.learnt[batch.segment < 0].any()


def test_pairs_of_exercises_follow_from_seed_and_step_easy_ones_first() -> None:
    one, again, other = PAIRS.at(4), PAIRS.at(4), PAIRS.at(5)
    assert np.array_equal(one.source, again.source) and np.array_equal(one.targets, again.targets)
    assert not np.array_equal(one.source, other.source)
    easy = PAIRS.at(0)
    content = easy.source[(easy.source_segment >= 0) & (easy.source != CONTROL.index(END))]
    assert content.min() >= 38 and content.max() < 238 < PAIRS.at(9).source.max()

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatwright.core.errors import ArtifactError, DataError
from chatwright.tokens.batches import Batch, Batches, Curriculum, rows_to_batch
from chatwright.tokens.packing import Rows, pack_conversations, pack_documents

PAD = 0
DOCUMENTS = st.lists(st.lists(st.integers(1, 999), min_size=1, max_size=40), min_size=1, max_size=12)


@given(DOCUMENTS, st.integers(2, 17))
def test_packing_documents_learns_every_token_but_the_first_of_each_once(documents: list[list[int]], size: int) -> None:
    if sum(map(len, documents)) < 2:
        return
    rows = pack_documents(documents, size, PAD)
    learnt = rows.ids[:, 1:][rows.learnt].tolist()
    assert learnt == [token for document in documents for token in document[1:]]


def test_the_example_of_the_docstring() -> None:
    rows = pack_documents([[1, 2, 3], [4, 5]], 3, PAD)
    assert rows.ids.tolist() == [[1, 2, 3, 4], [4, 5, 0, 0]]
    assert rows.segment.tolist() == [[0, 0, 0, 1], [0, 0, -1, -1]]


@settings(max_examples=60)
@given(DOCUMENTS, st.integers(2, 17), st.integers(1, 4))
def test_packing_conversations_conserves_learnt_tokens(
    conversations: list[list[int]], size: int, open_rows: int
) -> None:
    with_loss = [(ids, [False] + [True] * (len(ids) - 1)) for ids in conversations]
    rows = pack_conversations(with_loss, size, PAD, open_rows)
    learnt = sorted(rows.ids[:, 1:][rows.learnt].tolist())
    assert learnt == sorted(token for ids in conversations for token in ids[1:])
    for ids in conversations:
        if len(ids) <= size + 1:  # whole, in one row and one segment
            assert any(
                rows.ids[row][rows.segment[row] == segment].tolist() == ids
                for row in range(len(rows))
                for segment in range(int(rows.segment[row].max()) + 1)
            )


def test_packed_rows_are_mostly_full() -> None:
    lengths = np.random.default_rng(0).integers(10, 90, 2000)
    rows = pack_conversations([([1] * n, [True] * n) for n in lengths], 128, PAD, 64)
    assert (rows.segment >= 0).mean() > 0.97


def test_rows_come_back_from_the_disk(tmp_path: Path) -> None:
    rows = pack_documents([[1, 2, 3, 4, 5]], 2, PAD)
    rows.save(tmp_path, "documents")
    loaded = Rows.load(tmp_path, "documents")
    assert isinstance(loaded.ids, np.memmap)
    assert all(np.array_equal(getattr(rows, name), getattr(loaded, name)) for name in ("ids", "segment", "loss"))
    with pytest.raises(ArtifactError):
        Rows.load(tmp_path, "nothing")


def test_nothing_to_pack_is_told() -> None:
    with pytest.raises(DataError):
        pack_documents([], 8, PAD)
    with pytest.raises(DataError):
        pack_conversations([], 8, PAD, 4)


def numbered(count: int) -> Rows:
    ids = np.repeat(np.arange(count, dtype=np.uint16)[:, None], 3, axis=1)
    return Rows(ids, np.zeros_like(ids, dtype=np.int16), np.ones_like(ids, dtype=np.bool_))


@given(st.integers(1, 40), st.integers(1, 8), st.integers(1, 3), st.integers(0, 5), st.booleans())
def test_every_epoch_visits_each_row_once_over_all_ranks(
    count: int, batch: int, ranks: int, seed: int, shuffle: bool
) -> None:
    parts = [Batches(numbered(count), batch, seed, shuffle, rank, ranks) for rank in range(ranks)]
    steps = -(-2 * count // (batch * ranks))
    visited = [index for step in range(steps) for part in parts for index in part.indices(step).tolist()]
    for epoch in range(2):
        assert sorted(visited[epoch * count : (epoch + 1) * count]) == list(range(count))


def test_a_batch_is_a_pure_function_of_seed_and_step() -> None:
    batches = Batches(numbered(50), 7, seed=3)
    assert np.array_equal(batches.indices(9), Batches(numbered(50), 7, seed=3).indices(9))
    assert not np.array_equal(batches.indices(9), Batches(numbered(50), 7, seed=4).indices(9))
    batch = rows_to_batch(numbered(50), batches.indices(9))
    assert batch.inputs.shape == batch.targets.shape == batch.learnt.shape == (7, 2)


class Numbered:
    """A batch is its step, and `base` more."""

    def __init__(self, base: int) -> None:
        self.base = base

    def at(self, step: int) -> Batch:
        filled = np.full((1, 1), self.base + step)
        return Batch(filled, filled, filled.astype(np.int16), filled > 0)


def test_a_curriculum_ends_with_its_second_kind_counted_from_nothing() -> None:
    both = Curriculum(Numbered(100), 10, Numbered(0))
    assert [both.at(step).inputs.item() for step in (0, 9, 10, 12)] == [100, 109, 0, 2]

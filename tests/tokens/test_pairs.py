from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.core.errors import ArtifactError, DataError
from chatwright.tokens.pairs import Pair, PairBatches, PairRows, pack_pairs, pair_batches

side = st.lists(st.integers(1, 60_000), min_size=2, max_size=12)


def unpacked(rows: PairRows) -> list[tuple[list[int], list[int]]]:
    """The pairs that lie in rows, by their segments."""
    pairs = []
    for row in range(len(rows)):
        for number in range(int(rows.source_segment[row].max()) + 1):
            source = rows.source[row][rows.source_segment[row] == number]
            target = rows.target[row][rows.target_segment[row] == number]
            pairs.append((source.tolist(), target.tolist()))
    return pairs


@given(st.lists(st.tuples(side, side), min_size=1, max_size=30), st.integers(1, 8))
def test_packing_loses_no_pair_and_cuts_none(pairs: list[Pair], open_rows: int) -> None:
    rows = pack_pairs(pairs, 20, 20, pad=0, open_rows=open_rows)
    assert sorted(unpacked(rows)) == sorted(pairs)
    assert ((rows.source_segment < 0) == (rows.source == 0)).all()


def some_rows(count: int = 30) -> PairRows:
    return pack_pairs([([at + 1, 1], [2, at + 1, 3]) for at in range(count)], 6, 8, pad=0, open_rows=4)


def test_every_epoch_visits_every_row_once_in_another_order() -> None:
    rows = some_rows()
    batches = PairBatches(rows, 1, seed=3)
    epochs = [[batches.at(step + epoch * len(rows)).source.tolist() for step in range(len(rows))] for epoch in (0, 1)]
    assert epochs[0] != epochs[1] and sorted(epochs[0]) == sorted(epochs[1])
    assert np.array_equal(batches.at(7).source, PairBatches(rows, 1, seed=3).at(7).source)


def test_every_target_but_the_first_is_learnt_once() -> None:
    rows = some_rows()
    learnt = [batch.targets[batch.learnt] for batch in pair_batches(rows, 4)]
    assert sorted(np.concatenate(learnt).tolist()) == sorted([*range(1, 31), *[3] * 30])
    for batch in pair_batches(rows, 4):
        assert (batch.segment[batch.learnt] >= 0).all()


def test_a_pair_longer_than_a_row_is_told() -> None:
    with pytest.raises(DataError, match="pair 2 has 9 and 2 tokens"):
        pack_pairs([([1], [1, 2]), ([1] * 9, [1, 2])], 8, 8, pad=0, open_rows=2)
    with pytest.raises(DataError, match="no pairs"):
        pack_pairs([], 8, 8, pad=0, open_rows=2)


def test_rows_come_back_from_the_disk(tmp_path: Path) -> None:
    rows = some_rows()
    rows.save(tmp_path, "train")
    loaded = PairRows.load(tmp_path, "train")
    assert unpacked(loaded) == unpacked(rows)
    (tmp_path / "train.source.npy").write_bytes(b"torn")
    with pytest.raises(ArtifactError, match="cannot be read"):
        PairRows.load(tmp_path, "train")

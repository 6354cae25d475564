from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.tokens.denoising import Denoising, hide_spans
from chatwright.tokens.packing import pack_documents
from chatwright.tokens.settings import DenoisingSettings
from chatwright.tokens.tokenizer import BEGIN, END, GAPS, Tokenizer


@given(st.integers(2, 300), st.floats(0.05, 0.6), st.floats(1, 8), st.integers(0, 9))
def test_spans_hide_the_share_asked_for_and_never_touch(count: int, hidden: float, mean: float, seed: int) -> None:
    settings = DenoisingSettings(hidden=hidden, mean_span=mean)
    places = hide_spans(count, settings, 32, np.random.default_rng(seed))
    assert len(places) == count and not places[0] and places[-1]
    assert places.sum() == min(max(1, round(count * hidden)), count - 1)
    spans = int((np.diff(places.astype(int)) == 1).sum())
    assert 1 <= spans <= 32


def test_a_text_is_its_source_with_the_gaps_filled_by_the_target() -> None:
    texts = [
        "Thank you for inviting me to your party last week, it was a pleasure.",
        "one two three four five six seven " * 3,
    ]
    tokenizer = Tokenizer.learn(texts, 300 + len(GAPS), GAPS)
    begin, end = tokenizer.control[BEGIN], tokenizer.control[END]
    whole = [tokenizer.encode(text) for text in texts]
    rows = pack_documents([[begin, *ids, end] for ids in whole], 127, 0)
    batches = Denoising.of(rows, tokenizer, DenoisingSettings(hidden=0.3), rows_per_batch=2, target_places=64, seed=3)
    batch, again, other = batches.at(5), batches.at(5), batches.at(6)
    assert np.array_equal(batch.source, again.source) and not np.array_equal(batch.source, other.source)
    for row in range(2):
        for number, ids in enumerate(whole):
            source = batch.source[row][batch.source_segment[row] == number].tolist()
            target = batch.inputs[row][batch.segment[row] == number].tolist()
            assert source[-1] == end and target[0] == begin
            filled, gaps = list[int](), set(tokenizer.gaps)
            for token in source[:-1]:
                if token not in gaps:
                    filled.append(token)
                    continue
                place = target.index(token) + 1
                while place < len(target) and target[place] not in gaps and target[place] != end:
                    filled.append(target[place])
                    place += 1
            assert filled == ids
            assert [token for token in source if token in gaps] == list(
                tokenizer.gaps[: sum(t in gaps for t in source)]
            )


def test_only_a_tokenizer_with_gaps_has_them() -> None:
    assert Tokenizer.learn(["some words"], 300).gaps == ()
    with_gaps = Tokenizer.learn(["some words"], 340, GAPS)
    assert len(with_gaps.gaps) == len(GAPS)
    assert set(with_gaps.encode("<extra_id_0>")).isdisjoint(with_gaps.gaps)  # content never becomes control
    assert with_gaps.decode([*with_gaps.encode("a"), with_gaps.gaps[0]]) == "a"


def test_gaps_that_find_no_room_are_left_out() -> None:
    tokenizer = Tokenizer.learn(["abc def ghi " * 30], 340, GAPS)
    rows = pack_documents([tokenizer.encode("abc def ghi " * 8) for _ in range(4)], 63, 0)
    batch = Denoising.of(rows, tokenizer, DenoisingSettings(hidden=0.5), rows_per_batch=1, target_places=20, seed=0).at(
        0
    )
    assert batch.inputs.shape == (1, 20) and batch.learnt.sum() <= 20


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_settings_that_hide_nothing_or_all_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="hidden"):
        DenoisingSettings(hidden=value)

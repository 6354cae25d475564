from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.tokens.labels import EncodedTexts, LabelBatches, pack_labels, rows_to_label_batch
from chatwright.tokens.masking import Masking, Text, WordRows, encode_words, pack_words
from chatwright.tokens.settings import MaskingSettings
from chatwright.tokens.tokenizer import MASK, PAD, Tokenizer
from chatwright.tokens.words import word_spans, words_of

TEXTS = ["We're reading unbelievable books in 北京大学!", "我们来到北京清华大学学习人工智能。", "a\n\nb 3.14"]


def tokenizer() -> Tokenizer:
    return Tokenizer.learn(TEXTS * 20, 340, (MASK,))


def masking(settings: MaskingSettings, rows: int = 4) -> tuple[Masking, Tokenizer]:
    own = tokenizer()
    packed = pack_words(encode_words(own, TEXTS * 10), 48, own.control[PAD], open_rows=4)
    return Masking.of(packed, own, settings, rows_per_batch=rows, seed=1), own


@given(st.text(max_size=60))
def test_words_lie_one_behind_the_other_and_hold_all_but_whitespace(text: str) -> None:
    spans = list(word_spans(text))
    assert all(start < end for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    numbers = words_of(text)
    assert len(numbers) == len(text)


def test_chinese_is_segmented_into_words() -> None:
    assert [TEXTS[1][start:end] for start, end in word_spans(TEXTS[1])][:4] == ["我们", "来到", "北京", "清华大学"]


def test_tokens_that_begin_words_are_known() -> None:
    own = tokenizer()
    (ids, begins), *_ = encode_words(own, ["unbelievably unbelievable"])
    words = "".join("|" * first + own.decode([token]) for token, first in zip(ids, begins, strict=True))
    assert words == "||unbelievably| unbelievable|"


def test_a_token_that_reaches_into_another_word_joins_the_two() -> None:
    own = Tokenizer.learn(["习的"] * 20, 330, (MASK,))  # not segmented there: 学习 | 的 is, below
    text = "学习的人🙂"
    (ids, begins), *_ = encode_words(own, [text])
    assert [text[start:end] for start, end in word_spans(text)] == ["学习", "的", "人", "🙂"]
    groups: list[list[int]] = []
    for token, first in zip(ids[1:-1], begins[1:-1], strict=True):
        groups += [[token]] if first else []
        groups[-1] += [] if first else [token]
    assert [own.decode(group) for group in groups] == ["学习的", "人", "🙂"]
    assert any(own.decode([token]) == "习的" for token in ids)


def test_whole_words_are_hidden_and_nothing_of_the_frame() -> None:
    batches, own = masking(MaskingSettings(masked=0.3))
    control = set(own.control.values())
    for step in range(5):
        batch = batches.at(step)
        assert np.array_equal(batch.inputs[~batch.learnt], batch.targets[~batch.learnt])
        assert (batch.inputs[batch.learnt] == own.control[MASK]).all()
        assert not np.isin(batch.targets[batch.learnt], list(control)).any()
        assert (batch.segment[batch.learnt] >= 0).all()
        share = batch.learnt.sum() / (~np.isin(batch.targets, list(control))).sum()
        assert 0.3 <= share < 0.5  # whole words go a little over
    assert np.array_equal(batches.at(2).inputs, batches.at(2).inputs)


def test_a_word_is_hidden_as_a_whole_or_not_at_all() -> None:
    batches, _ = masking(MaskingSettings(masked=0.4), rows=30)
    batch = batches.at(0)
    for row in range(len(batch.inputs)):
        hidden = batch.learnt[row]
        begins = _rows_of(batches, batch.targets[row])
        same_word = ~begins[1:] & (batch.segment[row][1:] >= 0)
        assert (hidden[1:][same_word] == hidden[:-1][same_word]).all()


def _rows_of(batches: Masking, ids: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    place = next(at for at in range(len(batches.rows)) if np.array_equal(batches.rows.ids[at], ids))
    begins: np.ndarray = batches.rows.begins[place]  # type: ignore[type-arg]
    return begins


def test_eighty_ten_ten() -> None:
    settings = MaskingSettings(masked=0.15, mask_share=0.8, random_share=0.1, whole_words=False)
    batches, own = masking(settings, rows=24)
    shown = np.concatenate([(batch := batches.at(step)).inputs[batch.learnt] for step in range(60)])
    meant = np.concatenate([(batch := batches.at(step)).targets[batch.learnt] for step in range(60)])
    masks = (shown == own.control[MASK]).mean()
    kept = (shown == meant).mean()
    assert masks == pytest.approx(0.8, abs=0.03)
    assert kept == pytest.approx(0.1, abs=0.03)
    with pytest.raises(ValueError, match="exceed 1"):
        MaskingSettings(mask_share=0.9, random_share=0.2)


def test_rows_and_texts_come_back_from_the_disk(tmp_path: Path) -> None:
    own = tokenizer()
    encoded = encode_words(own, TEXTS)
    pack_words(encoded, 48, 0, 4).save(tmp_path, "rows")
    assert np.array_equal(WordRows.load(tmp_path, "rows").ids, pack_words(encoded, 48, 0, 4).ids)
    EncodedTexts.of(encoded).save(tmp_path, "texts")
    loaded = EncodedTexts.load(tmp_path, "texts")
    assert [loaded.text(at) for at in range(len(loaded))] == encoded


texts = st.lists(st.lists(st.integers(7, 60_000), min_size=1, max_size=12), min_size=1, max_size=30)


@given(texts, st.integers(1, 8), st.integers(1, 5))
def test_every_labelled_text_is_asked_once_with_its_own_label(
    ids: list[list[int]], open_rows: int, rows_per_batch: int
) -> None:
    encoded: list[Text] = [(each, [True] * len(each)) for each in ids]
    rows = pack_labels(EncodedTexts.of(encoded), range(len(ids)), [at % 3 for at in range(len(ids))], 16, 0, open_rows)
    seen = {}
    for start in range(0, len(rows), rows_per_batch):
        batch = rows_to_label_batch(rows, np.arange(start, min(start + rows_per_batch, len(rows))))
        for place, (number, label) in enumerate(zip(batch.texts.tolist(), batch.labels.tolist(), strict=True)):
            assert label == number % 3 and number not in seen
            seen[number] = batch.inputs[batch.group == place].tolist()
        assert ((batch.group < 0) == (batch.segment < 0)).all()
    assert seen == dict(enumerate(ids))


def test_batches_of_labels_are_a_function_of_the_step() -> None:
    encoded: list[Text] = [([at + 7] * 5, [True] * 5) for at in range(40)]
    rows = pack_labels(EncodedTexts.of(encoded), range(40), [0] * 40, 16, 0, 4)
    one, other = LabelBatches(rows, 2, seed=1), LabelBatches(rows, 2, seed=2)
    assert np.array_equal(one.at(3).texts, LabelBatches(rows, 2, seed=1).at(3).texts)
    assert not np.array_equal(one.at(0).texts, other.at(0).texts)

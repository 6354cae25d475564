"""Masked pretraining (BERT, arXiv 1810.04805): tokens are hidden, and the model says which they were.

Which tokens are hidden is drawn anew at every step. With little text, what is hidden is hard to find before heads
look at neighbours; foreseeing the next token first teaches them that (arXiv 2507.00994). R rows, T places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatwright.core.seeds import derive_seed
from chatwright.tokens.arrays import map_arrays, save_arrays
from chatwright.tokens.batches import Batch, BatchSource, Curriculum, shuffled
from chatwright.tokens.packing import pack_conversations
from chatwright.tokens.settings import MaskingSettings
from chatwright.tokens.tokenizer import BEGIN, END, MASK, Tokenizer
from chatwright.tokens.words import words_of

_ARRAYS = ("ids", "segment", "begins")
Text = tuple[list[int], list[bool]]  # ids, and which of them begin a word


@dataclass(frozen=True)
class WordRows:
    """Packed rows [R, T] that know their words: ids, segment (-1: padding), begins (true: a word's first token)."""

    ids: NDArray[np.uint16]
    segment: NDArray[np.int16]
    begins: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    def save(self, folder: Path, name: str) -> None:
        """Write three .npy files that `load` maps into memory."""
        save_arrays(self, folder, name, _ARRAYS)

    @classmethod
    def load(cls, folder: Path, name: str) -> WordRows:
        """Map the arrays of `save`."""
        return cls(*map_arrays(folder, name, _ARRAYS))


def encode_words(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Text]:
    """Each text between `<|begin|>` and `<|end|>`, with where its words begin.

    Words that a token reaches across count as one, so that none is hidden while a part of it shows.
    """
    begin, end = tokenizer.control[BEGIN], tokenizer.control[END]
    encoded = []
    for text, (ids, ends) in zip(texts, tokenizer.encode_with_ends(list(texts)), strict=True):
        words, before, begins = words_of(text), 0, list[bool]()
        for last in ends:
            inside = 0 < before < len(text) and words[before - 1] == words[before] >= 0
            begins.append(last != before and not inside)  # equal: one character takes several tokens
            before = last
        encoded.append(([begin, *ids, end], [True, *begins, True]))
    return encoded


def pack_words(texts: Sequence[Text], row_tokens: int, pad: int, open_rows: int) -> WordRows:
    """Lay whole texts into rows of `row_tokens` places; one that is longer is cut."""
    rows = pack_conversations(texts, row_tokens - 1, pad, open_rows)
    return WordRows(rows.ids, rows.segment, rows.loss)


@dataclass(frozen=True)
class Masking:
    """Batches of rows with hidden tokens, as a pure function of (seed, step); `learnt` are the hidden places."""

    rows: WordRows
    rows_per_batch: int
    seed: int
    settings: MaskingSettings
    mask: int
    vocabulary_size: int
    control: frozenset[int]  # never hidden

    @classmethod
    def of(
        cls, rows: WordRows, tokenizer: Tokenizer, settings: MaskingSettings, *, rows_per_batch: int, seed: int
    ) -> Masking:
        """With the control tokens of a tokenizer."""
        control = frozenset(tokenizer.control.values())
        return cls(rows, rows_per_batch, seed, settings, tokenizer.control[MASK], len(tokenizer), control)

    def at(self, step: int) -> Batch:
        """The batch of `step`."""
        first = step * self.rows_per_batch
        return self.hide(shuffled(first, self.rows_per_batch, len(self.rows), self.seed), step)

    def hide(self, chosen: NDArray[np.int64], step: int) -> Batch:
        """These rows with tokens hidden as they are at `step`."""
        random = np.random.default_rng(derive_seed(self.seed, "masks", step))
        ids, segment = self.rows.ids[chosen].astype(np.int64), self.rows.segment[chosen]
        free = (segment >= 0) & ~np.isin(ids, list(self.control))
        begins = self.rows.begins[chosen] if self.settings.whole_words else np.ones_like(free)
        hidden = _choose(free, begins, self.settings.masked, random)
        fate = random.random(ids.shape)
        shown = np.where(hidden & (fate < self.settings.mask_share), self.mask, ids)
        strange = hidden & (fate >= self.settings.mask_share)
        strange &= fate < self.settings.mask_share + self.settings.random_share
        any_token = random.integers(max(self.control) + 1, self.vocabulary_size, ids.shape)
        return Batch(np.where(strange, any_token, shown), ids, segment, hidden, causal=False)


@dataclass(frozen=True)
class Foreseeing:
    """Batches of the same rows that ask for the next token of each text, as a pure function of (seed, step)."""

    rows: WordRows
    rows_per_batch: int
    seed: int

    def at(self, step: int) -> Batch:
        """The batch of `step`; a row's last place has nothing to foresee."""
        chosen = shuffled(step * self.rows_per_batch, self.rows_per_batch, len(self.rows), self.seed)
        ids, segment = self.rows.ids[chosen].astype(np.int64), self.rows.segment[chosen]
        targets, following = np.roll(ids, -1, axis=1), np.roll(segment, -1, axis=1)
        learnt = (segment >= 0) & (segment == following)
        learnt[:, -1] = False
        return Batch(ids, targets, segment, learnt)


def masked_pretraining(
    rows: WordRows, tokenizer: Tokenizer, settings: MaskingSettings, *, rows_per_batch: int, steps: int, seed: int
) -> BatchSource:
    """The batches of so many steps: `settings.causal_share` of them foresee, the others find hidden tokens."""
    masking = Masking.of(rows, tokenizer, settings, rows_per_batch=rows_per_batch, seed=derive_seed(seed, "batches"))
    first = round(settings.causal_share * steps)
    return Curriculum(Foreseeing(rows, rows_per_batch, derive_seed(seed, "foreseeing")), first, masking)


def _choose(
    free: NDArray[np.bool_], begins: NDArray[np.bool_], share: float, random: np.random.Generator
) -> NDArray[np.bool_]:
    """Whole words in random order until they are `share` of each row's `free` tokens: [B, T], at least one word."""
    hidden = np.zeros_like(free)
    word = np.cumsum(begins, axis=1)
    for row in range(len(free)):
        places = np.flatnonzero(free[row])
        if not len(places):
            continue
        _, first, size = np.unique(word[row, places], return_index=True, return_counts=True)
        order = random.permutation(len(first))
        wanted = np.searchsorted(np.cumsum(size[order]), share * len(places)) + 1
        kept = np.isin(np.repeat(np.arange(len(first)), size), order[:wanted])
        hidden[row, places[kept]] = True
    return hidden

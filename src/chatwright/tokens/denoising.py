"""Denoising (T5, arXiv 1910.10683, section 3.1.4): a text with gaps as the source, what filled them as the target.

    Thank you for inviting me to your party last week
    → source  Thank you <0> me to your party <1> week <|end|>
    → target  <|begin|> <0> for inviting <1> last <|end|>

<0>, <1> … are the tokenizer's gap tokens. Gaps are drawn anew at every step, so a text read twice is two tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatwright.core.seeds import derive_seed
from chatwright.tokens.batches import shuffled
from chatwright.tokens.packing import Rows
from chatwright.tokens.pairs import PairBatch, PairRows, lay_side, rows_to_pair_batch
from chatwright.tokens.settings import DenoisingSettings
from chatwright.tokens.tokenizer import BEGIN, END, PAD, Tokenizer

_SHORTEST = 8  # tokens of a piece of text in which gaps make sense


@dataclass(frozen=True)
class Denoising:
    """Batches of texts with gaps, as a pure function of (seed, step).

    `rows` are packed documents; sources keep their places, targets have `target_places`.
    """

    rows: Rows
    rows_per_batch: int
    seed: int
    settings: DenoisingSettings
    target_places: int
    begin: int
    end: int
    pad: int
    gaps: Sequence[int]

    @classmethod
    def of(
        cls,
        rows: Rows,
        tokenizer: Tokenizer,
        settings: DenoisingSettings,
        *,
        rows_per_batch: int,
        target_places: int,
        seed: int,
    ) -> Denoising:
        """With the control tokens of a tokenizer."""
        control = tokenizer.control
        return cls(
            rows,
            rows_per_batch,
            seed,
            settings,
            target_places,
            control[BEGIN],
            control[END],
            control[PAD],
            tokenizer.gaps,
        )

    def at(self, step: int) -> PairBatch:
        """The batch of `step`."""
        chosen = shuffled(step * self.rows_per_batch, self.rows_per_batch, len(self.rows), self.seed)
        random = np.random.default_rng(derive_seed(self.seed, "gaps", step))
        sources, targets = list[list[list[int]]](), list[list[list[int]]]()
        for row in chosen:
            made = self._row(self.rows.ids[row], self.rows.segment[row], random)
            sources.append([source for source, _ in made])
            targets.append([target for _, target in made])
        source, source_segment = lay_side(sources, self.rows.row_tokens + 1, self.pad)
        target, target_segment = lay_side(targets, self.target_places + 1, self.pad)
        return rows_to_pair_batch(
            PairRows(source, source_segment, target, target_segment), np.arange(self.rows_per_batch)
        )

    def _row(
        self, ids: NDArray[np.uint16], segment: NDArray[np.int16], random: np.random.Generator
    ) -> list[tuple[list[int], list[int]]]:
        """The pieces of one row as pairs of source and target, as many as there is room for."""
        made, room = list[tuple[list[int], list[int]]](), [len(ids), self.target_places + 1]
        for number in range(int(segment.max()) + 1):
            piece = ids[segment == number]
            piece = piece[(piece != self.begin) & (piece != self.end)]
            if len(piece) < _SHORTEST:
                continue
            source, target = self._gapped(piece, random)
            if len(source) <= room[0] and len(target) <= room[1]:
                made.append((source, target))
                room = [room[0] - len(source), room[1] - len(target)]
        return made

    def _gapped(self, piece: NDArray[np.uint16], random: np.random.Generator) -> tuple[list[int], list[int]]:
        hidden = hide_spans(len(piece), self.settings, len(self.gaps), random)
        source, target, gap = list[int](), [self.begin], -1
        for place, token in enumerate(piece.tolist()):
            if not hidden[place]:
                source.append(token)
                continue
            if place == 0 or not hidden[place - 1]:
                gap += 1
                source.append(self.gaps[gap])
                target.append(self.gaps[gap])
            target.append(token)
        return [*source, self.end], [*target, self.end]


def hide_spans(
    count: int, settings: DenoisingSettings, most_spans: int, random: np.random.Generator
) -> NDArray[np.bool_]:
    """Which of `count` tokens are hidden: [count], spans of `settings.mean_span` tokens on average, none touching.

    Kept and hidden stretches alternate, a kept one first; their lengths are drawn so that each division of the
    tokens is equally likely.
    """
    hidden_tokens = min(max(1, round(count * settings.hidden)), count - 1)
    spans = min(max(1, round(hidden_tokens / settings.mean_span)), most_spans, count - hidden_tokens, hidden_tokens)
    lengths = np.stack([_lengths(count - hidden_tokens, spans, random), _lengths(hidden_tokens, spans, random)], axis=1)
    return np.repeat(np.tile([False, True], spans), lengths.ravel())


def _lengths(total: int, parts: int, random: np.random.Generator) -> NDArray[np.int64]:
    """`total` as `parts` numbers of at least 1, each division equally likely."""
    cuts = np.sort(random.choice(total - 1, parts - 1, replace=False)) + 1
    return np.diff(np.concatenate(([0], cuts, [total])))

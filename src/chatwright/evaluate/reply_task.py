"""Conversations as a task: how well an answer is foreseen, and which of ten is the one that was given."""

from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatwright.core.progress import Progress
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.message_sets import MESSAGE_SETS
from chatwright.corpus.messages import conversation_rows
from chatwright.corpus.settings import MessageSettings
from chatwright.evaluate.messages import answered, choice_signature, choose
from chatwright.evaluate.outcome import Asked, Outcome
from chatwright.evaluate.settings import EvaluateSettings

TALKS = ("everyday-en", "everyday-zh", "everyday-de", "service-en")
REPLIES = (*TALKS, "alpaca-en", "alpaca-zh", "dolly")
# As the recipes `dialogue` and `instruct` have them: their models have not learnt what is asked.
_CHOICES, _HELD_OUT_TALKS, _HELD_OUT = 10, 0.08, 0.02


def ask_replies(
    name: str, asked: Asked, data: Path, settings: EvaluateSettings, limit: int | None, progress: Progress
) -> Outcome:
    """How well the last answers of held-out conversations are foreseen, in bits for each byte of them.

    Of talks also the share whose answer is told from nine others of the same set, beside TF-IDF.
    """
    held_out = _HELD_OUT_TALKS if name in TALKS else _HELD_OUT
    wanted = MessageSettings.model_validate({"names": [name], "data": str(data), "held_out": held_out})
    rows = conversation_rows(wanted, Ledger(), progress)
    talks = {split: [row["messages"] for row in rows if row["split"] == split] for split in ("train", "test")}
    sources = {split: [name] * len(found) for split, found in talks.items()}
    description, outcome = MESSAGE_SETS[name].description, Outcome({})
    if name in TALKS:
        outcome.figures, right, chosen = choose(talks, sources, asked.replies, _CHOICES, settings, 0, progress, limit)
        outcome.figures.pop("sources", None)
        outcome.items["accuracy"] = np.asarray(right, np.float64)
        outcome.signatures["accuracy"] = f"{description}|{choice_signature(_CHOICES)}"
    else:
        chosen = answered(talks["test"], sources["test"])[:limit]
        outcome.figures["n"] = len(chosen)
    outcome.texts = [(*(turn["content"] for turn in each.turns), each.answer) for each in chosen]
    if chosen:
        progress.update(0.8, f"foreseeing {len(chosen):,} answers")
        nats = asked.replies([each.turns for each in chosen], [each.answer for each in chosen])
        bits_and_bytes = np.stack([-nats / log(2), [len(each.answer.encode()) for each in chosen]], axis=1)
        outcome.add("bits_per_byte", bits_and_bytes, "bits/byte", settings, name, _ratio)
        outcome.signatures["bits_per_byte"] = (
            f"{description}|-log2 p(answer and its end | talk) / bytes of the answers|of one beyond the context its "
            "beginning is asked"
        )
    return outcome


def _ratio(rows: NDArray[np.float64]) -> float:
    return float(rows[:, 0].sum() / rows[:, 1].sum())

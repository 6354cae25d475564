"""Talks as a task: which of ten answers is the one that was given?"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chatwright.core.progress import Progress
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.message_sets import MESSAGE_SETS
from chatwright.corpus.messages import conversation_rows
from chatwright.corpus.settings import MessageSettings
from chatwright.evaluate.messages import choice_signature, choose
from chatwright.evaluate.outcome import Asked, Outcome
from chatwright.evaluate.settings import EvaluateSettings

TALKS = ("everyday-en", "everyday-zh", "everyday-de", "service-en")
_CHOICES, _HELD_OUT = 10, 0.08  # as the recipe `dialogue` has them: its models have not learnt what is asked


def ask_replies(
    name: str, asked: Asked, data: Path, settings: EvaluateSettings, limit: int | None, progress: Progress
) -> Outcome:
    """The share of held-out talks whose last answer is told from nine others of the same set, beside TF-IDF."""
    chosen = MessageSettings.model_validate({"names": [name], "data": str(data), "held_out": _HELD_OUT})
    rows = conversation_rows(chosen, Ledger(), progress)
    talks = {split: [row["messages"] for row in rows if row["split"] == split] for split in ("train", "test")}
    sources = {split: [name] * len(found) for split, found in talks.items()}
    figures, right, texts = choose(talks, sources, asked.replies, _CHOICES, settings, 0, progress, limit)
    figures.pop("sources", None)
    items = {"accuracy": np.asarray(right, np.float64)}
    signature = f"{MESSAGE_SETS[name].description}|{choice_signature(_CHOICES)}"
    return Outcome(figures, items, signatures={"accuracy": signature}, texts=texts)

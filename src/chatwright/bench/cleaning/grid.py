"""Which models are trained: one for each state of the text, and for each share of it, with each seed."""

from __future__ import annotations

from dataclasses import dataclass

from chatwright.bench.cleaning.states import STATES

SEEDS = (1, 2, 3)
SHARES = {"an eighth": 1 / 8, "a quarter": 1 / 4, "half": 1 / 2}  # of the deduplicated text; all of it is a state


@dataclass(frozen=True)
class Training:
    """One model: what it reads (a state, or a share of the deduplicated text) and its seed."""

    reads: str
    seed: int

    @property
    def name(self) -> str:
        """Names its artifact."""
        return f"{self.reads.replace(' ', '-')}-{self.seed}"

    @property
    def rows(self) -> str:
        """Names its packed rows: every seed reads all of a state, but a share of its own."""
        return self.name if self.reads in SHARES else self.reads


TRAININGS = tuple(Training(reads, seed) for seed in SEEDS for reads in (*STATES, *SHARES))

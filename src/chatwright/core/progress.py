"""How long work tells that it is going on; the door decides how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Progress(Protocol):
    """Told the share that is done, in [0, 1], and a few words about it."""

    def update(self, share: float, words: str = "") -> None:
        """Tell how far the work is."""


class Silent:
    """Shows nothing."""

    def update(self, share: float, words: str = "") -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Part:
    """A part of a longer work, from `start` on for `size` of its whole, with its name before what it says."""

    whole: Progress
    start: float
    size: float
    name: str

    def update(self, share: float, words: str = "") -> None:
        """Tell how far this part is, as a share of the whole."""
        self.whole.update(self.start + self.size * share, f"{self.name} \u00b7 {words}")

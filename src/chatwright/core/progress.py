"""How long work tells that it is going on; the door decides how it is shown."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told the share that is done, in [0, 1], and a few words about it."""

    def update(self, share: float, words: str = "") -> None:
        """Tell how far the work is."""


class Silent:
    """Shows nothing."""

    def update(self, share: float, words: str = "") -> None:
        """Say nothing."""

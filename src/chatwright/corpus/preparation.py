"""How sources and targets stand before a model: told by a file beside it, so that people give running text."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from pydantic import Field

from chatwright.core.files import read_json, write_json
from chatwright.core.settings import Settings
from chatwright.corpus.moses import Moses

PREPARATION_FILE = "preparation.json"


class Preparation(Settings):
    """Languages of both sides, and whether their text is tokenised and in lower case."""

    source: str = Field(description="language of what is read")
    target: str = Field(description="language of what is written")
    tokenised: bool = Field(description="punctuation normalised and split off as the Moses scripts do")
    lower: bool = Field(description="in lower case")

    @cached_property
    def _moses(self) -> dict[str, Moses]:
        sides = (self.source, self.target) if self.tokenised else ()
        return {side: Moses(side, lower=self.lower) for side in sides}

    def read(self, text: str) -> str:
        """A source as the model reads it."""
        return self._side(text, self.source)

    def written(self, text: str) -> str:
        """A target as the model writes it."""
        return self._side(text, self.target)

    def running(self, written: str) -> str:
        """What the model wrote, as running text."""
        return self._moses[self.target].join(written) if self.tokenised else written

    def _side(self, text: str, language: str) -> str:
        if self.tokenised:
            return self._moses[language].split(text)
        return text.lower() if self.lower else text

    def save(self, folder: Path) -> None:
        """Write `preparation.json`."""
        write_json(folder / PREPARATION_FILE, self.model_dump(mode="json"))

    @classmethod
    def load(cls, folder: Path) -> Preparation | None:
        """Read what `save` wrote; None where a model takes text as it is."""
        path = folder / PREPARATION_FILE
        return cls.model_validate(read_json(path)) if path.exists() else None

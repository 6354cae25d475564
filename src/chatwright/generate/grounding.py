"""Grounding: an answer about a name is given only where the conversation speaks of that name.

A model that has learnt no answer for a name slips to one that looks alike, and then answers that one.
Which name an answer is about stands in the answer itself, so the slip shows: nobody mentioned it.
Nothing is looked up: conversation and answer are compared with each other, and with nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from chatwright.core.files import read_json, write_json
from chatwright.core.settings import Settings
from chatwright.tokens.template import Message

GROUNDING_FILE = "grounding.json"


class Grounding(Settings):
    """How a model's answers show what they are about; lies beside the model it was taught."""

    refusal: str = Field(min_length=1, description="what is said of a name that was not learnt")
    claim: str = Field(description="regular expression; its first group is a name that an answer is about")

    def save(self, folder: Path) -> None:
        """Write `grounding.json`."""
        write_json(folder / GROUNDING_FILE, self.model_dump())

    @classmethod
    def load(cls, folder: Path) -> Grounding | None:
        """What lies in a model folder; None where nothing does, as in a folder from elsewhere."""
        path = folder / GROUNDING_FILE
        return cls.model_validate(read_json(path)) if path.exists() else None

    def refuses(self, answer: str) -> bool:
        """Is this answer the refusal?"""
        return answer.strip() == self.refusal

    def names(self, answer: str) -> list[str]:
        """What an answer is about: ``json.dumps: Serialize …`` is about ``json.dumps``."""
        return [match.group(1) for match in re.finditer(self.claim, answer, re.MULTILINE)]

    def holds(self, answer: str, messages: Sequence[Message]) -> bool:
        """Does the conversation mention everything that the answer is about?"""
        text = "\n".join(message["content"] for message in messages)
        return all(mentions(text, name) for name in self.names(answer))

    def answers(self, answer: str, question: str) -> bool:
        """Is the answer about something, and does this very question mention it?"""
        return bool(self.names(answer)) and self.holds(answer, [{"role": "user", "content": question}])


def mentions(text: str, name: str) -> bool:
    """Does a text speak of this name: in full, by its last parts, or without a remark in brackets?

    >>> mentions("what does dumps() do?", "json.dumps"), mentions("what does json.dumpsx do?", "json.dumps")
    (True, False)
    """
    parts = name.split(".")
    forms = [".".join(parts[start:]) for start in range(len(parts))] if " " not in name else [name]
    forms.append(re.sub(r" \([^()]*\)$", "", name))
    folded = text.casefold()
    return any(_stands_alone(form.casefold(), folded) for form in forms if form)


def _stands_alone(form: str, text: str) -> bool:
    """Is it there, neither a part of a longer word nor of a longer path? Letters beyond ASCII bound words too."""
    return re.search(rf"(?<!\w)(?<!\w\.){re.escape(form)}(?!\w)(?!\.\w)", text, re.ASCII) is not None

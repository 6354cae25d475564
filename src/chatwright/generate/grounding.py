"""Grounding: an answer about a name is given only where the conversation speaks of that name.

A model that has learnt no answer for a name slips to one that looks alike, and then answers that one.
Which name an answer is about stands in the answer itself, so the slip shows: nobody mentioned it.
Nothing is looked up: conversation and answer are compared with each other, and with nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import regex
from pydantic import Field, ValidationError

from chatwright.core.errors import ArtifactError
from chatwright.core.files import read_json, write_json
from chatwright.core.settings import Settings
from chatwright.tokens.template import Message

GROUNDING_FILE = "grounding.json"
_BARE_NAME = re.compile(r"[\w.]+")


class Grounding(Settings):
    """How a model's answers show what they are about; lies beside the model it was taught."""

    refusal: str = Field(min_length=1, description="what is said of a name that was not learnt")
    claim: str = Field(description="regular expression; its first group is a name that an answer is about")
    asked_back: str | None = Field(
        description="a question for the name of what is described (`{description}`); None: nothing is doubted"
    )
    asked_about: str = Field("What is {name}?", description="a question for what has this `{name}`")

    def save(self, folder: Path) -> None:
        """Write `grounding.json`."""
        write_json(folder / GROUNDING_FILE, self.model_dump())

    @classmethod
    def load(cls, folder: Path) -> Grounding | None:
        """What lies in a model folder; None where nothing does, as in a folder from elsewhere."""
        path = folder / GROUNDING_FILE
        if not path.exists():
            return None
        try:
            return cls.model_validate(read_json(path))
        except ValidationError as error:
            raise ArtifactError(
                f"does not say how answers are checked: {error.error_count()} fields are wrong",
                where=str(path),
                remedy="run the stage finetune again, or delete the file: answers are then not checked",
            ) from None

    def refuses(self, answer: str) -> bool:
        """Is this answer the refusal?"""
        return answer.strip() == self.refusal

    def kept(self, answer: str, messages: Sequence[Message]) -> str | None:
        """How much of an answer stands: up to the first name that nobody mentioned; None if all of it does."""
        text = "\n".join(message["content"] for message in messages)
        for match in re.finditer(self.claim, answer, re.MULTILINE):
            if not mentions(text, match.group(1)):
                return answer[: match.start()]
        return "" if self.refuses(answer) else None

    def asks_back(self, answer: str) -> tuple[str, str] | None:
        """The question that the last thing said in an answer should be the answer's name to, and that name."""
        if self.asked_back is None:
            return None
        said = _last_said(answer)
        match = re.match(self.claim, said)
        if match is None or self.arguments_of(said):
            return None
        if not (description := said[match.end() :].strip().rstrip(".")):
            return None
        return self.asked_back.format(description=description), match.group(1)

    def arguments_of(self, answer: str) -> str | None:
        """The name whose arguments an answer ends in; they describe nothing that could be asked back."""
        match = re.match(self.claim, _last_said(answer))
        return match.group(1) if match and match.group().endswith("(") else None

    def turns_to(self, beginning: str, question: str) -> bool | None:
        """Does a line that begins so speak of a name in the question? None while it may still do."""
        if "\n" in beginning:
            return False
        match = regex.match(self.claim, f"{beginning} ")  # the space behind a colon belongs to the next token
        if match:
            return mentions(question, match.group(1))
        return None if regex.match(self.claim, beginning, partial=True) else False


def is_bare_name(answer: str) -> bool:
    """Is an answer a name and nothing else, as it is asked for by a description?"""
    return _BARE_NAME.fullmatch(answer.strip()) is not None


def _last_said(answer: str) -> str:
    """The last line of an answer, without a question of its own that it begins with."""
    return answer.rpartition("\n")[2].rpartition("? ")[2]


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

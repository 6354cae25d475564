"""The one tree of errors. A message says what is wrong, where, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass


class ChatwrightError(Exception):
    """Base of every error that a user can cause or mend. The door prints it without a traceback."""

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        mend = f"\n  remedy: {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{mend}"


class UsageError(ChatwrightError):
    """A wrong command line: an option, a name or a path that does not fit."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One mistake in a recipe: its place (``train.learning_rate``), what is wrong, how to mend it."""

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" ({self.remedy})" if self.remedy else "")


class RecipeError(ChatwrightError):
    """Every mistake of a recipe, reported together."""

    exit_code = 2

    def __init__(self, recipe: str, problems: list[Problem]) -> None:
        self.problems = problems
        lines = "\n".join(f"  - {problem}" for problem in problems)
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        super().__init__(f"{count} in the recipe:\n{lines}", where=recipe)


class DataError(ChatwrightError):
    """The text or the examples cannot be used: missing, unreadable or too few."""


class ArtifactError(ChatwrightError):
    """A run folder or an artifact is missing, incomplete, damaged or in use."""


class StoppedError(ChatwrightError):
    """A person stopped it (Ctrl-C)."""

    exit_code = 130  # as shells have it: 128 and the signal's number


class TrainingError(ChatwrightError):
    """Training cannot go on: the loss is not finite, or a checkpoint does not fit."""

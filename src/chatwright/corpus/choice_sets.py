"""The public tasks of choosing that are known: a question, its candidates, and which of them is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chatwright.core.errors import DataError
from chatwright.corpus.public import read_json_lines, read_lines, read_table

_LETTERS = "ABCD"
_ENGLISH, _CHINESE = "Question: {}\nAnswer:", "问题：{}\n答案："


@dataclass(frozen=True)
class Choice:
    """A question, what of it a model reads, what it may go on with, and the number of the right one."""

    question: str
    prompt: str
    candidates: tuple[str, ...]
    right: int
    group: str = ""  # a subject


@dataclass(frozen=True)
class ChoiceSet:
    """Where a task's questions lie below the folder of public data (`folder`: all its files), and how they are read."""

    folder: str
    read: Callable[[Path], Iterator[Choice]]


def _piqa(folder: Path) -> Iterator[Choice]:
    labels = read_lines(folder / "valid-labels.lst")
    rows = list(read_json_lines(folder / "valid.jsonl", ("goal", "sol1", "sol2")))
    if len(labels) != len(rows):
        raise DataError(f"{len(rows)} questions, {len(labels)} labels", where=str(folder))
    for row, label in zip(rows, labels, strict=True):
        goal = row["goal"]
        yield Choice(goal, _ENGLISH.format(goal), (f" {row['sol1']}", f" {row['sol2']}"), int(label))


def _arc(folder: Path) -> Iterator[Choice]:
    """Rows of (question, answer, label), of which those of one question follow each other in no set order."""
    grouped: dict[str, list[tuple[str, str]]] = {}
    for row in read_json_lines(folder / "arc_challenge_val.jsonl", ("question", "answer", "label")):
        grouped.setdefault(row["question"], []).append((row["answer"], row["label"]))
    for question, answers in grouped.items():
        right = [number for number, (_, label) in enumerate(answers) if label == "1"]
        if len(right) == 1 and len(answers) > 1:
            candidates = tuple(f" {text}" for text, _ in answers)
            yield Choice(question, _ENGLISH.format(question), candidates, right[0])


def _cmmlu(folder: Path) -> Iterator[Choice]:
    for path in sorted((folder / "test").glob("*.csv")):
        for row in read_table(path, ("Question", *_LETTERS, "Answer")):
            candidates = tuple(row[letter] for letter in _LETTERS)
            question, right = row["Question"], _LETTERS.index(row["Answer"])
            yield Choice(question, _CHINESE.format(question), candidates, right, path.stem)


def _mmlu(folder: Path) -> Iterator[Choice]:
    columns = tuple(f"choice{number}" for number in range(4))
    for path in sorted((folder / "test").glob("*.csv")):
        for row in read_table(path, ("question", *columns, "answer")):
            candidates = tuple(f" {row[column]}" for column in columns)
            subject = path.stem.removesuffix("_test")
            question = row["question"]
            yield Choice(question, _ENGLISH.format(question), candidates, int(row["answer"]), subject)


CHOICE_SETS = {
    "piqa": ChoiceSet("piqa", _piqa),
    "arc-challenge": ChoiceSet("arc-challenge", _arc),
    "cmmlu": ChoiceSet("cmmlu", _cmmlu),
    "mmlu": ChoiceSet("mmlu", _mmlu),
}

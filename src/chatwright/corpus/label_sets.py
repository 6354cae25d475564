"""The public data sets of labelled texts that are known: where their files lie, and how each is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chatwright.core.errors import DataError
from chatwright.corpus.public import read_json_lines, read_table

Labelled = tuple[str, str, str]  # split ("train", "test"; "" where the files name none), text, label


@dataclass(frozen=True)
class LabelSet:
    """Where a data set's texts lie below the folder of public data.

    `plain` are files of texts without labels, or whose labels are not read: what pretraining reads beside the
    training texts. `metric` is the figure that is compared: accuracy, macro_f1 or auroc.
    """

    files: tuple[str, ...]
    read: Callable[[Path], Iterator[Labelled]]
    metric: str
    language: str
    description: str
    plain: tuple[str, ...] = ()


def plain_texts(path: Path) -> Iterator[str]:
    """The texts of a file, whatever labels it has."""
    if path.suffix == ".csv":
        return (row["tweet"] for row in read_table(path, ("tweet",)))
    return (row["sentence"] for row in read_json_lines(path, ("sentence",)))


_TWEETS = {"0": "hate", "1": "offensive", "2": "neither"}


def _davidson(path: Path) -> Iterator[Labelled]:
    for row in read_table(path, ("class", "tweet")):
        yield "", row["tweet"], _known(_TWEETS, row["class"], path)


def _surge(path: Path) -> Iterator[Labelled]:
    for row in read_table(path, ("text", "is_toxic")):
        yield "", row["text"], row["is_toxic"]


def _cold(path: Path) -> Iterator[Labelled]:
    for row in read_table(path, ("TEXT", "label")):
        label = _known({"0": "clean", "1": "offensive"}, row["label"], path)
        yield "train" if path.name.startswith("train") else "test", row["TEXT"], label


def _fewclue(label: str) -> Callable[[Path], Iterator[Labelled]]:
    def read(path: Path) -> Iterator[Labelled]:
        for row in read_json_lines(path, ("sentence", label)):
            yield "test" if path.name.startswith("test") else "train", row["sentence"], row[label]

    return read


def _known(names: dict[str, str], value: str, where: Path) -> str:
    if value not in names:
        raise DataError(f"label {value!r} is not one of {', '.join(names)}", where=str(where))
    return names[value]


def _few(task: str) -> tuple[str, ...]:
    return tuple(f"fewclue/{task}/{part}.json" for part in ("train_few_all", "dev_few_all", "test_public"))


LABEL_SETS = {
    "davidson-hate": LabelSet(
        ("davidson-hate/labeled_data.csv",),
        _davidson,
        "macro_f1",
        "en",
        "tweets with hateful, offensive or neither kind of language (Davidson et al. 2017)",
    ),
    "surge-toxicity": LabelSet(
        ("surge-toxicity/toxicity_en.csv",),
        _surge,
        "auroc",
        "en",
        "comments of social media, toxic or not (Surge AI)",
        ("davidson-hate/labeled_data.csv",),
    ),
    "cold-zh": LabelSet(
        ("cold-zh/train.csv.gz", "cold-zh/dev.csv"),
        _cold,
        "accuracy",
        "zh",
        "Chinese comments, offensive or not (COLD)",
    ),
    "tnews": LabelSet(
        _few("tnews"),
        _fewclue("label_desc"),
        "accuracy",
        "zh",
        "Chinese headlines by subject (FewCLUE tnews)",
        ("fewclue/tnews/unlabeled.json.gz", "fewclue/eprstmt/unlabeled.json.gz"),
    ),
    "eprstmt": LabelSet(
        _few("eprstmt"),
        _fewclue("label"),
        "accuracy",
        "zh",
        "Chinese reviews, positive or negative (FewCLUE eprstmt)",
        ("fewclue/eprstmt/unlabeled.json.gz", "fewclue/tnews/unlabeled.json.gz"),
    ),
}

"""The public data sets of pairs that are known: where their files lie, and how each is read.

A data set whose files name no split is split here, by a hash of the source: the same pair is always on the
same side, whatever else is in the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from chatwright.core.errors import DataError
from chatwright.core.seeds import share
from chatwright.corpus.public import read_json_lines, read_lines, read_tabbed, read_text
from chatwright.corpus.settings import PairSettings

Split = Literal["train", "validation", "test"]
Task = Literal["translation", "summary", "reading"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class Found(NamedTuple):
    """A pair as it stands in its file; `others` are targets that are as right."""

    split: Split
    source: str
    target: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class PairSet:
    """Where a data set's pairs lie: `files` below the folder of public data; `read` takes that folder.

    `task` says what the targets are to their sources, and by that how they are scored; where a source stands
    with several targets, `asked_once` keeps the first of those that are not for training.
    """

    task: Task
    files: Callable[[PairSettings], list[str]]
    read: Callable[[Path, PairSettings], Iterator[Found]]
    description: str
    asked_once: bool = False


def hashed_split(key: str, validation: float, test: float) -> Split:
    """Where a pair with this key belongs, given the shares of validation and test."""
    place = share(key, 0, "split")
    return "test" if place < test else "validation" if place < test + validation else "train"


_MULTI30K: dict[Split, str] = {"train": "train", "validation": "val", "test": "test_2016_flickr"}


def _multi30k_files(settings: PairSettings) -> list[str]:
    return [f"multi30k/{name}.{side}.gz" for name in _MULTI30K.values() for side in (settings.source, settings.target)]


def _multi30k(folder: Path, settings: PairSettings) -> Iterator[Found]:
    for split, name in _MULTI30K.items():
        sides = [read_lines(folder / "multi30k" / f"{name}.{side}.gz") for side in (settings.source, settings.target)]
        if len(sides[0]) != len(sides[1]):
            raise DataError(
                f"{len(sides[0])} lines of {settings.source}, {len(sides[1])} of {settings.target}",
                where=str(folder / "multi30k" / name),
                remedy="both files need the same number of lines, in the same order",
            )
        yield from (Found(split, source, target) for source, target in zip(*sides, strict=True))


_TATOEBA = "tatoeba-en-zh/cmn-eng.train.tsv.gz"
_TATOEBA_LANGUAGES = ("en", "zh")


def _tatoeba(folder: Path, settings: PairSettings) -> Iterator[Found]:
    """Split by the English side, which may have several translations: all are on one side of the split."""
    if {settings.source, settings.target} != set(_TATOEBA_LANGUAGES):
        raise DataError(
            f"it has no pairs of {settings.source} and {settings.target}",
            where=settings.name,
            remedy="set pairs.source and pairs.target to en and zh, either way round",
        )
    for _, (english, chinese, _) in read_tabbed(folder / _TATOEBA, 3):
        split = hashed_split(english.strip(), validation=0.02, test=0.04)
        yield Found(split, english, chinese) if settings.source == "en" else Found(split, chinese, english)


_DIALOGSUM: dict[str, str] = {
    "train": "dialogsum/dialogsum.train.jsonl.gz",
    "test": "dialogsum/dialogsum.dev.jsonl",
}


def _dialogsum(folder: Path, settings: PairSettings) -> Iterator[Found]:
    """The published dev set is what is tested on; a part of the training set validates."""
    for name, file in _DIALOGSUM.items():
        for row in read_json_lines(folder / file, ("dialogue", "summary")):
            split = "test" if name == "test" else hashed_split(row["dialogue"], validation=0.03, test=0.0)
            yield Found(split, row["dialogue"], row["summary"])


_CSL = "csl-title-zh/dev.tsv"


def _csl(folder: Path, settings: PairSettings) -> Iterator[Found]:
    for _, (_, abstract, title) in read_tabbed(folder / _CSL, 3):
        yield Found(hashed_split(abstract, validation=0.05, test=0.2), abstract, title)


_CMRC = {
    "train": "cmrc2018/cmrc2018_dev.squad.json.gz",
    "test": "cmrc2018/cmrc2018_trial.squad.json.gz",
}


def _cmrc(folder: Path, settings: PairSettings) -> Iterator[Found]:
    """Questions before their paragraph; the published dev set is learnt, the trial set asked."""
    for name, file in _CMRC.items():
        try:
            articles = json.loads(read_text(folder / file))["data"]
            for paragraph in (each for article in articles for each in article["paragraphs"]):
                context = str(paragraph["context"])
                split = "test" if name == "test" else hashed_split(context, validation=0.04, test=0.0)
                for asked in paragraph["qas"]:
                    answers = list(dict.fromkeys(str(answer["text"]) for answer in asked["answers"]))
                    yield Found(split, f"{asked['question']}\n{context}", answers[0], tuple(answers[1:]))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise DataError(f"is not in the format of SQuAD: {error}", where=file) from None


PAIR_SETS = {
    "multi30k": PairSet("translation", _multi30k_files, _multi30k, "Multi30k image captions, {source} to {target}"),
    "tatoeba-en-zh": PairSet(
        "translation",
        lambda _: [_TATOEBA],
        _tatoeba,
        "Tatoeba example sentences, {source} to {target}",
        asked_once=True,
    ),
    "dialogsum": PairSet(
        "summary", lambda _: list(_DIALOGSUM.values()), _dialogsum, "DialogSum, everyday dialogues and their summaries"
    ),
    "csl-title-zh": PairSet(
        "summary", lambda _: [_CSL], _csl, "CSL, abstracts of Chinese scientific papers and their titles"
    ),
    "cmrc2018": PairSet(
        "reading", lambda _: list(_CMRC.values()), _cmrc, "CMRC 2018, questions about Chinese paragraphs"
    ),
}

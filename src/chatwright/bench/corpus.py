"""How good and how fast a corpus is made: copies found, clean text dropped, personal data found, megabytes a second."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chatwright.bench.pages import PAGES, measure_pages
from chatwright.bench.private import score_private
from chatwright.corpus.collection.documents import clean, judge
from chatwright.corpus.duplicates import find_copies, jaccard, shingled
from chatwright.corpus.engine import run_apart, start
from chatwright.corpus.judging.measures import measure
from chatwright.corpus.judging.rules import RULES, broken
from chatwright.corpus.private.kinds import KINDS
from chatwright.corpus.public import public_files, read_json_lines, read_lines, read_tabbed, read_text
from chatwright.corpus.settings import DuplicateSettings, EngineSettings

Row = dict[str, Any]

_ARTICLES = "wikitext-2/train.txt.gz"
_ARTICLE = re.compile(r"\n(?= = [^=])")
_CHINESE = {  # clean text, none of it made for a rule: file and what holds the text
    "headlines": ("fewclue/tnews/unlabeled.json.gz", "sentence"),
    "reviews": ("fewclue/eprstmt/unlabeled.json.gz", "sentence"),
    "sentences": ("tatoeba-en-zh/cmn-eng.train.tsv.gz", ""),
    "lyrics": ("zh-poetry/song_ci.jsonl.gz", "paragraphs"),
}
_PLANTED, _WORDS = 1_000, 200  # texts that get a near copy; words in each
_BATCH = 256
_REPEATS = 3


def measure_corpus(data: str | None) -> list[Row]:
    """The figures, in the order of the table in the lab book; `UsageError` says which public file is missing."""
    public_files(data, "the bench", [_ARTICLES, PAGES, *(file for file, _ in _CHINESE.values())])
    folder = Path(str(data))
    articles = _ARTICLE.split(read_text(folder / _ARTICLES))
    return [*_copies(articles), *_private(folder), *_chinese(folder), *_speed(folder, articles), *measure_pages(folder)]


def _row(name: str, value: float, unit: str, target: str | None = None, holds: bool | None = None) -> Row:
    return {"name": name, "value": value, "unit": unit, "target": target, "holds": holds}


def _copies(articles: Sequence[str]) -> list[Row]:
    """Copies planted in articles at known similarities: how many are found, and what goes that is not alike."""
    texts, planted, drawn = dict[str, list[str]](), dict[str, float](), random.Random(0)
    words = [article.lower().split() for article in articles]
    apart = [each[at : at + _WORDS] for each in words for at in range(0, len(each) - _WORDS, _WORDS)]
    vocabulary = sorted({word for each in apart for word in each})
    for number, passage in enumerate(drawn.sample(apart, _PLANTED)):
        first = [word for word in passage if word.isalnum()]
        other = list(first)
        for place in drawn.sample(range(len(other)), min(len(other), drawn.randrange(1, 9))):
            other[place] = drawn.choice(vocabulary)
        texts[f"{number}"], texts[f"{number} again"] = first, other
        planted[f"{number}"] = jaccard(_shingles(first), _shingles(other))
    copies = run_apart(_find, {name: " ".join(each) for name, each in texts.items()})
    pairs = {frozenset(pair) for pair in copies}
    rows = []
    for least, target in ((0.9, 0.99), (0.8, 0.9)):
        asked = [name for name, similarity in planted.items() if similarity >= least]
        share = float(np.mean([frozenset((name, f"{name} again")) in pairs for name in asked]))
        name = f"near copies at Jaccard {least:g} and more found"
        rows.append(_row(name, share, "share", f"at least {target:g}", share >= target))
    unlike = [jaccard(_shingles(texts[one]), _shingles(texts[other])) < 0.5 for one, other in copies]
    wrong = float(np.mean(unlike))
    return [*rows, _row("copies dropped that are less alike than 0.5", wrong, "share", "at most 0.02", wrong <= 0.02)]


def _shingles(words: Sequence[str]) -> Any:
    return shingled(words, DuplicateSettings().shingle)


def _find(texts: dict[str, str]) -> list[tuple[str, str]]:
    daft = start(EngineSettings())
    frame = daft.from_pydict({"id": list(texts), "text": list(texts.values())})
    return [(copy.id, copy.kept) for copy in find_copies(daft, frame, DuplicateSettings())]


def _private(data: Path) -> list[Row]:
    figures = score_private(data)
    held_out, alarms = figures["presidio"]["held_out"]["all"], figures["wikitext"]
    return [
        _row("personal data, rows not tuned on", held_out["f1"], "F1", "at least 0.95", held_out["f1"] >= 0.95),
        _row(
            "false alarms in articles",
            alarms["alarms_per_megabyte"],
            "per MB",
            "at most 2",
            alarms["alarms_per_megabyte"] <= 2,
        ),
        _row("looking for personal data", alarms["megabytes_per_second"], "MB/s of one core"),
    ]


def _chinese(data: Path) -> list[Row]:
    """The share of clean Chinese text that breaks a rule."""
    rows = []
    for name, (file, column) in _CHINESE.items():
        if column:
            found = [json.loads(line)[column] for line in read_lines(data / file) if line.strip()]
            texts = [each if isinstance(each, str) else "\n".join(each) for each in found]
        else:
            texts = [cells[1] for _, cells in read_tabbed(data / file, 3)]
        share = float(np.mean([bool(each) for each in broken(measure(texts, "zh"), "zh", RULES)]))
        rows.append(_row(f"clean Chinese {name} dropped", share, "share", "at most 0.05", share <= 0.05))
    return rows


def _speed(data: Path, articles: Sequence[str]) -> list[Row]:
    """Megabytes of text that one core cleans and judges a second: the median of some rounds, processor time."""
    chinese = [row["sentence"] for row in read_json_lines(data / _CHINESE["reviews"][0], ("sentence",))]
    rows = []
    for name, language, texts in (("English articles", "en", articles), ("Chinese reviews", "zh", chinese)):
        megabytes, seconds = sum(len(text.encode()) for text in texts) / 1e6, list[float]()
        for _ in range(_REPEATS):
            started = time.process_time()
            for at in range(0, len(texts), _BATCH):
                tidy = clean(texts[at : at + _BATCH])["text"]
                options: dict[str, Any] = {"kept": (), "least_score": 0.0, "off": (), "limits": {}, "private": KINDS}
                judge(tidy, [""] * len(tidy), [language] * len(tidy), **options)
            seconds.append(time.process_time() - started)
        speed = megabytes / float(np.median(seconds))
        rows.append(_row(f"{name} cleaned and judged", speed, "MB/s of one core", "at least 4", speed >= 4))
    return rows

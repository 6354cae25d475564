"""How well a corpus is made: near copies found, personal data found, clean text dropped by rules."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from chatwright.bench.asked import Asked, row
from chatwright.bench.corpus.texts import CHINESE, articles, public_texts
from chatwright.bench.measured import Row
from chatwright.bench.private import score_private
from chatwright.corpus.duplicates import find_copies, jaccard, shingled
from chatwright.corpus.engine import run_apart, start
from chatwright.corpus.judging.measures import measure
from chatwright.corpus.judging.rules import RULES, broken
from chatwright.corpus.public import read_lines, read_tabbed
from chatwright.corpus.settings import DuplicateSettings, EngineSettings

_PLANTED, _WORDS = 1_000, 200  # texts that get a near copy; words in each


def measure_copies(asked: Asked) -> list[Row]:
    """Copies planted in articles at known similarities: how many are found, and what goes that is not alike."""
    texts, planted, drawn = dict[str, list[str]](), dict[str, float](), random.Random(0)
    words = [article.lower().split() for article in articles(asked.data)]
    apart = [each[at : at + _WORDS] for each in words for at in range(0, len(each) - _WORDS, _WORDS)]
    vocabulary = sorted({word for each in apart for word in each})
    for number, passage in enumerate(drawn.sample(apart, _PLANTED)):
        first = [word for word in passage if word.isalnum()]
        other = list(first)
        for place in drawn.sample(range(len(other)), min(len(other), drawn.randrange(1, 9))):
            other[place] = drawn.choice(vocabulary)
        texts[f"{number}"], texts[f"{number} again"] = first, other
        planted[f"{number}"] = jaccard(_shingles(first), _shingles(other))
    with asked.show("copies") as progress:
        progress.update(0.1, "looking for planted copies")
        copies = run_apart(_find, {name: " ".join(each) for name, each in texts.items()})
    pairs = {frozenset(pair) for pair in copies}
    rows = []
    for least, target in ((0.9, 0.99), (0.8, 0.9)):
        looked_for = [name for name, similarity in planted.items() if similarity >= least]
        share = float(np.mean([frozenset((name, f"{name} again")) in pairs for name in looked_for]))
        name = f"near copies at Jaccard {least:g} and more found"
        rows.append(row(name, share, "share", f"at least {target:g}", share >= target))
    unlike = [jaccard(_shingles(texts[one]), _shingles(texts[other])) < 0.5 for one, other in copies]
    wrong = float(np.mean(unlike))
    return [*rows, row("copies dropped that are less alike than 0.5", wrong, "share", "at most 0.02", wrong <= 0.02)]


def _shingles(words: Sequence[str]) -> Any:
    return shingled(words, DuplicateSettings().shingle)


def _find(texts: dict[str, str]) -> list[tuple[str, str]]:
    daft = start(EngineSettings())
    frame = daft.from_pydict({"id": list(texts), "text": list(texts.values())})
    return [(copy.id, copy.kept) for copy in find_copies(daft, [frame], DuplicateSettings())]


def measure_private(asked: Asked) -> list[Row]:
    """Personal data in marked sentences, and false alarms in articles."""
    with asked.show("private") as progress:
        progress.update(0.1, "looking for personal data")
        figures = score_private(public_texts(asked.data, ()))
    held_out, alarms = figures["presidio"]["held_out"]["all"], figures["wikitext"]
    found, false = held_out["f1"], alarms["alarms_per_megabyte"]
    return [
        row("personal data, rows not tuned on", found, "F1", "at least 0.95", found >= 0.95),
        row("false alarms in articles", false, "per MB", "at most 2", false <= 2),
        row("looking for personal data", alarms["megabytes_per_second"], "MB/s of one core"),
    ]


def measure_chinese(asked: Asked) -> list[Row]:
    """The share of clean Chinese text that breaks a rule."""
    data, rows = public_texts(asked.data, [file for file, _ in CHINESE.values()]), list[Row]()
    with asked.show("chinese") as progress:
        for number, (name, (file, column)) in enumerate(CHINESE.items()):
            progress.update(number / len(CHINESE), name)
            if column:
                found = [json.loads(line)[column] for line in read_lines(data / file) if line.strip()]
                texts = [each if isinstance(each, str) else "\n".join(each) for each in found]
            else:
                texts = [cells[1] for _, cells in read_tabbed(data / file, 3)]
            share = float(np.mean([bool(each) for each in broken(measure(texts, "zh"), "zh", RULES)]))
            rows.append(row(f"clean Chinese {name} dropped", share, "share", "at most 0.05", share <= 0.05))
    return rows

"""Megabytes of text that one core cleans and judges a second: processor time, without the engine around it."""

from __future__ import annotations

import time

import numpy as np

from chatwright.bench.asked import Asked, row
from chatwright.bench.corpus.texts import CHINESE, articles, public_texts
from chatwright.bench.measured import Row
from chatwright.corpus.collection.documents import clean, judge
from chatwright.corpus.judging.verdicts import Judging
from chatwright.corpus.public import read_json_lines

_BATCH = 256
_REPEATS = 3


def measure_speed(asked: Asked) -> list[Row]:
    """English articles and short Chinese reviews: the median of some rounds."""
    reviews = CHINESE["reviews"][0]
    chinese = [
        each["sentence"] for each in read_json_lines(public_texts(asked.data, [reviews]) / reviews, ("sentence",))
    ]
    rows = list[Row]()
    with asked.show("core") as progress:
        for name, language, texts in (
            ("English articles", "en", articles(asked.data)),
            ("Chinese reviews", "zh", chinese),
        ):
            progress.update(len(rows) / 2, name)
            seconds = [_seconds(texts, language) for _ in range(_REPEATS)]
            speed = sum(len(text.encode()) for text in texts) / 1e6 / float(np.median(seconds))
            rows.append(row(f"{name} cleaned and judged", speed, "MB/s of one core", "at least 4", speed >= 4))
    return rows


def _seconds(texts: list[str], language: str) -> float:
    """Processor time of cleaning and judging these texts."""
    by = Judging(languages=())
    started = time.process_time()
    for at in range(0, len(texts), _BATCH):
        some = texts[at : at + _BATCH]
        unknown = [""] * len(some)
        judge(clean(some, unknown, unknown)["text"], unknown, [language] * len(some), unknown, by=by)
    return time.process_time() - started

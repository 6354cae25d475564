"""Judging a text: what it must be and must not hold, asked in order; the first fault that is found is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from chatwright.corpus.collection.settings import NameSettings, Segment
from chatwright.corpus.judging.lists import BlockedHosts, BlockedWords
from chatwright.corpus.judging.measures import measure
from chatwright.corpus.judging.quality import loaded
from chatwright.corpus.judging.rules import MEASURED, Broken, Limits, broken, chosen_rules
from chatwright.corpus.private.kinds import KINDS, Kind

Language = tuple[str, float]  # two letters ("": unknown), and how sure that is


@dataclass(frozen=True)
class Judging:
    """By what texts are judged.

    `languages`: those that stay (none: every one), if they score `least_score`; `off` and `limits`: as in
    `chosen_rules`; `private` and `names`: what is replaced; `blocked_share`: of a text's characters, how many may be in
    `words`; `quality`: the file of a classifier ("": none), and from which score on texts stay; `segment`: how those
    that stay are cut.
    """

    languages: tuple[str, ...] = ("en", "zh")
    least_score: float = 0.65
    off: tuple[str, ...] = ()
    limits: Mapping[str, Limits] = field(default_factory=dict)
    private: tuple[Kind, ...] = KINDS
    names: NameSettings | None = None
    words: BlockedWords = field(default_factory=BlockedWords)
    blocked_share: float = 0.0
    hosts: BlockedHosts = field(default_factory=BlockedHosts)
    quality: str = ""
    least_quality: float = 0.0
    segment: Segment = ""


@dataclass
class Verdicts:
    """Of N texts the fault of each that has one, and the scores of those that were scored, by number.

    `measures` are what the rules looked at, a column of float32 for each; not a number where they were not asked.
    """

    faults: dict[int, Broken]
    scores: dict[int, float]
    measures: pa.StructArray


def verdicts(texts: Sequence[str], languages: Sequence[Language], urls: Sequence[str], by: Judging) -> Verdicts:
    """Judge texts in their `languages`, each from an address ("": unknown).

    Asked are: language, host, the rules, blocked words, quality. A text that has a fault is not asked on.
    """
    faults: dict[int, Broken] = {}
    for number, (language, url) in enumerate(zip(languages, urls, strict=True)):
        if fault := _language_fault(language, by) or _host_fault(url, by):
            faults[number] = fault
    broke, measures = _rule_faults(texts, _by_language(languages, faults), by)
    faults |= broke
    if by.words.words:
        for number, text in enumerate(texts):
            if number not in faults and (fault := _word_fault(text, by)):
                faults[number] = fault
    scores = _scores(texts, _by_language(languages, faults), by) if by.quality else {}
    for number, score in scores.items():
        if score < by.least_quality:
            faults[number] = Broken("quality", score, by.least_quality)
    return Verdicts(faults, scores, measures)


def _by_language(languages: Sequence[Language], faults: Mapping[int, Broken]) -> dict[str, list[int]]:
    """The numbers of the texts in each language that have no fault."""
    together = defaultdict[str, list[int]](list)
    for number, (language, _) in enumerate(languages):
        if number not in faults:
            together[language].append(number)
    return together


def _language_fault(language: Language, by: Judging) -> Broken | None:
    name, score = language
    if by.languages and name not in by.languages:
        return Broken("language", why=name or "unknown")
    return Broken("language not sure", score, by.least_score, name) if score < by.least_score else None


def _host_fault(url: str, by: Judging) -> Broken | None:
    entry = by.hosts.look(url) if url and by.hosts.entries else None
    return Broken("blocked host", why=entry) if entry else None


def _rule_faults(
    texts: Sequence[str], together: Mapping[str, Sequence[int]], by: Judging
) -> tuple[dict[int, Broken], pa.StructArray]:
    rules, faults = chosen_rules(by.off, by.limits), dict[int, Broken]()
    columns = {name: np.full(len(texts), np.nan, np.float32) for name in MEASURED}
    for language, numbers in together.items():
        measures = measure([texts[number] for number in numbers], language)
        for name, column in columns.items():
            column[numbers] = measures[name]
        found = broken(measures, language, rules)
        faults |= {number: breaks[0] for number, breaks in zip(numbers, found, strict=True) if breaks}
    return faults, pa.StructArray.from_arrays([pa.array(column) for column in columns.values()], names=list(columns))


def _word_fault(text: str, by: Judging) -> Broken | None:
    share, found = by.words.look(text)
    return Broken("blocked words", share, by.blocked_share, by.words.why(found)) if share > by.blocked_share else None


def _scores(texts: Sequence[str], together: Mapping[str, Sequence[int]], by: Judging) -> dict[int, float]:
    """The scores of the texts in languages that the classifier knows."""
    classifier, scores = loaded(by.quality), dict[int, float]()
    for language, numbers in together.items():
        if language in classifier.weights:
            found = classifier.score([texts[number] for number in numbers], language)
            scores |= dict(zip(numbers, found.tolist(), strict=True))
    return scores

"""The rules that a text has to keep, with their published limits, and those for other scripts.

Gopher: arXiv 2112.11446, section A.1.1; C4: arXiv 1910.10683, section 2.2; FineWeb: arXiv 2406.17557, section 3.5;
limits for Chinese words: FineWeb2, arXiv 2506.20920. A rule written for English is not asked of other scripts unless it
has limits of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from chatwright.core.errors import UsageError
from chatwright.corpus.judging.measures import Measures

Limits = tuple[float | None, float | None]  # the least and the most that a measure may be; none: as it likes
_NONE: Limits = (None, None)
_SHARES_FROM = 50  # words: Gopher's least


@dataclass(frozen=True)
class Rule:
    """A measure and what it may be; `others` holds the limits of certain languages (`(None, None)`: not asked).

    Texts of fewer than `from_words` words are not asked: where a pair of words is a fifth of all, shares mean nothing.
    """

    name: str
    measure: str
    source: str
    limits: Limits
    others: Mapping[str, Limits] = field(default_factory=dict)
    from_words: int = 0

    def limits_in(self, language: str) -> Limits:
        """The limits for a language (two letters; "": unknown)."""
        return self.others.get(language, self.limits)


@dataclass(frozen=True)
class Broken:
    """A rule that a text breaks: its name, and where they say anything the value, the limit that it passes, and why."""

    rule: str
    value: float | None = None
    limit: float | None = None
    why: str = ""


def _at_most(limit: float, **others: float | None) -> tuple[Limits, dict[str, Limits]]:
    return (None, limit), {language: (None, value) for language, value in others.items()}


def _at_least(limit: float, **others: float | None) -> tuple[Limits, dict[str, Limits]]:
    return (limit, None), {language: (value, None) for language, value in others.items()}


RULES: tuple[Rule, ...] = (
    Rule("words", "words", "Gopher", (50, 100_000), {"zh": _NONE}),
    Rule("characters", "characters", "here", (None, None), {"zh": (2, 300_000)}),
    Rule("word length", "word_length", "Gopher", (3, 10), {"zh": (1, 5)}),
    Rule("hash signs", "hash_share", "Gopher", *_at_most(0.1), _SHARES_FROM),
    Rule("ellipses", "ellipsis_share", "Gopher", *_at_most(0.1), _SHARES_FROM),
    Rule("bullets", "bullet_lines", "Gopher", *_at_most(0.9)),
    Rule("lines ending in an ellipsis", "ellipsis_lines", "Gopher", *_at_most(0.3), _SHARES_FROM),
    Rule("words with letters", "letter_share", "Gopher", *_at_least(0.8, zh=0.735), _SHARES_FROM),
    Rule("stop words", "stop_words", "Gopher", *_at_least(2, zh=None)),
    Rule("repeated lines", "repeated_lines", "Gopher", *_at_most(0.3, zh=0.287)),
    Rule("repeated paragraphs", "repeated_paragraphs", "Gopher", *_at_most(0.3)),
    Rule("characters of repeated lines", "repeated_line_characters", "Gopher", *_at_most(0.2)),
    Rule("characters of repeated paragraphs", "repeated_paragraph_characters", "Gopher", *_at_most(0.2)),
    *(
        Rule(f"most frequent {n}-gram", f"top_{n}_gram", "Gopher", *_at_most(english, zh=chinese), _SHARES_FROM)
        for n, english, chinese in ((2, 0.2, 0.256), (3, 0.18, 0.201), (4, 0.16, 0.171))
    ),
    *(
        Rule(f"repeated {n}-grams", f"repeated_{n}_grams", "Gopher", *_at_most(english, zh=chinese), _SHARES_FROM)
        for n, english, chinese in (
            (5, 0.15, 0.198),
            (6, 0.14, 0.182),
            (7, 0.13, 0.167),
            (8, 0.12, 0.154),
            (9, 0.11, 0.14),
            (10, 0.10, 0.127),
        )
    ),
    Rule("curly brackets", "curly_brackets", "C4", *_at_most(0, zh=None)),
    Rule("lorem ipsum", "lorem_ipsum", "C4", *_at_most(0)),
    Rule("sentences", "sentences", "C4", *_at_least(3, zh=None)),
    Rule("ended lines", "ended_lines", "FineWeb", *_at_least(0.12, zh=None)),
    Rule("short lines", "short_lines", "FineWeb", *_at_most(0.67, zh=None)),
    Rule("characters of repeated lines, strictly", "repeated_line_characters", "FineWeb", *_at_most(0.1)),
    Rule("new lines a word", "new_line_share", "FineWeb", *_at_most(0.3, zh=None)),
)

MEASURED = tuple(dict.fromkeys(rule.measure for rule in RULES))  # what is told of every text


def chosen_rules(off: Sequence[str] = (), limits: Mapping[str, Limits] | None = None) -> tuple[Rule, ...]:
    """The rules without those that are `off`, with other limits where `limits` names any (wherever they are asked).

    Names may be of rules, or of sources in lower case ("gopher"). `UsageError` for names that are none.
    """
    limits = limits or {}
    names = {rule.name for rule in RULES}
    known = names | {rule.source.lower() for rule in RULES}
    if unknown := sorted((set(off) - known) | (set(limits) - names)):
        raise UsageError(
            f"there is no rule {', '.join(map(repr, unknown))}",
            where="collection.judge",
            remedy="take one of: " + ", ".join(sorted(known)),
        )
    kept = (rule for rule in RULES if not {rule.name, rule.source.lower()} & set(off))
    return tuple(
        replace(rule, limits=limits[rule.name], others=_not_asked(rule)) if rule.name in limits else rule
        for rule in kept
    )


def _not_asked(rule: Rule) -> dict[str, Limits]:
    """The languages in which a rule means nothing, whatever its limits."""
    return {language: limits for language, limits in rule.others.items() if limits == _NONE}


def broken(measures: Measures, language: str, rules: Sequence[Rule]) -> list[list[Broken]]:
    """For each of N texts in one language the rules that it breaks, in the order of `rules`."""
    if not measures:
        return []
    found: list[list[Broken]] = [[] for _ in measures["words"]]
    for rule in rules:
        values = measures[rule.measure]
        for limit, breaks in zip(rule.limits_in(language), (np.less, np.greater), strict=True):
            if limit is None:
                continue
            passing: NDArray[np.bool_] = breaks(values, limit) & (measures["words"] >= rule.from_words)
            for number in np.flatnonzero(passing):
                found[number].append(Broken(rule.name, float(values[number]), limit))
    return found

"""Personal data and secrets: found by pattern, replaced by placeholders that say what stood there.

What is found is found by its shape: addresses, numbers with check digits, keys with known beginnings. Names of
people and streets have no shape and are not looked for. What a shape proves is replaced wherever it stands, so
also reserved domains (anna@example.com), documentation addresses (192.0.2.1) and card numbers for testing: a text
cannot tell them from real ones, and nothing is lost by it. Only loopback, unspecified and mask addresses stay,
since they belong to nobody.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from chatwright.corpus.private.kinds import KINDS, Kind
from chatwright.corpus.private.numbers import numbers
from chatwright.corpus.private.patterns import Found, addresses, fold, keys

# Every shape has one of these; texts that have none, as many short Chinese ones, need no closer look.
_HINT = re.compile(r"[0-9０-９@＠:：(（\[]|[A-Za-z0-9_-]{8}")


@dataclass(frozen=True)
class Span:
    """Characters [start, end) of a text, and what they are."""

    start: int
    end: int
    kind: Kind


def find_private(text: str, kinds: Collection[Kind] = KINDS) -> list[Span]:
    """Where a text holds personal data or secrets, in order.

    Promises: the spans do not overlap and are not empty; the longest reading of characters wins, of equally long
    ones the more specific; nothing more is found once they are replaced.

    >>> find_private("Write to anna@example.org.")
    [Span(start=9, end=25, kind='EMAIL')]
    """
    spans: list[Span] = []
    while fresh := _scan(_splice(text, spans), kinds):
        # A placeholder is shorter than what it stands for: words that were too far off to count are nearer now.
        spans = sorted([*spans, *_moved_back(fresh, spans)], key=lambda span: span.start)
    return spans


def replace_private(text: str, spans: Iterable[Span] | None = None) -> tuple[str, Counter[Kind]]:
    """The text with placeholders like <EMAIL> in place of the spans (None: what `find_private` finds), and how many.

    Promises: what lies outside of the spans is unchanged; replacing twice changes nothing, where None is given.
    The spans must not overlap.

    >>> replace_private("Write to anna@example.org.")[0]
    'Write to <EMAIL>.'
    """
    spans = find_private(text) if spans is None else sorted(spans, key=lambda span: span.start)
    return _splice(text, spans), Counter(span.kind for span in spans)


def _scan(text: str, kinds: Collection[Kind]) -> list[Span]:
    """One look at the text: every reading, of which those are kept that win."""
    if not _HINT.search(text):
        return []
    text = fold(text)
    found: list[Found] = [*addresses(text), *keys(text), *numbers(text)]
    # All kinds take part in the contest, also those that are not asked for: a card is no telephone.
    found.sort(key=lambda one: (one[0] - one[1], KINDS.index(one[2]), one[0]))
    kept: list[Found] = []  # in order
    for one in found:
        place = bisect(kept, one)
        if (not place or kept[place - 1][1] <= one[0]) and (place == len(kept) or one[1] <= kept[place][0]):
            kept.insert(place, one)
    return [Span(*one) for one in kept if one[2] in kinds]


def _splice(text: str, spans: Iterable[Span]) -> str:
    """The text with a placeholder for each span; the spans are in order."""
    parts, at = [], 0
    for span in spans:
        parts += [text[at : span.start], f"<{span.kind}>"]
        at = span.end
    return "".join([*parts, text[at:]]) if parts else text


def _moved_back(fresh: list[Span], spans: list[Span]) -> list[Span]:
    """Spans of the spliced text as spans of the text itself; no pattern holds < or >, so none meets a placeholder."""
    moved, grown, rest = [], 0, iter([*spans, None])
    following = next(rest)
    for span in fresh:
        while following is not None and following.start - grown < span.start:
            grown += following.end - following.start - len(following.kind) - 2
            following = next(rest)
        moved.append(Span(span.start + grown, span.end + grown, span.kind))
    return moved

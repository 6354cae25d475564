"""Prose: sentences, paragraphs and the marks of reStructuredText inside them."""

from __future__ import annotations

import re

from chatwright.corpus.clean import one_line

_ABBREVIATION = re.compile(r"(?:\b(?:(?i:e\.g|i\.e|etc|vs|cf|resp|approx|incl|viz|fig|Mr|Mrs|Dr|St)|[A-Z])|\.\.)\.$")
_LONGEST_ABBREVIATION = 12
_STOP = re.compile(r"(?<![.!?])[.!?。！？]+[\"'”’)\]]*(?=\s|$)|[。！？]")
_OPENS_SENTENCE = re.compile(r"\s*[\"'“‘(\[`*_]*[A-Z0-9\u00c0-\u00de\u0400-\u042f\u3040-\uffff]")
_ROLE = re.compile(r":[a-zA-Z][\w:+.-]*:`([^`]*)`")
_TARGET = re.compile(r"^(.*?)\s*<[^<>]*>$", re.DOTALL)
_LITERAL = re.compile(r"``(.+?)``", re.DOTALL)
_LINK = re.compile(r"`([^`<>]+?)\s*<[^`<>]+>`__?")
_EMPHASIS = re.compile(r"(?<![\w*\\])(\*{1,2})([A-Za-z](?:[^*\n]*[^*\s])?)\1(?![\w*])")
# Paragraphs that say where something is or since when, not what it is.
_NOTICE = re.compile(
    r"^\W*(?:source code|new in version|changed in version|deprecated since|added in|stability:)", re.I
)
_REFERENCE = re.compile(r"`([^`]+)`__?(?![\w`])")


def sentences(text: str) -> list[str]:
    """Split one paragraph, already on one line, into its sentences.

    >>> sentences("Return e.g. a list. The rest follows")
    ['Return e.g. a list.', 'The rest follows']
    """
    text = text.rstrip()
    found, start, length = [], 0, len(text)
    for match in _STOP.finditer(text):
        end = match.end()
        narrow = match.group()[0] not in "。！？"
        if narrow and end < length:
            before = text[max(start, end - _LONGEST_ABBREVIATION) : end]
            if _ABBREVIATION.search(before) or not _OPENS_SENTENCE.match(text, end):
                continue
        found.append(text[start:end].strip())
        start = end
    if text[start:].strip():
        found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def take_sentences(text: str, limit: int) -> str:
    """As many whole sentences of `text` as fit into `limit` characters; "" if not even one does."""
    taken = ""
    for sentence in sentences(one_line(text)):
        longer = f"{taken} {sentence}".strip()
        if len(longer) > limit:
            break
        taken = longer
    return taken


def paragraphs(text: str) -> list[str]:
    """Blocks between blank lines, their indentation kept."""
    return [block for block in re.split(r"\n[ \t]*\n", text) if block.strip()]


def is_notice(text: str) -> bool:
    """Is this paragraph about the source or the version only, and not about the thing?"""
    return bool(_NOTICE.match(text))


def plain(text: str) -> str:
    """Take off the inline marks of reStructuredText: roles, literals, links, emphasis keep their text."""
    text = _ROLE.sub(lambda match: _TARGET.sub(r"\1", match.group(1)).lstrip("~!"), text)
    text = _LINK.sub(r"\1", text)
    text = _EMPHASIS.sub(r"\2", text)
    text = _LITERAL.sub(r"\1", text)
    return _REFERENCE.sub(r"\1", text)

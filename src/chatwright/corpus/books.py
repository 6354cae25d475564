"""Books of Project Gutenberg: without header and licence, their paragraphs unwrapped."""

from __future__ import annotations

import re

START = re.compile(r"^\*\*\* ?START OF (?:THE|THIS) PROJECT GUTENBERG.*$", re.MULTILINE | re.IGNORECASE)
_END = re.compile(r"^\*\*\* ?END OF (?:THE|THIS) PROJECT GUTENBERG.*$", re.MULTILINE | re.IGNORECASE)
_SHORT_LINE = 50  # characters; paragraphs of shorter lines are verse, lists and headings, and keep their lines


def without_licence(text: str) -> str:
    """What stands between the marks of Project Gutenberg; all of it where there are none."""
    text = text.replace("\r\n", "\n")
    start, end = START.search(text), _END.search(text)
    return text[start.end() if start else 0 : end.start() if end else len(text)]


def unwrapped(text: str) -> str:
    """Paragraphs as one line each; those of short lines (verse, lists, headings) keep their lines."""
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in paragraph.split("\n") if line.strip()]
        if not lines:
            continue
        prose = len(lines) > 1 and max(map(len, lines)) >= _SHORT_LINE
        paragraphs.append((" " if prose else "\n").join(lines))
    return "\n\n".join(paragraphs)


def book(text: str) -> str:
    """A book without licence, its paragraphs unwrapped."""
    return unwrapped(without_licence(text))

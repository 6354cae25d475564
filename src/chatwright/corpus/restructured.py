"""reStructuredText and plain text to blocks.

A light parser of headings, paragraphs and directives rather than docutils: pages written for Sphinx
are full of roles and directives that docutils alone reports as errors, it follows include and raw
directives, and it is an order of magnitude slower. Only the structure is needed here.
"""

from __future__ import annotations

import re

from chatwright.corpus.blocks import Block
from chatwright.corpus.clean import one_line
from chatwright.corpus.prose import plain

_ADORNMENT = re.compile(r"^([=\-~^\"'*#+_.:`<>])\1{2,}$")
_EXPLICIT = re.compile(r"^\.\.(?:\s|$)")
_TEXT_DIRECTIVE = re.compile(r"^\.\.\s+(?:note|warning|tip|important|seealso|versionadded|versionchanged|deprecated)::")
_LIST = re.compile(r"^\s*(?:[-*+•]|\d+[.)]|\(\w\)|#\.)\s")
_FIELD = re.compile(r"^:[\w \-]+:(?!`)")
_NUMBERED_HEADING = re.compile(r"^\d+(?:\.\d+)*\.?\s+\S.{0,70}$")
_REFERENCE = re.compile(r"(?<=[a-z0-9])__?(?=[\s.,;:)]|$)")  # the mark of a link: `see the manual_`
_LONGEST_HEADING = 90


def _is_adornment(line: str) -> bool:
    return bool(_ADORNMENT.match(line.rstrip()))


def _heading_at(lines: list[str], index: int) -> tuple[str, str, int] | None:
    """(title, style, lines used) of a heading that starts here, with or without an overline."""
    line = lines[index]
    if _is_adornment(line) and index + 2 < len(lines):
        title, under = lines[index + 1], lines[index + 2]
        if title.strip() and under.rstrip() == line.rstrip() and not _is_adornment(title):
            return title.strip(), "over" + line[0], 3
    if line.strip() and not line[0].isspace() and not _is_adornment(line) and index + 1 < len(lines):
        under = lines[index + 1].rstrip()
        long_enough = len(under) >= min(len(line.strip()), 4)
        before_is_blank = index == 0 or not lines[index - 1].strip()
        if _is_adornment(under) and long_enough and before_is_blank and len(line) <= _LONGEST_HEADING:
            return line.strip(), under[0], 2
    return None


def _prose(text: str) -> str:
    return one_line(_REFERENCE.sub("", plain(re.sub(r"::$", ":", text))))


def _block(lines: list[str], literal: bool) -> Block | None:
    """What one run of lines without a blank line is."""
    text = "\n".join(lines)
    if all(_is_adornment(line) for line in lines):
        return None
    if literal or lines[0][0].isspace() or _LIST.match(lines[0]) or _FIELD.match(lines[0]):
        return Block("other", text)
    if any(set(line.strip()) <= set("=+-| ") for line in lines) or text.startswith((">>>", "|")):
        return Block("other", text)
    return Block("prose", _prose(text))


def _plain_heading(lines: list[str], index: int) -> bool:
    """In plain text: a short line alone, in capitals or numbered."""
    line = lines[index].rstrip()
    alone = (index == 0 or not lines[index - 1].strip()) and (index + 1 == len(lines) or not lines[index + 1].strip())
    if not alone or not 3 <= len(line) <= _LONGEST_HEADING or line[0].isspace() or line.endswith((".", ",", ";", ":")):
        return False
    return (line.isupper() and " ".join(line.split()) != "") or bool(_NUMBERED_HEADING.match(line))


def _explicit_end(lines: list[str], index: int) -> int:
    """Where the indented content of a directive or comment ends."""
    end = index + 1
    while end < len(lines) and (not lines[end].strip() or lines[end][0].isspace()):
        end += 1
    return end


def restructured_blocks(text: str, *, plain_headings: bool = False) -> list[Block]:
    """Blocks of a text; `plain_headings` also takes capitals and numbered lines as headings."""
    lines = text.expandtabs(4).split("\n")
    blocks: list[Block] = []
    styles: list[str] = []
    index = 0
    while index < len(lines):
        if not lines[index].strip():
            index += 1
        elif found := _heading_at(lines, index):
            title, style, used = found
            if style not in styles:
                styles.append(style)
            blocks.append(Block("heading", one_line(plain(title)), min(styles.index(style) + 1, 6)))
            index += used
        elif plain_headings and _plain_heading(lines, index):
            blocks.append(Block("heading", one_line(lines[index]), 2))
            index += 1
        elif _EXPLICIT.match(lines[index]):
            end = _explicit_end(lines, index)
            if _TEXT_DIRECTIVE.match(lines[index]):
                blocks.append(Block("other", plain("\n".join(line.strip() for line in lines[index:end]).strip())))
            index = end
        else:
            end = index + 1
            while end < len(lines) and lines[end].strip() and not _heading_at(lines, end):
                end += 1
            literal = bool(blocks) and blocks[-1].text.endswith(":") and lines[index][0].isspace()
            if block := _block(lines[index:end], literal):
                blocks.append(block)
            index = end
    return [block for block in blocks if block.text.strip()]

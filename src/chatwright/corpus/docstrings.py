"""From a docstring to its facts: the signature lines on top, the summary sentence, the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatwright.corpus.clean import one_line
from chatwright.corpus.prose import is_notice, paragraphs, plain, sentences

LONGEST_SUMMARY = 240
SHORTEST_SUMMARY_WORDS = 3
SHORTEST_BODY_SENTENCE = 20

_CALL = re.compile(r"^(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*)\s*\(")
_ONLY_CALL = re.compile(r"^\s*[\w.]+\([^()]*\)\s*->\s*\S+\s*$")
_GRAMMAR = re.compile(r"^\w+ = ")
_BREAKS_PROSE = re.compile(
    r"^\s*(?:[:@](?:param|type|return|rtype|raise|arg)|>>>|[-*+•]\s|\d+[.)]\s|\.\. |\||\w+\s*::=)"
)
_NOTHING = re.compile(r"^\s*None\.\s+")  # `D.clear() -> None.  Remove all items from D.`
_RESULT = re.compile(r"^(?:\w+|\([^()]*\)),\s+(?=[a-z])")  # `D.pop(k) -> v, remove the key and return its value.`
_LABEL = re.compile(r"^\s*(?:Args|Arguments|Parameters|Returns?|Raises|Yields|Usage|Example|Examples|Notes?):?\s*$")
_STRAY = re.compile(r"\\+[ \t]*$", re.MULTILINE)  # a line continued in the source of a raw docstring
_UNDERLINE = re.compile(r"^\s*([=\-~^\"'*#+_.`])\1{2,}\s*$")
_BOILERPLATE = re.compile(
    r"^(?:Alias for field number|An enumeration\.?$|Initialize self|Helper for pickle|Return self|See (?:base|help)"
    r"|Create and return a new object|Undocumented|XXX|TODO|\$|Note:?$)",
)


@dataclass(frozen=True)
class Docstring:
    """A docstring taken apart. Without a summary, `reason` says why it makes no fact."""

    signature: str | None
    summary: str | None
    body: str | None
    reason: str = ""


def _balanced_end(text: str, start: int) -> int:
    """Index after the bracket that closes the one at `start`; -1 when it stays open."""
    depth = 0
    for index in range(start, len(text)):
        depth += (text[index] in "([{") - (text[index] in ")]}")
        if depth == 0:
            return index + 1
    return -1


def _signature_line(text: str, short: str) -> tuple[str, str, int] | None:
    """(signature, prose on the same line, length used) where the text opens by calling `short`."""
    match = _CALL.match(text)
    if not match or match.group(1) != short:
        return None
    end = _balanced_end(text, match.end() - 1)
    if end < 0 or text.count("\n", 0, end) > 4:
        return None
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    tail = text[end:line_end].strip().replace("-->", "->", 1)
    if tail and not tail.startswith(("->", "--", ":", "=>")):
        return None
    signature = one_line(text[match.end() - 1 : end])
    for mark in ("--", "->"):
        _, found, prose = tail.partition(mark)
        prose = _RESULT.sub("", _NOTHING.sub("", prose.strip()))
        if found and len(prose.split()) >= SHORTEST_SUMMARY_WORDS and not prose.startswith(("(", "[")):
            return signature, prose, line_end
    return signature, "", line_end


def _without_signatures(doc: str, short: str) -> tuple[str | None, list[str]]:
    """The fullest of the leading signature lines, and the texts to look for prose in, the best first.

    Of one signature with prose behind it, that prose comes first. Several are ways of calling: what
    comes after them describes the thing, and the prose behind the first is second best.
    """
    signatures, rest = [], doc.lstrip()
    behind: str | None = None
    remainder = ""
    while found := _signature_line(rest, short):
        signatures.append(found[0])
        if found[1] and behind is None:
            behind = f"{found[1]}{rest[found[2] :]}"
        end = rest.find("\n", found[2])
        remainder = rest[end:] if end >= 0 else ""
        rest = remainder.lstrip()
    fullest = max(signatures, key=len, default=None)
    if behind is None:
        return fullest, [rest]
    after = rest if remainder.startswith("\n\n") else rest.partition("\n\n")[2]
    return fullest, [after, behind] if len(signatures) > 1 else [behind]


def _is_heading(block: str) -> bool:
    lines = block.strip().split("\n")
    return len(lines) > 1 and bool(_UNDERLINE.match(lines[-1]) or _UNDERLINE.match(lines[0])) and len(lines) <= 3


def _prose_part(block: str, short: str) -> tuple[str, str]:
    """The lines of a block that are running text, and those from a list, field or next signature on."""
    lines = block.split("\n")
    for index, line in enumerate(lines):
        if _BREAKS_PROSE.match(line) or _LABEL.match(line) or _signature_line("\n".join(lines[index:]), short):
            return "\n".join(lines[:index]), "\n".join(lines[index:])
    return block, ""


def is_wordy(text: str) -> bool:
    """Is it language rather than code, a table or a drawing?"""
    letters = sum(character.isalnum() or character.isspace() for character in text)
    return letters >= 0.72 * len(text)


def summary_problem(summary: str, longest: int = LONGEST_SUMMARY) -> str:
    """Why this sentence is no summary; "" when it is one."""
    if len(summary) > longest:
        return f"first sentence longer than {longest} characters"
    if summary.endswith((":", ",", ";", "...")):
        return "first sentence only leads to a list or code"
    if _BOILERPLATE.match(summary):
        return "boilerplate"
    wide = sum(ord(character) > 0x2E7F for character in summary)
    if len(summary.split()) + wide // 2 < SHORTEST_SUMMARY_WORDS:
        return f"fewer than {SHORTEST_SUMMARY_WORDS} words"
    if not is_wordy(summary) or _GRAMMAR.match(summary):
        return "first sentence is not prose"
    return ""


def flow(text: str) -> str | None:
    """A body: paragraphs of prose on one line each; None without a sentence worth reading."""
    blocks = [one_line(plain(block)) for block in paragraphs(text) if not _is_heading(block)]
    prose = [block for block in blocks if is_wordy(block)]
    worthy = any(len(sentence) >= SHORTEST_BODY_SENTENCE for block in prose for sentence in sentences(block))
    return "\n\n".join(prose) if worthy else None


def take_apart(doc: str, name: str) -> Docstring:
    """Take a cleaned docstring of the object called `name` apart.

    The summary is the first sentence of the first paragraph of prose, on one line, without marks of
    reStructuredText; the body is what comes after it.
    """
    short = name.rpartition(".")[2]
    signature, texts = _without_signatures(_STRAY.sub("", doc), short)
    results = [_described(text, short) for text in texts if text.strip()]
    if not results:
        return Docstring(signature, None, None, "docstring only restates the signature")
    summary, body, reason = next((result for result in results if result[0]), results[-1])
    return Docstring(signature, summary, body, reason)


def _described(text: str, short: str) -> tuple[str | None, str | None, str]:
    """(summary, body, reason why there is none) of a docstring without its signature lines."""
    blocks = paragraphs(text)
    for index, block in enumerate(blocks):
        prose, listed = _prose_part(block, short)
        if _is_heading(block) or not prose.strip() or is_notice(prose) or _ONLY_CALL.match(prose):
            continue
        first, *others = sentences(one_line(plain(prose)).removeprefix(f"{short}: "))
        problem = summary_problem(first)
        if not problem and _CALL.match(first) and first.endswith(")"):
            problem = "docstring only restates the signature"
        if problem:
            return None, None, problem
        after = "\n\n".join([" ".join(others), listed, *blocks[index + 1 :]])
        return first, flow(after), ""
    return None, None, "no prose"

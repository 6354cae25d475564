"""Lists of a person: words that texts must not hold, and hosts that pages must not be from.

One entry a line; what stands behind # is a comment. Words are sought all at once (Aho and Corasick 1975).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any
from unicodedata import category
from urllib.parse import urlsplit

from chatwright.core.errors import UsageError
from chatwright.corpus.clean import clean_text

Match = tuple[int, int, int]  # the number of a word, and the characters [start, end) where it stands

_COMMENT = re.compile(r"(?:^|\s)#.*")
# Scripts that are written without spaces: a word of theirs is found inside others.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|[0-9a-f:.]*:[0-9a-f:.]*")
_NOWHERE = ("0.0.0.0", "127.0.0.1", "::1", "::")  # the first column of hosts files
_TOLD = 5  # mistakes or words that are named


@dataclass(frozen=True)
class BlockedWords:
    """Words and phrases, in lower case; a page that holds any of them was left out of C4 (arXiv 1910.10683, 2.2)."""

    words: tuple[str, ...] = ()

    def look(self, text: str) -> tuple[float, Counter[str]]:
        """The share of a text's characters that is in these words, and how often each is there.

        Capitals and white space make no difference. A word counts where it stands by itself: not inside a longer one,
        save in scripts without spaces.
        """
        text = " ".join(text.lower().split())
        found: list[Match] = [match for match in _finder(self.words)(text) if _by_itself(text, *match[1:])]
        if not found:
            return 0.0, Counter()
        covered, at = 0, 0
        for _, start, end in sorted(found, key=lambda match: match[1:]):
            covered += max(0, end - max(at, start))
            at = max(at, end)
        return covered / len(text), Counter(self.words[number] for number, *_ in found)

    def why(self, found: Counter[str]) -> str:
        """What was found, in words: the most frequent ones."""
        named = ", ".join(f"{word} ({count})" for word, count in sorted(found.items(), key=_by_count)[:_TOLD])
        return named + (", …" if len(found) > _TOLD else "")


@dataclass(frozen=True)
class BlockedHosts:
    """Hosts with their subdomains, or parts of them: "example.org", "example.org/forum"."""

    entries: tuple[str, ...] = ()

    def look(self, url: str) -> str | None:
        """The entry that an address is below."""
        try:
            parts = urlsplit(url.strip())
            labels = _ascii(parts.hostname or "").split(".")
        except ValueError:
            return None
        rest = parts.path + (f"?{parts.query}" if parts.query else "")
        paths = _paths(self.entries)
        for start in range(len(labels)):
            host = ".".join(labels[start:])
            for path in paths.get(host, ()):
                if rest.startswith(path) and (not path or rest[len(path) :][:1] in {"", "/", "?", "#"}):
                    return host + path
        return None


def read_words(names: Sequence[str], data: str | None) -> BlockedWords:
    """The words of these files, below `data`; `UsageError` for one that is missing, no text, or empty."""
    lines = chain.from_iterable(_lines(path, "blocklists") for path in list_files(names, data))
    words = (" ".join(clean_text(line).lower().split()) for _, line in lines)
    return BlockedWords(tuple(dict.fromkeys(word for word in words if word)))


def read_hosts(hosts: str | Sequence[str], data: str | None) -> BlockedHosts:
    """These hosts, or those of a file below `data`; `UsageError` names every entry that is no host."""
    if isinstance(hosts, str):
        (path,) = list_files([hosts], data)
        lines: Iterable[tuple[str, str]] = _lines(path, "blocked_hosts")
    else:
        lines = [("collection.judge.blocked_hosts", host) for host in hosts]
    entries, wrong = list[str](), list[str]()
    for where, line in lines:
        entry = _host(line)
        entries.append(entry or "")
        if entry is None:
            wrong.append(f"{line!r} ({where})")
    if wrong:
        more = f", and {len(wrong) - _TOLD:,} more" if len(wrong) > _TOLD else ""
        raise UsageError(
            f"this is no host: {', '.join(wrong[:_TOLD])}{more}",
            where="collection.judge.blocked_hosts",
            remedy="write hosts such as example.org, or the beginnings of addresses such as example.org/forum",
        )
    return BlockedHosts(tuple(dict.fromkeys(entries)))


def list_files(names: Sequence[str], data: str | None) -> list[Path]:
    """The files of these names, below `data` unless they begin at the root; `UsageError` for those that are missing."""
    paths = [Path(data or ".") / Path(name).expanduser() for name in names]
    if missing := [name for name, path in zip(names, paths, strict=True) if not path.is_file()]:
        raise UsageError(
            f"there is no such file: {', '.join(missing)}",
            where="collection.judge",
            remedy="name files below the folder of --data DIR, or with their whole path",
        )
    return paths


def _lines(path: Path, setting: str) -> Iterator[tuple[str, str]]:
    """Where each entry of a file is, and the entry."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"this file cannot be read: {error}",
            where=f"collection.judge.{setting}: {path}",
            remedy="write it in UTF-8",
        ) from None
    lines = [(number, _COMMENT.sub("", line).strip()) for number, line in enumerate(text.splitlines(), 1)]
    if not any(line for _, line in lines):
        raise UsageError(
            "this file has no entries",
            where=f"collection.judge.{setting}: {path}",
            remedy="write one a line, or take the file out of the recipe",
        )
    return ((f"{path.name}:{number}", line) for number, line in lines if line)


def _host(line: str) -> str | None:
    """An entry as `BlockedHosts` holds it; None where it is none."""
    fields = line.split()
    if len(fields) == 2 and fields[0] in _NOWHERE:
        fields = fields[1:]
    if len(fields) != 1:
        return None
    address = fields[0] if "://" in fields[0] else f"//{fields[0]}"
    try:
        parts = urlsplit(address)
        host = _ascii((parts.hostname or "").removeprefix("*").removeprefix("."))
    except ValueError:
        return None
    if not _HOST.fullmatch(host):
        return None
    return host + parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")


def _ascii(host: str) -> str:
    """A host as it is written in addresses: Bücher.example is xn--bcher-kva.example."""
    host = host.lower().rstrip(".")
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _by_itself(text: str, start: int, end: int) -> bool:
    """Whether what stands there is no part of a longer word."""
    before = start and _joins(text[start - 1], text[start])
    behind = end < len(text) and _joins(text[end - 1], text[end])
    return not (before or behind)


def _joins(left: str, right: str) -> bool:
    return all((_letter(each) and not _UNSPACED.match(each)) for each in (left, right))


def _letter(character: str) -> bool:
    return character.isalnum() or character == "_" or category(character).startswith("M")


def _by_count(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


@cache
def _finder(words: tuple[str, ...]) -> Any:
    import ahocorasick_rs

    automaton = ahocorasick_rs.AhoCorasick(words)
    return lambda text: automaton.find_matches_as_indexes(text, overlapping=True)


@cache
def _paths(entries: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """The paths of each host that are blocked; "": all."""
    paths = defaultdict[str, list[str]](list)
    for entry in entries:
        cut = min(place for mark in "/?" if (place := f"{entry}{mark}".find(mark)) >= 0)
        paths[entry[:cut]].append(entry[cut:])
    return {host: tuple(sorted(found)) for host, found in paths.items()}

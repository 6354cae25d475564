"""Texts as they were extracted and as they are kept, with what changed: what cleaning does, to be looked at.

Both sides are shown with placeholders where there is personal data, so no sample holds any that is found.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from chatwright.core.files import write_json
from chatwright.core.seeds import share
from chatwright.corpus.collection.parts import part_numbers, read_piece_by_piece
from chatwright.corpus.private.replace import replace_private

SAMPLES_FILE = "samples.json"
_TOGETHER = 12  # samples
_LOOKED_AT = 4  # candidates for each sample: some differ in personal data alone
_READ = 20_000  # characters of a text that are compared
_WINDOW, _CONTEXT = 1_200, 160  # characters that are shown, and of them before the first change
_TOKEN = re.compile(r"[\u3400-\u9fff]|\w+|\s|[^\w\s]")

Row = dict[str, Any]


def write_samples(extracted: Path, kept: Path, folder: Path) -> None:
    """Write `samples.json`: how many texts that are kept changed since they were extracted, and some of those.

    The folders are those of stages with the same parts. Which texts are shown depends on their ids alone; each source
    in which any changed has its turn.
    """
    counts: dict[str, Counter[str]] = {}
    heaps: dict[str, list[tuple[float, str, Row]]] = {}  # of each source the rows whose hashes are the least
    for row in _pairs(extracted, kept):
        changed = row["before"] != row["after"]
        counts.setdefault(row["source"], Counter()).update({"documents": 1, "changed": int(changed)})
        if changed:
            row |= {name: row[name][:_READ] for name in ("before", "after")}
            heap, item = heaps.setdefault(row["source"], []), (-share(row["id"], 0, "sample"), row["id"], row)
            (heapq.heappush if len(heap) < _TOGETHER * _LOOKED_AT else heapq.heappushpop)(heap, item)
    each = -(-_TOGETHER // max(1, len(heaps)))
    samples = [sample for heap in heaps.values() for sample in _shown(heap, each)]
    told = {"sources": {source: dict(count) for source, count in counts.items()}, "samples": samples[:_TOGETHER]}
    write_json(folder / SAMPLES_FILE, told)


def _pairs(extracted: Path, kept: Path) -> Iterator[Row]:
    """Every text that is kept, with what it was. Both are in the same order."""
    for number in part_numbers(kept):
        was = _rows(extracted, number, ["id", "text"])
        for row in _rows(kept, number, ["id", "source", "origin", "text"]):
            row["after"] = row.pop("text")
            yield {**row, "before": next(other["text"] for other in was if other["id"] == row["id"])}


def _rows(folder: Path, number: int, columns: list[str]) -> Iterator[Row]:
    for table in read_piece_by_piece(folder, columns, [number]):
        yield from table.to_pylist()


def _shown(heap: list[tuple[float, str, Row]], count: int) -> list[Row]:
    """So many of the rows as samples; those that differ in personal data alone show nothing."""
    samples = list[Row]()
    for *_, row in sorted(heap, reverse=True):
        if len(samples) == count:
            break
        if sample := compare(row["before"], row["after"]):
            samples.append({name: row[name] for name in ("id", "source", "origin")} | sample)
    return samples


def compare(before: str, after: str) -> Row | None:
    """Both texts from shortly before their first difference, as parts that are the same or not; None without any.

    `parts` are {"same"} or {"before", "after"}; `begins` and `ends` say whether the texts begin and end with them.
    Personal data is replaced in both.
    """
    before, after = replace_private(before)[0], replace_private(after)[0]
    if before == after:
        return None
    same = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), None)
    start = max(0, (min(len(before), len(after)) if same is None else same) - _CONTEXT)
    ones, others = (_TOKEN.findall(text[start : start + _WINDOW]) for text in (before, after))
    opcodes = SequenceMatcher(None, ones, others, autojunk=False).get_opcodes()
    ends = max(len(before), len(after)) <= start + _WINDOW
    if not ends and opcodes[-1][0] != "equal" and any(tag != "equal" for tag, *_ in opcodes[:-1]):
        opcodes.pop()  # where the window ends, one side shows what the other would show next
    parts: list[dict[str, str]] = []
    for tag, a, b, c, d in opcodes:
        one, other = "".join(ones[a:b]), "".join(others[c:d])
        parts.append({"same": one} if tag == "equal" else {"before": one, "after": other})
    return {"parts": parts, "begins": start == 0, "ends": ends}

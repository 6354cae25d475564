"""The same documents in three states, without whatever resembles what is held out.

raw            as they were found: of a page all that it shows, of other formats the text as it was read
cleaned        what stays of them after extract, clean and judge
deduplicated   what stays of that after deduplicate

Every document counts once, whatever weight its source has in the recipe.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from chatwright.core.errors import DataError
from chatwright.core.files import replacing
from chatwright.core.progress import Progress
from chatwright.core.seeds import share
from chatwright.corpus.collection.parts import read_drops, read_parts
from chatwright.corpus.collection.settings import ContaminationSettings
from chatwright.corpus.contamination import Asked
from chatwright.corpus.settings import TextSettings
from chatwright.corpus.texts import passages
from chatwright.corpus.webpage import visible_text

STATES = ("raw", "cleaned", "deduplicated")
HELD_OUT = "held-out"
PASSAGES = pa.schema([pa.field(name, pa.large_string(), nullable=False) for name in ("id", "text", "language")])

_LONGEST_HELD_OUT = 20_000  # characters: a book would be most of what is asked
_MOST_HELD_OUT = 400_000  # characters of a language
_MOST_CHARACTERS = 100_000_000  # of larger corpora so much is read, chosen by hash
_SPLIT, _SAMPLE, _SHARE = "held out for cleaning", "sample for cleaning", "share for cleaning"

Stages = Mapping[str, Path]  # the folders of collect, judge and deduplicate


@dataclass(frozen=True)
class Choice:
    """Which documents are asked, and which are not read in any state because they resemble one of those."""

    held_out: dict[str, str]  # id to language
    excluded: frozenset[str]
    stands_for: dict[str, str]  # a copy that went to the document that stayed for it
    sample: float  # share of the documents that are read

    def reads(self, name: str) -> bool:
        """Is this document training text? Copies go with the one that they are copies of."""
        return name not in self.excluded and share(self.stands_for.get(name, name), 0, _SAMPLE) < self.sample


def write_states(
    stages: Stages, folder: Path, text: TextSettings, limits: ContaminationSettings, progress: Progress
) -> dict[str, Any]:
    """Write a table of passages for each state and one of what is held out; returns figures."""
    progress.update(0.0, "choosing what is held out")
    choice = choose(stages, text, limits, progress)
    figures: dict[str, Any] = {
        "held_out_documents": len(choice.held_out),
        "like_held_out": len(choice.excluded - set(choice.held_out)),
        "sampled": choice.sample,
    }
    for place, state in enumerate(STATES):
        progress.update(0.4 + 0.2 * place, state)
        documents = (document for document in read_state(stages, state) if choice.reads(document["id"]))
        figures |= {f"{state}_{name}": value for name, value in _write(folder, state, documents, text).items()}
        if not figures[f"{state}_characters"]:
            raise DataError(f"there is no {state} text to train on", where="collection", remedy="give more text")
    asked = (document for document in read_state(stages, STATES[-1]) if document["id"] in choice.held_out)
    return {**figures, **{f"held_out_{name}": value for name, value in _write(folder, HELD_OUT, asked, text).items()}}


def read_state(stages: Stages, state: str) -> Iterator[dict[str, str]]:
    """The documents of a state: id, text, language ("" where nobody looked yet)."""
    if state == "raw":
        for table in read_parts(stages["collect"], ["id", "format", "content", "charset"]):
            for row in table.to_pylist():
                yield {"id": row["id"], "text": _as_found(row), "language": ""}
        return
    for table in read_parts(stages["judge" if state == "cleaned" else "deduplicate"], ["id", "text", "language"]):
        yield from table.to_pylist()


def read_passages(folder: Path, name: str) -> list[dict[str, str]]:
    """What `write_states` wrote of a state, or of what is held out."""
    found: list[dict[str, str]] = pq.read_table(folder / f"{name}.parquet").to_pylist()
    return found


def cut(text: str, characters: int) -> Iterator[str]:
    """A text in passages, none of them longer than twice so many characters.

    Where no blank line comes in time it is cut at a line's end, and where none comes either, anywhere: raw pages have
    no paragraphs, and what is not cut cannot be shared out.
    """
    for passage in passages(text, characters):
        whole = len(passage) <= 2 * characters
        lines = (
            [passage]
            if whole
            else (
                line[start : start + characters]
                for line in passage.splitlines(keepends=True)
                for start in range(0, len(line), characters)
            )
        )
        piece = ""
        for line in lines:
            if len(piece) + len(line) > characters:
                if piece.strip():
                    yield piece
                piece = ""
            piece += line
        if piece.strip():
            yield piece


def in_share(name: str, part: float, seed: int) -> bool:
    """Is a passage in this share of the text? Smaller shares of one seed are parts of larger ones.

    Passages are chosen, not documents: one book can be more than an eighth of everything.
    """
    return share(name, seed, _SHARE) < part


def choose(stages: Stages, text: TextSettings, limits: ContaminationSettings, progress: Progress) -> Choice:
    """Hold out documents of each language by hash; exclude their copies, and what shares a run of words with them.

    Only documents that stay in every state are held out. A run is as long as the recipe's decontamination has it;
    texts are looked at as they were found, where more is left of them than in any later state.
    """
    stays = {document["id"]: document for document in read_state(stages, STATES[-1])}
    held_out = _held_out(stays, text.held_out)
    stands_for = _stands_for(stages["deduplicate"])
    asked = Asked.of((stays[name]["text"] for name in held_out), limits.words, limits.least)
    excluded = set(held_out) | {name for name, kept in stands_for.items() if kept in held_out}
    for number, document in enumerate(read_state(stages, "raw")):
        if number % 1_000 == 0:
            progress.update(0.1 + 0.3 * (1 - 0.5 ** (number / 30_000)), "looking for what resembles it")
        if document["id"] not in excluded and asked.share(document["text"]) > limits.share:
            excluded.add(document["id"])
    characters = sum(len(document["text"]) for document in stays.values())
    return Choice(held_out, frozenset(excluded), stands_for, min(1.0, _MOST_CHARACTERS / max(1, characters)))


def _held_out(stays: Mapping[str, Mapping[str, str]], part: float) -> dict[str, str]:
    """Documents of each language in the order of their hashes, until they are this part of its characters."""
    characters, candidates = defaultdict[str, int](int), defaultdict[str, list[str]](list)
    for name, document in stays.items():
        characters[document["language"]] += len(document["text"])
        if len(document["text"]) <= _LONGEST_HELD_OUT:
            candidates[document["language"]].append(name)
    found = dict[str, str]()
    for language, names in sorted(candidates.items()):
        most, taken = min(part * characters[language], _MOST_HELD_OUT), 0
        for name in sorted(names, key=lambda name: share(name, 0, _SPLIT)):
            if taken >= most:
                break
            found[name], taken = language, taken + len(stays[name]["text"])
    if not found:
        raise DataError(
            f"no document is short enough to be held out (at most {_LONGEST_HELD_OUT:,} characters)",
            where="collection",
            remedy="give more documents",
        )
    return found


def _stands_for(deduplicated: Path) -> dict[str, str]:
    """Each copy that went, with the document that stayed in the end."""
    kept = {row["id"]: row["kept"] for table in read_drops([deduplicated]) for row in table.to_pylist()}

    def last(name: str) -> str:
        while name in kept:  # the one that stayed for it may have gone for another
            name = kept[name]
        return name

    return {name: last(name) for name in kept}


def _as_found(row: Mapping[str, Any]) -> str:
    content: bytes = row["content"]
    if row["format"] != "html":
        return content.decode("utf-8", "replace")
    import trafilatura.utils

    try:
        page = content.decode(row["charset"] or "utf-8")
    except (LookupError, UnicodeError):
        page = trafilatura.utils.decode_file(content)  # as the extraction has it
    return visible_text(page)


def _write(folder: Path, name: str, documents: Iterator[dict[str, str]], text: TextSettings) -> dict[str, int]:
    """Write documents as passages; says how many and how much text."""
    count, characters = 0, 0
    path = folder / f"{name}.parquet"
    with replacing(path) as aside, pq.ParquetWriter(aside, PASSAGES, compression="zstd") as writer:
        rows = list[dict[str, str]]()
        for document in documents:
            pieces = list(cut(document["text"], text.passage_characters))
            count, characters = count + bool(pieces), characters + sum(map(len, pieces))
            rows += [
                {"id": f"{document['id']}-{number}", "text": piece, "language": document["language"]}
                for number, piece in enumerate(pieces)
            ]
            if len(rows) >= 10_000:
                writer.write_table(pa.Table.from_pylist(rows, schema=PASSAGES))
                rows = []
        writer.write_table(pa.Table.from_pylist(rows, schema=PASSAGES))
    return {"documents": count, "characters": characters}


def languages_of(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Languages by how much text they have, most first."""
    characters = defaultdict[str, int](int)
    for row in rows:
        characters[row["language"]] += len(row["text"])
    return sorted(characters, key=lambda language: (-characters[language], language))

"""Copies and near copies: which text goes, which one stays for it, and how similar they are.

MinHash signatures say which texts may be alike (equal hashes in one of their bands); each pair is then compared
by its shingles, and a text goes only if it is that similar to one that stays. So nothing is dropped for resembling
what is dropped itself, as happens where pairs are joined into clusters.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from chatwright.corpus.contamination import runs_of
from chatwright.corpus.settings import DuplicateSettings

_SEED = 1
_BATCH = 256  # texts that are worked on together
_WORD = re.compile("[^ ]+")
Shingles = NDArray[np.uint64]  # sorted, each once
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Copy:
    """A text that goes: its id, the id of the one that stays for it, their Jaccard similarity."""

    id: str
    kept: str
    similarity: float


def spoken(text: Any) -> Any:
    """Text (an expression of the engine) as words in lower case, one space between; each Han character is a word."""
    from daft.functions import lower, regexp_replace, strip

    words = regexp_replace(lower(text), r"[\p{P}\p{S}\p{C}]+", " ")
    return strip(regexp_replace(regexp_replace(words, r"(\p{Han})", " $1 "), r"\s+", " "))


def same_texts(daft: Any, parts: Iterable[Any], scratch: Path | None = None) -> list[Copy]:
    """Texts that differ in nothing but white space and case from one with a lesser id, which stays; in order.

    `parts` are frames of the engine with the columns `id` and `text`, of which one at a time is in memory.
    """
    from daft.functions import hash as hashed
    from daft.functions import lower, regexp_replace, strip

    key = hashed(strip(regexp_replace(lower(daft.col("text")), r"\s+", " "))).alias("key")
    with _Columns(["key"], scratch) as columns:
        for part in parts:
            columns.add(part.select("id", key))
        ids, (groups,) = columns.groups()
    copies = ((text, group[0]) for group in groups for text in group[1:].tolist())
    return [Copy(ids[text].as_py(), ids[kept].as_py(), 1.0) for text, kept in sorted(copies)]


def find_copies(
    daft: Any, parts: Sequence[Any], settings: DuplicateSettings, scratch: Path | None = None
) -> list[Copy]:
    """The copies among the texts of `parts`, frames of the engine with the columns `id` and `text`; in order of ids.

    Of two that are alike the longer one stays, of equally long ones that with the lesser id. In memory are a part, and
    the ids and some numbers of all; the rest lies in files in `scratch` (none: the system's folder) that vanish by
    themselves.
    """
    ids, groups = _candidates(daft, parts, settings, scratch)
    with _ShinglesOnDisk(scratch) as shingles:
        sizes = _shingle(daft, parts, ids, groups, settings, shingles)
        chosen = choose((group.tolist() for group in groups), shingles, sizes, settings.similarity)
    return [Copy(ids[text].as_py(), ids[kept].as_py(), similarity) for text, kept, similarity in chosen]


def find_like(
    daft: Any, parts: Sequence[Any], others: Any, settings: DuplicateSettings, scratch: Path | None = None
) -> list[Copy]:
    """The texts of `parts` that are at least so similar to one of `others`, a frame like them with ids of its own.

    Each comes with the other that it is most like, of equally like ones the first. In order of ids; memory as in
    `find_copies`.
    """
    every = [*parts, others]
    ids, groups = _candidates(daft, every, settings, scratch)
    foreign = pc.is_in(ids, others.select("id").to_arrow()["id"].combine_chunks().cast(ids.type)).to_numpy(False)
    groups = [group for group in groups if 0 < foreign[group].sum() < len(group)]
    near = defaultdict[int, set[int]](set)  # a text to its groups
    for at, group in enumerate(groups):
        for text in group[~foreign[group]].tolist():
            near[text].add(at)
    most = dict[int, tuple[float, int]]()
    with _ShinglesOnDisk(scratch) as shingles:
        _shingle(daft, every, ids, groups, settings, shingles)
        for text, held in near.items():
            alike = np.unique(np.concatenate([groups[at][foreign[groups[at]]] for at in held]))
            own = shingles[text]
            most[text] = max((jaccard(own, shingles[other]), -other) for other in alike.tolist())
    return [
        Copy(ids[text].as_py(), ids[-other].as_py(), similarity)
        for text, (similarity, other) in sorted(most.items())
        if similarity >= settings.similarity
    ]


def _shingle(
    daft: Any,
    parts: Iterable[Any],
    ids: pa.Array,
    groups: Sequence[Numbers],
    settings: DuplicateSettings,
    shingles: _ShinglesOnDisk,
) -> dict[int, int]:
    """Fill the shingles of the texts in these groups; returns the texts' sizes in characters."""
    sizes = dict[int, int]()
    if not groups:
        return sizes
    asked = np.unique(np.concatenate(groups))
    named = ids.take(pa.array(asked))
    number_of = dict(zip(named.to_pylist(), asked.tolist(), strict=True))
    wanted, words = daft.from_arrow(pa.table({"id": named})), spoken(daft.col("text")).alias("words")
    for part in parts:
        for said in part.join(wanted, on="id", how="semi").select("id", words).to_arrow_iter():
            for name, text in zip(said["id"], said["words"], strict=True):
                number, spoken_text = number_of[name.as_py()], text.as_py()
                sizes[number] = len(spoken_text)
                shingles[number] = shingled((word.group() for word in _WORD.finditer(spoken_text)), settings.shingle)
    return sizes


def _candidates(
    daft: Any, parts: Iterable[Any], settings: DuplicateSettings, scratch: Path | None
) -> tuple[pa.Array, list[Numbers]]:
    """All ids in order, and groups of texts (their places among the ids) whose hashes agree in a band."""
    from daft.functions import hash as hashed
    from daft.functions import minhash

    col, bands, rows = daft.col, settings.bands, settings.rows
    signature = minhash(
        col("words"), num_hashes=bands * rows, ngram_size=settings.shingle, seed=_SEED, hash_function="xxhash64"
    )
    names = [f"band_{number}" for number in range(bands)]
    cut = [hashed(col("signature").slice(at * rows, (at + 1) * rows)).alias(name) for at, name in enumerate(names)]
    groups = dict[bytes, None]()  # the same one may be in several bands
    with _Columns(names, scratch) as columns:
        for part in parts:
            words = part.select("id", spoken(col("text")).alias("words")).where(col("words") != "")
            signed = words.into_batches(_BATCH).select("id", signature.alias("signature"))
            columns.add(signed.select("id", *cut))
        ids, by_band = columns.groups()
        for found in by_band:
            groups |= dict.fromkeys(group.tobytes() for group in found)
    return ids, [np.frombuffer(group, np.int64) for group in groups]


class _Columns:
    """Ids in memory, and columns of numbers about them in a file for each, that is gone when it is closed."""

    def __init__(self, names: Sequence[str], folder: Path | None = None) -> None:
        self._ids = [pa.array([], pa.large_string())]
        with ExitStack() as stack:
            self._files = {name: stack.enter_context(TemporaryFile(dir=folder)) for name in names}
            self._stack = stack.pop_all()

    def __enter__(self) -> _Columns:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, frame: Any) -> None:
        """Append a frame of the engine with the ids and the columns."""
        table = frame.to_arrow()
        self._ids.append(table["id"].combine_chunks().cast(pa.large_string()))
        for name, file in self._files.items():
            file.write(table[name].to_numpy().tobytes())

    def groups(self) -> tuple[pa.Array, Iterator[Iterator[Numbers]]]:
        """All ids in order; and of each column the groups of those (their places) for which it holds the same."""
        ids = pa.concat_arrays(self._ids)
        order = pc.sort_indices(ids).to_numpy()
        return ids.take(pa.array(order)), (_equal(_read(file)[order]) for file in self._files.values())


def _read(file: IO[bytes]) -> NDArray[np.uint64]:
    file.seek(0)
    return np.frombuffer(file.read(), np.uint64)


def _equal(values: NDArray[np.uint64]) -> Iterator[Numbers]:
    """The places of each value that is there more than once, in order."""
    order = np.argsort(values, kind="stable").astype(np.int64)
    ends = np.flatnonzero(np.diff(values[order])) + 1
    starts, ends = np.append(0, ends), np.append(ends, len(values))
    for place in np.flatnonzero(ends - starts > 1):
        yield order[starts[place] : ends[place]]


class _ShinglesOnDisk:
    """Shingles of texts by their numbers, in a file that is gone when it is closed."""

    def __init__(self, folder: Path | None) -> None:
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115 – closed below
        self._places: dict[int, tuple[int, int]] = {}

    def __enter__(self) -> _ShinglesOnDisk:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __setitem__(self, number: int, shingles: Shingles) -> None:
        self._places[number] = self._file.seek(0, 2), len(shingles)
        self._file.write(shingles.tobytes())

    def __getitem__(self, number: int) -> Shingles:
        place, count = self._places[number]
        self._file.seek(place)
        return np.frombuffer(self._file.read(8 * count), np.uint64)


def shingled(words: Iterable[str], size: int) -> Shingles:
    """Hashes of the runs of `size` words, each once and sorted; a shorter text is one run."""
    hashes = np.fromiter(map(hash, words), np.int64).astype(np.uint64)
    return np.unique(runs_of(hashes, max(1, min(size, len(hashes)))))


def jaccard(one: Shingles, other: Shingles) -> float:
    """Shared shingles, as a share of all that either has."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / max(1, len(one) + len(other) - shared)


class _Shingled(Protocol):
    def __getitem__(self, number: int, /) -> Shingles: ...


def choose(
    groups: Iterable[Sequence[int]], shingles: _Shingled, sizes: Mapping[int, int], similarity: float
) -> list[tuple[int, int, float]]:
    """Which texts of these groups go, in order: each with the one that stays for it and how similar they are.

    Texts are numbers. They are looked at from the longest to the shortest, of equally long ones the lesser first;
    whoever meets no one so similar among those that stay, stays.
    """
    groups_of = defaultdict[int, list[int]](list)
    for number, group in enumerate(groups):
        for text in group:
            groups_of[text].append(number)
    staying = defaultdict[int, list[int]](list)
    copies = list[tuple[int, int, float]]()
    for text in sorted(groups_of, key=lambda text: (-sizes[text], text)):
        alike = {kept for number in groups_of[text] for kept in staying[number]}
        most, kept = 0.0, -1
        if alike:
            own = shingles[text]
            most, kept = max((jaccard(own, shingles[kept]), kept) for kept in alike)
        if alike and most >= similarity:
            copies.append((text, kept, most))
        else:
            for number in groups_of[text]:
                staying[number].append(text)
    return sorted(copies)

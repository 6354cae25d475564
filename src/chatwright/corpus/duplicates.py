"""Copies and near copies: which text goes, which one stays for it, and how similar they are.

MinHash signatures say which texts may be alike (equal hashes in one of their bands); each pair is then compared
by its shingles, and a text goes only if it is that similar to one that stays. So nothing is dropped for resembling
what is dropped itself, as happens where pairs are joined into clusters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatwright.corpus.settings import DuplicateSettings

_SEED = 1
Shingles = NDArray[np.uint64]  # sorted, each once


@dataclass(frozen=True)
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


def same_texts(daft: Any, texts: Any) -> list[Copy]:
    """Texts that differ in nothing but white space and case from one with a lesser id, which stays."""
    from daft.functions import hash as hashed
    from daft.functions import lower, regexp_replace, strip

    col = daft.col
    key = hashed(strip(regexp_replace(lower(col("text")), r"\s+", " ")))
    keyed = texts.select("id", key.alias("key"))
    first = keyed.groupby("key").agg(col("id").min().alias("kept"), col("id").count().alias("count"))
    again = keyed.join(first.where(col("count") > 1), on="key").where(col("id") != col("kept")).to_pydict()
    return sorted((Copy(*pair, 1.0) for pair in zip(again["id"], again["kept"], strict=True)), key=lambda copy: copy.id)


def find_copies(daft: Any, texts: Any, settings: DuplicateSettings) -> list[Copy]:
    """The copies among `texts`, a frame of the engine with the columns `id` and `text`; in order of their ids.

    Of two that are alike the longer one stays, of equally long ones that with the lesser id.
    """
    words = texts.select("id", spoken(daft.col("text")).alias("words")).where(daft.col("words") != "")
    candidates = _candidates(daft, words, settings)
    ids = sorted({text for group in candidates for text in group})
    if not ids:
        return []
    asked = words.join(daft.from_pydict({"id": ids}), on="id", how="semi").to_pydict()
    said = dict(zip(asked["id"], asked["words"], strict=True))
    shingles = {text: shingled(words.split(" "), settings.shingle) for text, words in said.items()}
    return choose(candidates, shingles, {text: len(words) for text, words in said.items()}, settings.similarity)


def _candidates(daft: Any, words: Any, settings: DuplicateSettings) -> list[tuple[str, ...]]:
    """Groups of texts whose hashes agree in a band."""
    from daft.functions import hash as hashed
    from daft.functions import minhash

    col, bands, rows = daft.col, settings.bands, settings.rows
    signature = minhash(
        col("words"), num_hashes=bands * rows, ngram_size=settings.shingle, seed=_SEED, hash_function="xxhash64"
    )
    signed = words.into_batches(256).select("id", signature.alias("signature"))
    names = [f"band_{number}" for number in range(bands)]
    cut = {name: hashed(col("signature").slice(at * rows, (at + 1) * rows)) for at, name in enumerate(names)}
    banded = signed.with_columns(cut).select("id", *names)
    banded = banded.unpivot(["id"], names, variable_name="band", value_name="value")
    found = banded.groupby("band", "value").agg(col("id").list_agg().alias("ids"), col("id").count().alias("count"))
    groups = found.where(col("count") > 1).select("ids").to_pydict()["ids"]
    return sorted({tuple(sorted(group)) for group in groups})


def shingled(words: Sequence[str], size: int) -> Shingles:
    """Hashes of the runs of `size` words, each once and sorted; a shorter text is one run."""
    runs = zip(*(words[start:] for start in range(size)), strict=False) if len(words) >= size else [tuple(words)]
    return np.unique(np.fromiter(map(hash, runs), np.int64).astype(np.uint64))


def jaccard(one: Shingles, other: Shingles) -> float:
    """Shared shingles, as a share of all that either has."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / max(1, len(one) + len(other) - shared)


def choose(
    groups: Iterable[Sequence[str]], shingles: Mapping[str, Shingles], sizes: Mapping[str, int], similarity: float
) -> list[Copy]:
    """Which texts of these groups go: those at least so similar to one that stays.

    Texts are looked at from the longest to the shortest; whoever meets no one alike among those that stay, stays.
    """
    groups_of = defaultdict[str, list[int]](list)
    for number, group in enumerate(groups):
        for text in group:
            groups_of[text].append(number)
    staying = defaultdict[int, list[str]](list)
    copies = list[Copy]()
    for text in sorted(groups_of, key=lambda text: (-sizes[text], text)):
        alike = dict.fromkeys(kept for number in groups_of[text] for kept in staying[number])
        most, kept = max(((jaccard(shingles[text], shingles[kept]), kept) for kept in alike), default=(0.0, ""))
        if kept and most >= similarity:
            copies.append(Copy(text, kept, most))
        else:
            for number in groups_of[text]:
                staying[number].append(text)
    return sorted(copies, key=lambda copy: copy.id)

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chatwright.corpus.duplicates import choose, find_copies, find_like, jaccard, same_texts, shingled
from chatwright.corpus.engine import start
from chatwright.corpus.settings import DuplicateSettings, EngineSettings

SETTINGS = DuplicateSettings()


@pytest.fixture(scope="module")
def daft() -> Any:
    return start(EngineSettings(threads=1))


def text(random_: random.Random, words: int) -> list[str]:
    return [f"w{random_.randrange(5000)}" for _ in range(words)]


def nearly(words: list[str], changed: int, random_: random.Random) -> list[str]:
    """As many words replaced at places far apart."""
    new = list(words)
    for place in random_.sample(range(0, len(words), 6), changed):
        new[place] = f"x{random_.randrange(5000)}"
    return new


def found(daft: Any, texts: dict[str, str], settings: DuplicateSettings = SETTINGS) -> dict[str, str]:
    frame = daft.from_pydict({"id": list(texts), "text": list(texts.values())})
    return {copy.id: copy.kept for copy in find_copies(daft, [frame], settings)}


def test_case_and_punctuation_make_no_other_text(daft: Any) -> None:
    texts = {
        "a": "The mill stood by the river, and nobody lived there.",
        "b": "the mill stood; by the RIVER and nobody lived there",
        "c": "Something else is written here, of about the same length.",
        "zh-1": "今天早上我在公园里散步，看见几个老人正在下棋。",
        "zh-2": "今天早上我在公园里散步!看见几个老人正在下棋",
        "zh-3": "明天晚上他们在学校里开会，讨论下个月的计划。",
        "empty": "",
        "marks": "!!!",
    }
    assert found(daft, texts) == {"b": "a", "zh-2": "zh-1"}


def test_planted_near_copies_are_found_and_nothing_else(daft: Any) -> None:
    random_, texts, planted = random.Random(0), dict[str, str](), dict[str, float]()
    for number in range(150):
        words = text(random_, 300)
        texts[f"{number:03}"] = " ".join(words)
        other = nearly(words, 3 if number % 2 else 6, random_)
        texts[f"{number:03}n"] = " ".join(other)
        planted[f"{number:03}"] = jaccard(shingled(words, 5), shingled(other, 5))
    copies = found(daft, texts)
    pairs = {tuple(sorted(pair)) for pair in copies.items()}
    assert all(first + "n" == second for first, second in pairs)
    for least, share in ((0.9, 0.99), (0.8, 0.9)):
        wanted = [name for name, similarity in planted.items() if similarity >= least]
        assert len(wanted) > 20
        assert sum((name, name + "n") in pairs for name in wanted) / len(wanted) >= share


def test_texts_like_others_are_found_with_the_one_they_are_most_like(daft: Any) -> None:
    random_ = random.Random(3)
    first, second = text(random_, 200), text(random_, 200)
    texts = {"a": nearly(first, 3, random_), "b": nearly(second, 1, random_), "c": text(random_, 200), "d": second}
    others = {"x": first, "y": nearly(second, 4, random_), "z": second}
    frames = [
        daft.from_pydict({"id": list(each), "text": [" ".join(words) for words in each.values()]})
        for each in (texts, others)
    ]
    found = find_like(
        daft, [frames[0].where(daft.col("id") < "c"), frames[0].where(daft.col("id") >= "c")], frames[1], SETTINGS
    )
    assert [(copy.id, copy.kept) for copy in found] == [("a", "x"), ("b", "z"), ("d", "z")]
    for copy in found:
        assert copy.similarity == jaccard(shingled(texts[copy.id], 5), shingled(others[copy.kept], 5)) >= 0.7
    assert find_like(daft, [frames[0].where(daft.col("id") == "c")], frames[1], SETTINGS) == []


def test_what_is_found_does_not_depend_on_the_order(daft: Any) -> None:
    random_ = random.Random(1)
    first = text(random_, 200)
    texts = {f"{number}": " ".join(nearly(first, number, random_)) for number in range(8)}
    turned = dict(reversed(texts.items()))
    assert found(daft, texts) == found(daft, turned) != {}


def test_what_is_found_does_not_depend_on_the_parts(daft: Any, tmp_path: Path) -> None:
    """Read part by part texts are compared as they are all at once: each pair of one band by its words themselves."""
    random_, texts = random.Random(2), dict[str, str]()
    for number in range(40):
        words = text(random_, random_.choice([3, 40, 200]))
        for copy in range(random_.choice([1, 2, 4])):
            changed = min(len(words) // 10, copy * 2)
            texts[f"{random_.randrange(10**9):09}-{number}"] = " ".join(nearly(words, changed, random_))
    names = list(texts)
    whole = daft.from_pydict({"id": names, "text": list(texts.values())})
    cut = [names[:7], names[7:8], [], names[8:]]
    kind = {"id": daft.DataType.string(), "text": daft.DataType.string()}
    parts = [
        daft.from_pydict({"id": some, "text": [texts[name] for name in some]}).select(
            *(daft.col(name).cast(kind[name]) for name in kind)
        )
        for some in cut
    ]
    copies = find_copies(daft, parts, SETTINGS, tmp_path)
    assert copies == find_copies(daft, [whole], SETTINGS) and len(copies) > 20 and not list(tmp_path.iterdir())
    for copy in copies:
        one, other = (
            set(zip(*(texts[name].split()[at:] for at in range(5)), strict=False)) for name in (copy.id, copy.kept)
        )
        if one and other:
            assert copy.similarity == len(one & other) / len(one | other)
    same = same_texts(daft, parts)
    first = {" ".join(texts[name].split()): name for name in sorted(texts, reverse=True)}
    expected = [(name, first[texts[name]]) for name in sorted(texts) if first[texts[name]] != name]
    assert [(copy.id, copy.kept) for copy in same] == expected != []


def test_nobody_goes_for_resembling_one_that_goes() -> None:
    """a is like b and b like c, but c is not like a: joined as a chain, c would go for nothing."""
    a, b, c = (np.arange(start, start + 100, dtype=np.uint64) for start in (0, 15, 30))
    assert jaccard(a, b) > 0.7 > jaccard(a, c)
    copies = choose([[0, 1], [1, 2]], {0: a, 1: b, 2: c}, {0: 3, 1: 2, 2: 1}, 0.7)
    assert [(text, kept) for text, kept, _ in copies] == [(1, 0)]


def test_texts_of_one_band_that_are_not_alike_stay() -> None:
    one, other = np.arange(10, dtype=np.uint64), np.arange(5, 15, dtype=np.uint64)
    assert choose([[0, 1]], {0: one, 1: other}, {0: 1, 1: 1}, 0.7) == []


def test_similarity_is_of_shingles() -> None:
    assert jaccard(shingled(["a", "b", "c", "d"], 2), shingled(["a", "b", "c", "e"], 2)) == 2 / 4
    assert len(shingled(["a"], 5)) == 1 and jaccard(shingled(["a"], 5), shingled(["b"], 5)) == 0

"""Texts that hold what is asked go: by its runs of words, or as nearly the same; and the items they met are told."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from chatwright.core.progress import Silent
from chatwright.corpus.collection.collect import Item
from chatwright.corpus.collection.decontaminate import decontaminate
from chatwright.corpus.collection.parts import ABOUT, DROPS, read_drops, read_parts, write_part
from chatwright.corpus.collection.settings import CollectionSettings
from chatwright.corpus.tables import read_rows

ASKED = "谁在一九三六年写了这本关于大海的小说呢"
TEXTS = {
    "clean": "昨天下午他们在图书馆里讨论了下个月的工作计划",
    "holds": f"有人问我{ASKED}我说不知道",
    "near": ASKED[:-1] + "吗",  # no run of thirteen is missing from a longer item, so the item's whole is the run
    "short": "好书",
}
ITEMS = [Item("one", "set", "set.jsonl#1", (ASKED,)), Item("two", "set", "set.jsonl#2", ("好书",))]


@pytest.mark.parametrize("words", [13, 30])
def test_what_is_asked_goes_and_items_are_told(tmp_path: Path, words: int) -> None:
    before, folder = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    folder.mkdir()
    rows = [
        dict.fromkeys(("source", "origin", *ABOUT), "x") | {"id": name, "text": text} for name, text in TEXTS.items()
    ]
    write_part(before, 0, pa.Table.from_pylist(rows), DROPS.empty_table())
    settings = CollectionSettings.model_validate({"contamination": {"words": words}, "engine": {"threads": 1}})
    decontaminate(before, folder, lambda: ITEMS, settings, Silent())
    assert [name for table in read_parts(folder) for name in table["id"].to_pylist()] == ["clean", "short"]
    drops = {drop["id"]: drop for table in read_drops([folder]) for drop in table.to_pylist()}
    assert drops["holds"]["rule"] == "holds what is asked"
    # thirteen words of the item stand in both; asked as a whole it stands in one, and the other is nearly the item
    assert drops["near"]["rule"] == ("holds what is asked" if words == 13 else "nearly what is asked")
    if words == 30:
        assert drops["near"]["value"] >= drops["near"]["limit"] == 0.7 and drops["near"]["why"] == "the item one"
    (met,) = read_rows(folder / "met.parquet")
    assert met["id"] == "one" and met["dropped"] == 2 and met["kept"] == 0
    told = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    assert told == {"set": {"items": 2, "met": 1, "documents": 2}}

"""What stages tell of themselves: counts that add up, examples that stay the same, and no personal data."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from chatwright.corpus.collection.card import SPLITS, Tally, data_card
from chatwright.corpus.collection.clusters import write_clusters
from chatwright.corpus.collection.collect import Item
from chatwright.corpus.collection.met import write_met
from chatwright.corpus.collection.parts import NEARLY, SAME, drop_table, write_part
from chatwright.corpus.collection.samples import compare, write_samples
from chatwright.corpus.collection.settings import CollectionSettings
from chatwright.corpus.collection.summary import LENGTHS, histogram, read_summary, write_summary
from chatwright.corpus.contamination import Asked
from chatwright.corpus.judging.rules import MEASURED
from chatwright.corpus.tables import read_rows

ADDRESS = "anna.smith@company.com"


def documents(texts: dict[str, str], **columns: list[Any]) -> pa.Table:
    """Texts by their ids as a stage has them."""
    about = {"source": ["s"] * len(texts), "origin": [f"{name}.txt" for name in texts], "language": ["en"] * len(texts)}
    every = {"id": list(texts), "text": list(texts.values()), **about, **columns}
    return pa.table({name: pa.array(column, pa.large_string()) for name, column in every.items()})


def judged(texts: dict[str, str], words: list[float], private: list[list[str]]) -> pa.Table:
    struct = pa.struct([pa.field(name, pa.float32()) for name in MEASURED])
    measures = pa.array([dict.fromkeys(MEASURED, 0.5) | {"words": count} for count in words], struct)
    return documents(texts).append_column("private", pa.array(private, pa.list_(pa.string()))).append_column(
        "measures", measures
    )  # fmt: skip


def dropped(texts: dict[str, str], rule: str, value: float | None, limit: float | None, kept: Any = None) -> pa.Table:
    count = len(texts)
    made = {"rule": [rule] * count, "why": [""] * count}
    numbers = {"value": [value] * count, "limit": [limit] * count}
    table = documents(texts, **made)
    for name, column in numbers.items():
        table = table.append_column(name, pa.array(column, pa.float64()))
    return drop_table(table, "judge", kept)


NONE = dropped({}, "", None, None)


def test_a_summary_counts_every_document_once(tmp_path: Path) -> None:
    texts = {f"k{number}": "word " * number for number in range(1, 60)}
    kept = judged(texts, [float(number) for number in range(1, 60)], [[] for _ in texts])
    gone = {f"d{number}": "gone" for number in range(9)}
    write_part(tmp_path, 0, kept.slice(0, 30), dropped(gone, "words", 3.0, 50.0))
    write_part(tmp_path, 1, kept.slice(30), dropped({"x": "fini"}, "language", None, None))
    figures = write_summary(tmp_path)
    told = read_summary(tmp_path)
    assert figures == {
        "documents": 59,
        "characters": sum(map(len, texts.values())),
        "dropped": {"words": 9, "language": 1},
    }
    assert told["sources"] == {"s": {"documents": 59, "characters": figures["characters"]}}
    assert sum(told["lengths"]["counts"]) == 59 and told["languages"] == {"en": 59}
    words, language = told["rules"]
    assert (words["count"], words["limits"], words["languages"]) == (9, [50.0], {"en": 9})
    assert sum(words["values"]["kept"]) == 59 and sum(words["values"]["dropped"]) == 9
    assert len(words["values"]["edges"]) == len(words["values"]["kept"]) + 1
    assert language["values"] is None
    assert len(words["examples"]) == 5 and {each["id"] for each in words["examples"]} <= set(gone)


def test_parts_do_not_change_which_examples_are_told(tmp_path: Path) -> None:
    gone = {f"d{number}": "gone" for number in range(40)}
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir(), cut.mkdir()
    table = dropped(gone, "words", 3.0, 50.0)
    write_part(whole, 0, judged({}, [], []), table)
    for number, place in enumerate(range(0, 40, 7)):
        write_part(cut, number, judged({}, [], []), table.slice(place, 7))
    write_summary(whole), write_summary(cut)
    assert (whole / "summary.json").read_bytes() == (cut / "summary.json").read_bytes()


def test_lengths_are_in_the_class_whose_edges_hold_them() -> None:
    drawn = np.random.default_rng(0).integers(0, 3_000_000, 500)
    counts = histogram(drawn)
    edges = [0, *LENGTHS, 10**12]
    assert counts.tolist() == [int(((drawn >= low) & (drawn < high)).sum()) for low, high in pairwise(edges)]


def test_a_stage_that_knows_no_placeholders_says_so(tmp_path: Path) -> None:
    write_part(tmp_path, 0, documents({"a": "text"}), NONE)
    write_summary(tmp_path)
    assert read_summary(tmp_path)["private"] is None
    write_part(tmp_path, 0, judged({"a": "text"}, [1.0], [[]]), NONE)
    write_summary(tmp_path)
    assert read_summary(tmp_path)["private"] == {}


def test_placeholders_are_counted_by_kind_and_shown_in_their_context(tmp_path: Path) -> None:
    texts = {"a": "Write to <EMAIL> or <EMAIL>, or call <PHONE>.", "b": "Nothing.", "c": "Or <EMAIL>."}
    write_part(tmp_path, 0, judged(texts, [5.0] * 3, [["EMAIL", "EMAIL", "PHONE"], [], ["EMAIL"]]), NONE)
    write_summary(tmp_path)
    private = read_summary(tmp_path)["private"]
    assert {kind: (told["count"], told["documents"]) for kind, told in private.items()} == {
        "EMAIL": (3, 2),
        "PHONE": (1, 1),
    }
    assert all(f"<{kind}>" in each["excerpt"] for kind, told in private.items() for each in told["examples"])


@pytest.mark.parametrize("before", [0, 250, 280, 299, 320])
def test_no_excerpt_holds_a_part_of_an_address(before: int, tmp_path: Path) -> None:
    text = ("word " * 100)[:before] + " " + ADDRESS + " and more."
    (row,) = dropped({"a": text}, "words", 1.0, 2.0).to_pylist()
    assert "anna" not in row["excerpt"] and "company" not in row["excerpt"] and len(row["excerpt"]) <= 300


def test_a_group_is_what_stays_and_all_that_went_for_it(tmp_path: Path) -> None:
    stays = documents({"a": "the long text", "z": "alone"})
    copies = {"b": "b text", "c": "c text", "d": "d text"}
    near = dropped(copies, NEARLY, 0.8, 0.7, kept=["a", "a", "a"])
    again = dropped({"e": "b text"}, SAME, 1.0, 0.7, kept=["b"])  # for a text that went itself
    write_part(tmp_path, 0, stays, pa.concat_tables([near, again]))
    write_clusters(tmp_path)
    told = json.loads((tmp_path / "clusters.json").read_text())
    (group,) = told["largest"]
    assert (told["groups"], told["gone"], told["sizes"]) == (1, 4, {"5": 1})
    assert (group["id"], group["gone"], group["same"], group["least"]) == ("a", 4, 1, 0.8)
    assert group["excerpt"] == "the long text" and {each["id"] for each in group["examples"]} == {"b", "c", "d", "e"}


def test_no_copies_are_no_groups(tmp_path: Path) -> None:
    write_part(tmp_path, 0, documents({"a": "text"}), NONE)
    write_clusters(tmp_path)
    assert json.loads((tmp_path / "clusters.json").read_text()) == {"groups": 0, "gone": 0, "sizes": {}, "largest": []}


def test_parts_of_a_sample_are_both_texts() -> None:
    drawn = random.Random(0)
    for _ in range(30):
        before = "".join(drawn.choice("ab é\u200b\n。中") for _ in range(drawn.randrange(1, 80)))
        after = "".join(sign for sign in before if sign != "\u200b" and drawn.random() > 0.1)
        sample = compare(before, after)
        assert (sample is None) is (before == after)
        if sample:
            assert "".join(part.get("same", "") + part.get("before", "") for part in sample["parts"]) == before
            assert "".join(part.get("same", "") + part.get("after", "") for part in sample["parts"]) == after
            assert sample["begins"] and sample["ends"]


def test_a_long_text_is_shown_where_it_changed_and_ends_alike() -> None:
    before = "same words again and again. " * 400 + "bro\u00adken here. " + "and the rest of all this. " * 400
    sample = compare(before, before.replace("\u00ad", ""))
    assert sample and not sample["begins"] and not sample["ends"]
    changed = [part for part in sample["parts"] if "same" not in part]
    assert len(changed) == 1 and "\u00ad" in changed[0]["before"]
    assert sum(len(part.get("same", part.get("before", ""))) for part in sample["parts"]) <= 1_200


def test_samples_show_no_personal_data_and_every_source(tmp_path: Path) -> None:
    extracted, kept, folder = (tmp_path / name for name in ("extract", "kept", "corpus"))
    for each in (extracted, kept, folder):
        each.mkdir()
    before = {f"t{number}": f"Te\u200bxt {number} by {ADDRESS}." for number in range(30)}
    before |= {"p": f"Only {ADDRESS}.", "q": "As it was."}
    after = {name: text.replace("\u200b", "").replace(ADDRESS, "<EMAIL>") for name, text in before.items()}
    sources = pa.array(["many"] * 29 + ["one", "private", "plain"], pa.large_string())
    for path, texts in ((extracted, before), (kept, after)):
        table = documents(texts).drop_columns("source").append_column("source", sources)
        write_part(path, 0, table, NONE)
    write_samples(extracted, kept, folder)
    text = (folder / "samples.json").read_text()
    told = json.loads(text)
    assert "anna" not in text and "company" not in text
    assert told["sources"]["many"] == {"documents": 29, "changed": 29}
    assert told["sources"]["private"] == {"documents": 1, "changed": 1}
    assert told["sources"]["plain"] == {"documents": 1, "changed": 0}
    assert {sample["source"] for sample in told["samples"]} == {"many", "one"}
    write_samples(extracted, kept, folder)
    assert (folder / "samples.json").read_text() == text


def a_card(license_: str = "CC0-1.0", texts: int = 3) -> tuple[dict[str, Any], CollectionSettings]:
    settings = CollectionSettings.model_validate({"sources": [{"name": "s|<b>", "path": "texts", "weight": 2}]})
    tally = Tally(settings.sources)
    for number in range(texts):
        document = {"text": "word " * 50, "source": "s|<b>", "license": license_, "language": "zh"}
        split = SPLITS[number == 0]
        tally.count(document, [{"text": document["text"], "split": split}] * (1 if number == 0 else 2))
    rule = {"rule": "words", "count": 7}
    summary = {"documents": 10, "bytes": 999, "rules": [rule], "private": {"EMAIL": {"count": 9}}}
    after = summary | {"rules": [], "private": {"EMAIL": {"count": 4}}}
    first, last = (summary | {"rules": [], "private": None} for _ in range(2))
    return tally.card({"collect": first, "judge": summary, "deduplicate": after, "decontaminate": last}), settings


def test_the_card_adds_up() -> None:
    card, _ = a_card()
    assert card["found"] == {"documents": 10, "bytes": 999}
    assert card["splits"] == {
        "train": {"documents": 2, "passages": 4, "characters": 1000},
        "validation": {"documents": 1, "passages": 1, "characters": 250},
    }
    assert card["sources"]["s|<b>"]["read"] == 1250 and card["characters_by_language"] == {"zh": 750}
    assert sum(card["documents_by_length"]["counts"]) == 3 and card["dropped"]["judge"] == {"words": 7}


def test_the_data_card_has_the_head_that_the_hub_reads() -> None:
    card, settings = a_card()
    _, front, body = data_card(card, settings, None).split("---\n", 2)
    head = yaml.safe_load(front)
    assert head["language"] == ["zh"] and head["size_categories"] == ["n<1K"]
    assert (head["license"], head["license_name"]) == ("other", "CC0-1.0")
    assert head["configs"][0]["data_files"] == "documents.parquet"
    assert "<b>" not in body and "s\\|&lt;b>" in body
    assert "| judge | words | 7 |" in body and "EMAIL 4" in body
    unknown = data_card(*a_card(""), None)
    assert yaml.safe_load(unknown.split("---\n")[1])["license"] == "unknown"


def test_items_that_are_met_are_told_with_their_documents(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir(), after.mkdir()
    asked = "who carried the copper lantern over the bridge in the winter of that year"
    other = "which farmer answered the letter of the doctor before the harvest came to an end"
    texts = {"a": f"He asked: {asked}? Nobody knew.", "b": f"{asked} " + "more words " * 99, "c": "Nothing of it."}
    write_part(before, 0, documents(texts), NONE)
    kept = documents({name: texts[name] for name in "bc"}).append_column("asked", pa.array([0.05, 0.0]))
    write_part(after, 0, kept, dropped({"a": texts["a"]}, "holds what is asked", 0.7, 0.1))
    items = [Item("i", "quiz", "q.csv#1", (asked, "too short")), Item("j", "quiz", "q.csv#2", (other,))]
    write_met(before, after, items, Asked.of((text for item in items for text in item.texts), 13, 8), {}, 13, 8)
    rows = read_rows(after / "met.parquet")
    assert rows == [{"id": "i", "source": "quiz", "origin": "q.csv#1", "dropped": 1, "kept": 1}]
    text = (after / "asked.json").read_text()
    told = json.loads(text)
    assert "true" not in text and told == {"quiz": {"items": 2, "met": 1, "documents": 2}}


def test_what_a_text_meets_is_what_its_share_counts() -> None:
    drawn, words = random.Random(1), ["river", "mill", "stone", "valley", "winter", "bread", "lantern", "garden"]
    texts = [" ".join(drawn.choice(words) for _ in range(60)) for _ in range(12)]
    asked = Asked.of(texts[:3], 4, 3)
    for text in texts:
        assert bool(asked.met(text)) is (asked.share(text) > 0)

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from chatwright.core.artifacts import open_artifact
from chatwright.report.bars import languages_svg, lengths_svg, values_svg
from chatwright.report.collected import read_collected
from chatwright.report.corpus_page import render_corpus_page, write_corpus_page
from chatwright.report.formats import visible
from chatwright.report.table import runs_table
from tests.report.collections import build, card, make_collection, rule, summary
from tests.report.test_build import Page, links, report

VALUES = {"measure": "words", "edges": [1.0, 10.0, 100.0, 1000.0], "kept": [0, 2, 50], "dropped": [6, 3, 0]}


def page_of(run: Path) -> Page:
    collected = read_collected(run)
    assert collected
    return Page(render_corpus_page(collected))


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory: pytest.TempPathFactory, hostile: str) -> Path:
    """A run in which every text that others wrote tries to be HTML."""
    run = tmp_path_factory.mktemp("run")
    example = {"id": hostile, "source": hostile, "origin": hostile, "value": 1.5, "limit": 50.0, "kept": hostile}
    broken = rule(
        hostile,
        9,
        examples=[{**example, "why": hostile, "excerpt": hostile}],
        sources={hostile: 9},
        languages={hostile: 9},
        values={**VALUES, "measure": hostile},
    )
    private = {"EMAIL": {"count": 2, "documents": 1, "examples": [{"id": hostile, "excerpt": f"{hostile}<EMAIL>!"}]}}
    clusters = {
        "groups": 1,
        "gone": 1,
        "sizes": {"2": 1},
        "largest": [
            {
                "id": hostile,
                "source": hostile,
                "origin": hostile,
                "excerpt": hostile,
                "gone": 1,
                "same": 0,
                "least": 0.8,
                "most": 0.8,
                "sources": {},
                "examples": [
                    {"id": hostile, "source": hostile, "origin": hostile, "excerpt": hostile, "similarity": 0.8}
                ],
            }
        ],
    }
    parts = [{"same": hostile}, {"before": f"{hostile}\u200b", "after": hostile}]
    sample = {"id": hostile, "source": hostile, "origin": hostile, "parts": parts, "begins": True, "ends": False}
    make_collection(
        run,
        summary(60, language=hostile),
        summary(51, broken, language=hostile, private=private),
        card=card(51, hostile, hostile),
        clusters=clusters,
        samples={"sources": {hostile: {"documents": 51, "changed": 1}}, "samples": [sample]},
    )
    return run


def test_texts_of_others_stay_text(hostile_run: Path, hostile: str) -> None:
    page = page_of(hostile_run)
    assert page.text.count(hostile) > 15
    assert not any(tag in ("script", "iframe", "link", "object", "b") and "x" in str(of) for tag, of in page.tags)
    assert not any(tag == "script" for tag, _ in page.tags)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


def test_the_page_is_one_file_and_its_links_lead_somewhere(hostile_run: Path) -> None:
    page = page_of(hostile_run)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    inner = {link[1:] for link in links(page) if link.startswith("#")}
    assert {"flow", "sources", "texts", "went", "changed", "copies", "private"} <= inner
    assert inner <= set(ids)
    assert {link for link in links(page) if not link.startswith("#")} == {"corpus/DATA_CARD.md"}


def test_what_changed_is_marked_and_what_cannot_be_seen_is_spelt(hostile_run: Path) -> None:
    page = page_of(hostile_run)
    assert {"del", "ins", "mark"} <= {tag for tag, _ in page.tags}
    assert "[U+200B]" in page.text


def test_personal_data_is_counted_once_however_many_stages_know_of_it(hostile_run: Path) -> None:
    assert page_of(hostile_run).text.count("<EMAIL>") == 2  # its name, and its one example


def test_the_same_files_give_the_same_page(hostile_run: Path, tmp_path: Path) -> None:
    collected = read_collected(hostile_run)
    assert collected
    for name in ("a.html", "b.html"):
        write_corpus_page(tmp_path / name, collected)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_examples_stand_beside_their_limit(hostile_run: Path) -> None:
    text = page_of(hostile_run).text
    assert "1.5 < 50" in text and "limit 50" in text
    assert "Of 60 documents found in 1 source 51 are kept, 85.0%." in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_large_corpus_in_one_language(language: str, tmp_path: Path) -> None:
    found = summary(60_000, language=language)
    judged = summary(48_123, rule("words", 11_877, values=VALUES), language=language)
    make_collection(tmp_path, found, judged, card=card(48_123, language))
    page = page_of(tmp_path)
    assert "60,000" in page.text and "48,123" in page.text and "11,877" in page.text and "80.2%" in page.text
    assert "No text was there twice" in page.text and "None was found" in page.text
    assert sum(tag == "svg" for tag, _ in page.tags) == 3


def test_three_documents(tmp_path: Path) -> None:
    make_collection(tmp_path, summary(3), summary(3), card=card(3))
    page = page_of(tmp_path)
    assert "Of 3 documents found in 1 source 3 are kept, 100%." in page.text
    assert "went" not in {attributes.get("id") for tag, attributes in page.tags if tag == "section"}


def test_evaluation_sets_are_told_with_what_was_met(tmp_path: Path, hostile: str) -> None:
    asked = {hostile: {"items": 1_234, "met": 56, "documents": 7}}
    make_collection(tmp_path, summary(9), summary(9), card=card(9), asked=asked)
    page = page_of(tmp_path)
    assert hostile in page.text and "1,234" in page.text and "56" in page.text
    assert "#asked" in set(links(page))


def test_every_document_dropped(tmp_path: Path) -> None:
    make_collection(tmp_path, summary(3), summary(0, rule("words", 3)))
    page = page_of(tmp_path)
    assert "Of 3 documents found in 1 source none is kept." in page.text
    assert "The corpus was not written" in page.text and "3 < 50" in page.text
    assert not any("DATA_CARD" in link for link in links(page))


def test_nothing_found_at_all(tmp_path: Path) -> None:
    make_collection(tmp_path, summary(0, rule("format that is not read", 2, limits=[])), summary(0))
    page = page_of(tmp_path)
    assert "No document was found" in page.text and "format that is not read" in page.text


def test_what_earlier_settings_left_is_not_told(tmp_path: Path) -> None:
    make_collection(tmp_path, summary(9), summary(8, rule("words", 1)), card=card(8), setting="one")
    judged = summary(0, rule("language", 9))
    extracted = open_artifact(tmp_path / "extract")
    build(tmp_path, "judge", {"extract": extracted}, {"summary.json": judged}, setting="other")
    collected = read_collected(tmp_path)
    assert collected and [step.name for step in collected.steps] == ["collect", "extract", "judge"]
    assert not collected.card and collected.kept == 0


def test_a_run_without_a_collection_has_no_such_page(run: Path) -> None:
    assert read_collected(run) is None


def test_the_report_and_the_model_card_lead_to_it(tmp_path: Path) -> None:
    make_collection(tmp_path / "run", summary(9), summary(8, rule("words", 1)), card=card(8))
    report(tmp_path / "run" / "report", tmp_path / "run")
    page = Page((tmp_path / "run" / "report" / "index.html").read_text(encoding="utf-8"))
    model_card = (tmp_path / "run" / "report" / "README.md").read_text(encoding="utf-8")
    assert "9 documents found, 8 kept" in page.text and "9 documents found, 8 kept" in model_card
    outside = {link for link in links(page) if not link.startswith("#")}
    assert outside == {"corpus.html", "../corpus/DATA_CARD.md"} and all(link in model_card for link in outside)
    own = Page((tmp_path / "run" / "report" / "corpus.html").read_text(encoding="utf-8"))
    assert {link for link in links(own) if not link.startswith("#")} == {"../corpus/DATA_CARD.md"}


@pytest.mark.parametrize("picture", ["lengths", "languages", "values"])
def test_pictures_are_whole_and_take_the_colours_of_the_page(picture: str, hostile: str) -> None:
    many: dict[str, Any] = {f"l{number}": number + 1 for number in range(40)} | {hostile: 7}
    drawn = {
        "lengths": lambda: lengths_svg([10, 100], [1, 2, 0], [0, 2, 0]),
        "languages": lambda: languages_svg(many, {"l39": 3}),
        "values": lambda: values_svg(hostile, VALUES, [50.0]),
    }[picture]
    svg = drawn()
    assert ElementTree.fromstring(svg).tag.endswith("svg") and svg == drawn()
    assert "var(--blue)" in svg and not any(f"#0{digit}0{digit}0{digit}" in svg for digit in range(1, 6))


def test_every_sign_that_leaves_no_ink_is_spelt() -> None:
    assert visible("a\u200b\u00a0\x07\tb\n 中é") == "a[U+200B][U+00A0][U+0007]⇥\tb↵\n 中é"


def test_a_run_of_text_alone_tells_how_well_text_is_foreseen(tmp_path: Path) -> None:
    corpus = build(tmp_path / "run", "corpus", {}, {"ledger.json": []})
    scores = {"language": {"bits_per_byte": 1.979, "perplexity": 89.0}, "tasks": {}}
    build(tmp_path / "run", "evaluate", {"corpus": corpus}, {"scores.json": scores, "samples.json": []})
    report(tmp_path / "report", tmp_path / "run")
    text = Page((tmp_path / "report" / "index.html").read_text(encoding="utf-8")).text
    assert "facts taught" not in text and "Text it has not read" in text and "1.979" in text
    assert "the bar ends at 8" in text
    (row,) = [line for line in runs_table([tmp_path / "run"]).splitlines() if "language" in line]
    assert row.startswith("| run | 0 | Text it has not read (`language.bits_per_byte`) | 1.979 |")

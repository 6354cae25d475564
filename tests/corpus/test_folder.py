import os
from pathlib import Path

import pytest

from chatwright.core.errors import ChatwrightError, DataError, UsageError
from chatwright.core.files import read_json
from chatwright.core.progress import Silent
from chatwright.corpus import pages
from chatwright.corpus.build import build_corpus, source_identity
from chatwright.corpus.folder import decode, format_of, list_files, read_file
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.settings import CorpusSettings
from chatwright.corpus.tables import read_facts, read_rows


def settings(docs: Path, **changes: object) -> CorpusSettings:
    return CorpusSettings.model_validate({"source": "folder", "docs": str(docs), "minimum_characters": 10} | changes)


def guide(number: int) -> str:
    return (
        f"# Guide {number}\n\nThis guide number {number} explains one machine.\n\n"
        f"## Oiling part {number}\n\nOil the part {number} twice a week with care.\n\n"
        f"Never use butter for that purpose, it smells.\n\n"
        f"## Installation\n\nPut machine {number} on the floor first.\n"
    )


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "deep").mkdir(parents=True)
    for number in range(14):
        (folder / "deep" / f"guide-{number:02}.md").write_text(guide(number), encoding="utf-8")
    return folder


def build(docs: Path, out: Path, **changes: object) -> dict:
    out.mkdir()
    return build_corpus(out, settings(docs, **changes), 3, Silent())


def test_headings_become_facts(docs: Path, tmp_path: Path) -> None:
    figures = build(docs, tmp_path / "out")
    facts = {fact.name: fact for fact in read_facts(tmp_path / "out" / "facts.parquet")}
    assert figures["facts"] == len(facts) == 42
    assert facts["Oiling part 3"].summary == "Oil the part 3 twice a week with care."
    assert facts["Oiling part 3"].body == "Never use butter for that purpose, it smells."
    assert facts["Oiling part 3"].module == "Guide 3" and facts["Oiling part 3"].kind == "section"
    assert facts["Installation (Guide 5)"].summary == "Put machine 5 on the floor first."
    assert "Installation" not in facts
    assert facts["Guide 0"].rank < facts["Oiling part 0"].rank


def test_held_out_facts_and_their_documents_go_together(docs: Path, tmp_path: Path) -> None:
    build(docs, tmp_path / "out", held_out_fraction=0.2)
    splits = {row["id"]: row["split"] for row in read_rows(tmp_path / "out" / "documents.parquet")}
    facts = read_facts(tmp_path / "out" / "facts.parquet")
    assert {"train", "held-out"} == {fact.split for fact in facts}
    assert all((fact.split == "held-out") == (splits[fact.document] == "validation") for fact in facts)


def test_building_twice_gives_the_same_bytes(docs: Path, tmp_path: Path) -> None:
    figures = [build(docs, tmp_path / name) for name in ("one", "two")]
    assert figures[0] == figures[1]
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_bad_files_cost_ledger_lines_and_nothing_else(docs: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret.md"
    outside.write_text("# Secret\n\nThis must never be read by anybody.\n", encoding="utf-8")
    (docs / "empty.md").write_bytes(b"")
    (docs / "binary.txt").write_bytes(b"abc\x00def")
    (docs / "long.md").write_bytes(b"a " * 600_000)
    (docs / ".hidden.md").write_text("# Hidden\n\nNobody should read this.\n", encoding="utf-8")
    (docs / ".git").mkdir()
    (docs / ".git" / "x.md").write_text("# Git\n\nNobody should read this.\n", encoding="utf-8")
    (docs / "copy.md").write_text(guide(1), encoding="utf-8")
    (docs / "picture.png").write_bytes(b"png")
    (docs / "latin.md").write_bytes("# Straße\n\nDie Straße führt über die Brücke.\n".encode("cp1252"))
    (docs / "out.md").symlink_to(outside)
    (docs / "in.md").symlink_to(docs / "deep" / "guide-01.md")
    (docs / "nowhere.md").symlink_to(docs / "gone.md")
    (docs / "loop").symlink_to(docs)
    os.mkfifo(docs / "pipe.md")
    build(docs, tmp_path / "out", max_file_megabytes=1)
    ledger = {entry["rule"]: entry for entry in read_json(tmp_path / "out" / "ledger.json")}
    for rule in (
        "empty file", "binary file", "file too long", "hidden", "format that is not read", "link out of the folder",
        "link to what is read anyway", "link that leads nowhere", "neither file nor folder", "same text",
    ):  # fmt: skip
        assert rule in ledger, rule
    assert ledger["hidden"]["count"] == 2
    assert all(len(entry["examples"]) <= 5 for entry in ledger.values())
    texts = "".join(row["text"] for row in read_rows(tmp_path / "out" / "documents.parquet"))
    assert "Secret" not in texts and "Hidden" not in texts and "Brücke" in texts


def test_a_file_that_cannot_be_opened_costs_a_ledger_line(tmp_path: Path) -> None:
    ledger = Ledger()
    assert read_file(tmp_path / "gone.md", "gone.md", "markdown", 1_000, ledger) is None
    assert ledger.counts("read") == {"file that may not be read": 1}


def test_a_single_document_still_leaves_something_to_validate_on(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "book.md").write_text("".join(guide(number) for number in range(12)), encoding="utf-8")
    build(docs, tmp_path / "out")
    splits = {row["split"] for row in read_rows(tmp_path / "out" / "documents.parquet")}
    assert splits == {"train", "validation"}


@pytest.mark.parametrize("docs", [None, "/nowhere/at/all", __file__])
def test_no_folder_is_a_wrong_usage(docs: str | None, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        build_corpus(tmp_path, CorpusSettings(source="folder", docs=docs), 0, Silent())
    assert caught.value.remedy


def test_an_empty_folder_and_a_small_one_say_what_is_needed(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    with pytest.raises(DataError, match="no file with text"):
        build(docs, tmp_path / "one")
    (docs / "a.md").write_text(guide(1), encoding="utf-8")
    with pytest.raises(DataError, match=r"3 facts .* at least 20") as caught:
        build(docs, tmp_path / "two")
    assert caught.value.remedy
    with pytest.raises(DataError, match=r"characters, at least 5,000"):
        build(docs, tmp_path / "three", minimum_characters=5_000)
    assert isinstance(caught.value, ChatwrightError) and not list((tmp_path / "two").iterdir())


def test_identity_changes_with_the_content(docs: Path) -> None:
    before = source_identity(settings(docs))
    assert before == source_identity(settings(docs))
    (docs / "deep" / "guide-00.md").write_text(guide(0).replace("care", "love"), encoding="utf-8")
    assert before != source_identity(settings(docs))


def test_special_token_text_stays_text(docs: Path, tmp_path: Path) -> None:
    (docs / "tokens.md").write_text("# Tokens\n\nWrite <|im_end|> and </s> as they are.\n", encoding="utf-8")
    build(docs, tmp_path / "out")
    summaries = [fact.summary for fact in read_facts(tmp_path / "out" / "facts.parquet")]
    assert any("<|im_end|>" in summary for summary in summaries)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_marked_encodings_are_read_back(encoding: str) -> None:
    text = "Grüße, 世界"
    decoded = decode(text.encode(encoding), "text")
    assert decoded is not None and decoded[0].removeprefix("\ufeff") == text


def test_a_page_may_declare_its_encoding() -> None:
    page = "<meta charset='gb2312'><p>数据</p>"
    assert decode(page.encode("gb2312"), "html") == (page, "gb2312")


def test_formats_by_name() -> None:
    assert [format_of(name) for name in ("a.MD", "a.rst.txt", "a.txt", "README", "x.html", "Makefile", "a.py")] == [
        "markdown", "rst", "text", "text", "html", None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("1.2 Install it", "Install it"),
        ("Chapter IV: The sea", "The sea"),
        ("3) Returns", "Returns"),
        ("A.1 Tables", "Tables"),
        ("2 factor login", "2 factor login"),
        ("I want to return goods", "I want to return goods"),
        ("Vi commands", "Vi commands"),
    ],
)
def test_numbers_before_headings_go_and_words_stay(heading: str, name: str) -> None:
    assert pages._tidy_heading(heading) == name


def test_a_run_folder_inside_the_docs_is_not_read(docs: Path, tmp_path: Path) -> None:
    inside = docs / "runs" / "mine" / "plan"
    inside.mkdir(parents=True)
    (inside / "manifest.json").write_text("{}")
    (docs / "runs" / "mine" / "page.md").write_text("# Never read\n\nThis is what a run of ours wrote here.\n")
    ledger = Ledger()
    assert not [origin for _, origin, _ in list_files(docs, ledger) if "mine" in origin]
    assert ledger.counts("read")["run folder of ours"] == 1

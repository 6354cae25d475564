from __future__ import annotations

from pathlib import Path

import pytest

from chatwright.core.errors import DataError, UsageError
from chatwright.core.progress import Silent
from chatwright.corpus.books import book
from chatwright.corpus.settings import TextSettings
from chatwright.corpus.tables import read_rows
from chatwright.corpus.texts import TEXT_SETS, build_texts, passages, running, texts_identity

HEAD = "The Project Gutenberg eBook of X\r\nlicence\r\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\r\n"
TAIL = "\r\n*** END OF THE PROJECT GUTENBERG EBOOK X ***\r\nmore licence"
PROSE = (
    "Once upon a time there lived in a certain village a little\r\ncountry girl, the prettiest creature\r\never seen."
)


def test_a_book_loses_its_licence_and_its_line_ends_but_verse_keeps_them() -> None:
    text = book(f"{HEAD}CHAPTER I\r\n\r\n{PROSE}\r\n\r\nTwinkle, twinkle\r\nlittle bat{TAIL}")
    assert "licence" not in text
    assert text.split("\n\n")[0] == "CHAPTER I"
    assert text.split("\n\n")[1].count("\n") == 0 and "little country girl" in text
    assert text.endswith("Twinkle, twinkle\nlittle bat")


@pytest.mark.parametrize(
    ("separated", "expected"),
    [
        (" = Robert Boulter = ", "Robert Boulter"),
        (" a guest @-@ starring role , in 2 @.@ 5 films . ", "a guest-starring role, in 2.5 films."),
        (
            " the episode \" Teddy 's Story \" ( 2002 ) ; it was n't bad ",
            "the episode \"Teddy's Story\" (2002); it wasn't bad",
        ),
    ],
)
def test_separated_tokens_run_again(separated: str, expected: str) -> None:
    assert running(separated) == expected


def test_passages_hold_whole_paragraphs_and_lose_none() -> None:
    text = "\n\n".join(f"paragraph {at} " + "x" * (at % 7 * 20) for at in range(50))
    pieces = list(passages(text, 300))
    assert "\n\n".join(pieces) == text
    assert all(len(piece) < 500 for piece in pieces)


def test_a_folder_of_books_is_read_and_the_rest_is_in_the_ledger(tmp_path: Path) -> None:
    books = tmp_path / "books"
    books.mkdir()
    paragraphs = [f"In chapter {at} a dog walks to the town and comes back in the evening, tired." for at in range(400)]
    (books / "a.txt").write_text("\n\n".join(paragraphs))
    (books / "again.txt").write_text("\n\n".join(paragraphs))
    (books / "page.html").write_text("<p>no book</p>")
    settings = TextSettings(docs=str(books), passage_characters=1000)
    assert len(texts_identity(settings)) >= 2
    figures = build_texts(tmp_path, settings, Silent())
    rows = read_rows(tmp_path / "documents.parquet")
    assert {row["split"] for row in rows} == {"train", "validation"}
    assert {row["origin"] for row in rows} == {"a.txt"} and figures["dropped"]["deduplicate"] == {
        "the same passage again": len(rows)
    }
    rules = {row["rule"] for row in read_rows(tmp_path / "dropped.parquet")}
    assert "format that is not read as a book" in rules
    with pytest.raises(DataError, match="too few"):
        build_texts(tmp_path, settings.model_copy(update={"minimum_characters": 10**7}), Silent())
    with pytest.raises(DataError, match=r"none is chosen for validation(?s:.)*text\.held_out"):
        build_texts(tmp_path, settings.model_copy(update={"held_out": 1e-9}), Silent())


def test_without_text_the_ways_to_it_are_named() -> None:
    for settings in (TextSettings(), TextSettings(names=("gutenberg",))):
        with pytest.raises(UsageError, match=r"--docs FOLDER.*--data DIR"):
            texts_identity(settings)


@pytest.mark.parametrize("name", TEXT_SETS)
def test_the_public_collections_are_read(data_folder: Path, tmp_path: Path, name: str) -> None:
    settings = TextSettings(names=(name,), data=str(data_folder))  # type: ignore[arg-type]
    figures = build_texts(tmp_path, settings, Silent())
    assert figures["characters"] > 2_000_000
    text = "\n".join(row["text"] for row in read_rows(tmp_path / "documents.parquet"))
    assert "Gutenberg License" not in text and "@-@" not in text


def test_an_encoder_takes_no_shape_of_a_decoder() -> None:
    with pytest.raises(ValueError, match="is a decoder's"):
        TextSettings(objective="masked", shape="gpt2")

from pathlib import Path

import pytest

from chatwright.corpus.readers.found import Found
from tests.corpus.readers.reading import read, rules, texts, written


@pytest.mark.parametrize(
    ("name", "format"),
    [("a.txt", "text"), ("a.md", "markdown"), ("a.rst", "rst"), ("a.rst.txt", "rst"), ("README", "text")],
)
def test_text_is_decoded(tmp_path: Path, name: str, format: str) -> None:
    assert read(written(tmp_path, name, "Über allen Gipfeln\n")) == [Found(name, 0, format, "Über allen Gipfeln\n")]


@pytest.mark.parametrize("name", ["a.html", "a.htm", "A.XHTML"])
def test_html_stays_in_bytes(tmp_path: Path, name: str) -> None:
    page = "<p>Größe".encode("latin-1")
    assert read(written(tmp_path, name, page)) == [Found(name, 0, "html", raw=page)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "gb18030"])
def test_other_encodings_are_found_out(tmp_path: Path, encoding: str) -> None:
    text = "The 我们都是来自五湖四海，为了一个共同的革命目标，走到一起来了。" * 20
    text = "Plain words with few others, é. " * 20 if encoding.startswith("utf-16-") else text
    assert texts(read(written(tmp_path, "a.txt", text.encode(encoding)))) == [text]


def test_a_few_broken_characters_are_replaced_many_are_refused(tmp_path: Path) -> None:
    good = "Über die Brücke führt die Straße. ".encode() * 50
    (found,) = read(written(tmp_path, "a.txt", good + b"\xff" + good))
    assert isinstance(found, Found) and found.text.count("\ufffd") == 1 and "Brücke" in found.text
    many = b"".join("Ü".encode() + b"\xff" + "ß".encode() for _ in range(100))
    assert rules(read(written(tmp_path, "b.txt", many))) == ["too many broken characters"]


def test_nuls_go_and_binary_files_are_refused(tmp_path: Path) -> None:
    assert texts(read(written(tmp_path, "a.txt", b"abc\0def"))) == ["abcdef"]
    assert rules(read(written(tmp_path, "b.txt", b"\x7fELF" + bytes(500) + b"abc" * 90))) == ["binary file"]


def test_empty_and_too_long_files(tmp_path: Path) -> None:
    assert rules(read(written(tmp_path, "a.txt", b""))) == ["empty file"]
    assert rules(read(written(tmp_path, "b.txt", b" \n\n "))) == ["no text"]
    assert rules(read(written(tmp_path, "c.txt", b"a" * 1001), document_megabytes=0.001)) == ["document too long"]
    assert rules(read(written(tmp_path, "d.html", b"a" * 1001), document_megabytes=0.001)) == ["document too long"]
    assert rules(read(written(tmp_path, "e.png", b"png"))) == ["format that is not read"]


def test_a_book_loses_its_licence_and_keeps_title_and_author(tmp_path: Path) -> None:
    book = (
        "The Project Gutenberg EBook of Mud, by A. Frog\n\nTitle: Mud\n\nAuthor: A. Frog\n\n"
        "*** START OF THIS PROJECT GUTENBERG EBOOK MUD ***\n\nIt was wet.\n\n"
        "*** END OF THIS PROJECT GUTENBERG EBOOK MUD ***\n\nSmall print.\n"
    )
    for name, text in (("a.txt", book), ("b.txt", book.replace("\n", "\r\n"))):
        (found,) = read(written(tmp_path, name, text))
        assert isinstance(found, Found) and found.text == "It was wet." and found.title == "Mud by A. Frog"


def test_public_books_and_pages(data_folder: Path) -> None:
    for path in sorted((data_folder / "gutenberg").iterdir()):
        (found,) = read(path)
        assert isinstance(found, Found)
        if ".txt" in path.suffixes:
            assert "PROJECT GUTENBERG" not in found.text.upper()[:3000] and " by " in found.title
            assert len(found.text) > 100_000
        else:
            assert found.format == "html" and len(found.raw) > 800_000
    pages = sorted((data_folder / "html-zh-raw").glob("*.html.gz"))
    assert pages and all(isinstance(result, Found) and result.raw for page in pages for result in read(page))
    (wiki,) = read(data_folder / "pretrain-samples" / "wiki_demo.txt")
    assert isinstance(wiki, Found) and wiki.text.startswith("Anarchism")

import io
from pathlib import Path

import pypdf
import pytest
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from chatwright.corpus.readers.found import Failed, Found
from tests.corpus.readers.reading import read, rules, texts, written
from tests.corpus.readers.test_archives import zipped

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
CONTAINER = '<container><rootfiles><rootfile full-path="in/book.opf"/></rootfiles></container>'
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
<dc:title>Mud</dc:title><dc:language>en</dc:language><dc:date>1999</dc:date><dc:rights>CC0-1.0</dc:rights></metadata>
<manifest><item id="b" href="b.xhtml"/><item id="a" href="a%20one.xhtml"/><item id="c" href="gone.xhtml"/></manifest>
<spine><itemref idref="a"/><itemref idref="c"/><itemref idref="b"/></spine></package>"""
CHAPTER = "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>Mud</title></head>"
CHAPTER += "<body><h1>{0}</h1><p>It&nbsp;was {0}.</p></body></html>"
XXE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY f "aaaaaaaa">]>'


def epub(**changes: str) -> bytes:
    parts = {
        "META-INF/container.xml": CONTAINER,
        "in/book.opf": PACKAGE,
        "in/a one.xhtml": CHAPTER.format("wet"),
        "in/b.xhtml": CHAPTER.format("dry"),
    }
    return zipped({name: text.encode() for name, text in (parts | changes).items()})


def test_a_book_is_one_document_in_reading_order(tmp_path: Path) -> None:
    found, failed = read(written(tmp_path, "a.epub", epub()))
    text = "wet\n\nIt was wet.\n\ndry\n\nIt was dry."
    assert found == Found("a.epub", 0, "text", text, title="Mud", date="1999", language="en", license="CC0-1.0")
    assert failed == Failed("a.epub!in/gone.xhtml", 1, "part that is missing", "in/gone.xhtml")


def test_broken_books(tmp_path: Path) -> None:
    results = read(written(tmp_path, "a.epub", epub(**{"in/b.xhtml": XXE + "<html><body><p>&e;</p></body></html>"})))
    assert texts(results) == ["wet\n\nIt was wet."] and "XML with entities of its own" in rules(results)
    assert rules(read(written(tmp_path, "b.epub", epub(**{"in/book.opf": XXE + PACKAGE})))) == [
        "XML with entities of its own"
    ]
    assert rules(read(written(tmp_path, "c.epub", epub(**{"in/book.opf": "<package>"})))) == ["broken XML"]
    assert rules(read(written(tmp_path, "d.epub", epub()[:-300]))) == ["truncated zip"]
    assert rules(read(written(tmp_path, "e.epub", zipped({"a": b"b"})))) == ["part that is missing"]


def docx(body: str, head: str = "") -> bytes:
    xml = f'<?xml version="1.0"?>{head}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    core = '<p xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Letter</dc:title></p>'
    return zipped({"word/document.xml": xml.encode(), "docProps/core.xml": core.encode()})


def test_word_documents(tmp_path: Path) -> None:
    body = (
        "<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>Dear </w:t><w:tab/><w:t>Sir,</w:t></w:r></w:p><w:p/>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>cell</w:t><w:br/><w:t>two</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
        "<w:p><w:r><w:delText>gone</w:delText><w:t>end</w:t></w:r></w:p>"
    )
    (found,) = read(written(tmp_path, "a.docx", docx(body)))
    assert found == Found("a.docx", 0, "text", "Dear \tSir,\n\ncell\ntwo\n\nend", title="Letter")
    many = "<w:p><w:r><w:t>word after word</w:t></w:r></w:p>" * 20_000
    assert rules(read(written(tmp_path, "b.docx", docx(many)), document_megabytes=0.1)) == ["document too long"]
    assert rules(read(written(tmp_path, "c.docx", docx("<w:p><w:r><w:t>&e;</w:t></w:r></w:p>", XXE)))) == [
        "XML with entities of its own"
    ]
    assert rules(read(written(tmp_path, "d.docx", docx("<w:p><w:r><w:t>a")))) == ["broken XML"]
    assert rules(read(written(tmp_path, "e.docx", docx("")))) == ["no text"]
    assert rules(read(written(tmp_path, "f.docx", docx("<w:p>" + "<w:r>" * 10_000)))) == ["broken XML"]
    assert rules(read(written(tmp_path, "g.docx", docx(" " * 30_000_000)))) == ["compressed more than 200 times"]


def pdf(*pages: str, password: str = "") -> bytes:
    writer = pypdf.PdfWriter()
    font = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1")})
    font[NameObject("/BaseFont")] = NameObject("/Helvetica")
    for text in pages:
        page = writer.add_blank_page(300, 300)
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
    writer.add_metadata({"/Title": "Paper"})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_pdf(tmp_path: Path) -> None:
    (found,) = read(written(tmp_path, "a.pdf", pdf("First page", "Second page")))
    assert isinstance(found, Found) and (found.text, found.title) == ("First page\n\nSecond page", "Paper")
    assert rules(read(written(tmp_path, "b.pdf", pdf("")))) == ["no text"]
    assert rules(read(written(tmp_path, "c.pdf", b"%PDF-1.4 nonsense"))) == ["broken pdf"]
    assert rules(read(written(tmp_path, "d.pdf", pdf("x" * 2000)), document_megabytes=0.001)) == ["document too long"]
    assert rules(read(written(tmp_path, "e.pdf", pdf("secret", password="p")))) == ["encrypted"]
    inside = written(tmp_path, "f.zip", zipped({"a.pdf": pdf("Inside")}))
    assert texts(read(inside)) == ["Inside"]


@pytest.mark.parametrize("cut", range(0, 1100, 37))
def test_cut_files_never_raise(tmp_path: Path, cut: int) -> None:
    for name, data in (
        ("a.pdf", pdf("page")),
        ("a.epub", epub()),
        ("a.docx", docx("<w:p><w:r><w:t>a</w:t></w:r></w:p>")),
    ):
        assert len(read(written(tmp_path, name, data[:cut]))) >= 1
        damaged = bytearray(data)
        damaged[cut % len(data)] ^= 0x55
        assert len(read(written(tmp_path, name, bytes(damaged)))) >= 1

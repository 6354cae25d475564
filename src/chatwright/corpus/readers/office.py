"""EPUB and Word documents: ZIP archives of XML. No DTD, no entities, nothing from outside is ever loaded."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from chatwright.corpus.readers.archives import open_zip, zip_member
from chatwright.corpus.readers.decoding import decoded, without_debris
from chatwright.corpus.readers.found import About, Broken, Failed, Found
from chatwright.corpus.readers.stream import RawStream, Source, Stream

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"
_SMALL = 4 * 10**6  # bytes of the parts that only describe


class Parts:
    """The parts of such a file by name."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._archive = open_zip(source.any_order(), source.limits.members)
        self._infos = {info.filename: info for info in self._archive.filelist}

    def stream(self, name: str) -> Stream:
        """A part to be read; `Broken` where it is not there."""
        info: zipfile.ZipInfo | None = self._infos.get(name)
        if info is None:
            raise Broken("part that is missing", name[:200])
        self._source.reading.member()
        return Stream(zip_member(self._archive, info, self._source))

    def xml(self, name: str) -> Any:
        """A small part as a tree."""
        from lxml import etree

        data = self.stream(name).whole(_SMALL, "part too long")
        _refuse_dtd(data, name)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            return etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise Broken("broken XML", f"{name}: {error}"[:300]) from None


def _refuse_dtd(data: bytes, name: str) -> None:
    if b"<!ENTITY" in data.replace(b"\0", b""):  # also in UTF-16
        raise Broken("XML with entities of its own", name[:200])


def _about(tree: Any) -> About:
    def first(*names: str) -> str:
        found = (tree.find(f".//{name}") for name in names)
        return next(
            (without_debris(element.text).strip() for element in found if element is not None and element.text), ""
        )

    return {
        "title": first(f"{_DUBLIN_CORE}title"),
        "language": first(f"{_DUBLIN_CORE}language"),
        "date": first(f"{_DUBLIN_CORE}date", f"{_TERMS}created"),
        "license": first(f"{_DUBLIN_CORE}rights"),
    }


def read_epub(source: Source) -> Iterator[Found | Failed]:
    """The book as one document: its chapters in reading order; a broken chapter costs only itself."""
    parts = Parts(source)
    package_name = _package_name(parts)
    package = parts.xml(package_name)
    about = _about(package)
    problems, chapters, size = list[Failed](), list[str](), 0
    for name in _spine(package, posixpath.dirname(package_name)):
        try:
            chapter = _chapter(parts, name, about["title"], source)
        except Broken as problem:
            problems.append(Failed(f"{source.origin}!{name}", len(chapters), problem.rule, problem.why))
            source.reading.check()
            continue
        size += len(chapter.encode())
        if size > source.limits.document_bytes:
            raise Broken("document too long", f"the limit is {source.limits.document_megabytes:g} MB")
        if chapter:
            chapters.append(chapter)
    if chapters:
        yield Found(source.origin, 0, "text", "\n\n".join(chapters), **about)
    yield from problems
    if not chapters and not problems:
        raise Broken("no text", "no chapter has any")


def _package_name(parts: Parts) -> str:
    container = parts.xml("META-INF/container.xml")
    for element in container.iter("{*}rootfile"):
        if name := element.get("full-path"):
            return str(name)
    raise Broken("part that is missing", "META-INF/container.xml names no package")


def _spine(package: Any, folder: str) -> Iterator[str]:
    names = {item.get("id"): item.get("href") for item in package.iter("{*}item")}
    for item in package.iter("{*}itemref"):
        if href := names.get(item.get("idref")):
            yield posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))


def _chapter(parts: Parts, name: str, title: str, source: Source) -> str:
    from chatwright.corpus.webpage import html_blocks

    data = parts.stream(name).whole(source.limits.document_bytes, "document too long")
    _refuse_dtd(data, name)
    blocks = html_blocks(decoded(data, "html"))
    if blocks and blocks[0].text == title:  # taken from <title>, where it stands in every chapter
        blocks = blocks[1:]
    return without_debris("\n\n".join(block.text for block in blocks))


def read_docx(source: Source) -> Iterator[Found | Failed]:
    """The text of a Word document, a paragraph a line with blank lines between."""
    parts = Parts(source)
    paragraphs, size = list[str](), 0
    for paragraph in _paragraphs(parts.stream("word/document.xml")):
        size += len(paragraph.encode())
        if size > source.limits.document_bytes:
            raise Broken("document too long", f"the limit is {source.limits.document_megabytes:g} MB")
        paragraphs.append(paragraph)
    if not paragraphs:
        raise Broken("no text", "no paragraph has any")
    try:
        about = _about(parts.xml("docProps/core.xml"))
    except Broken:  # it is optional
        about = {}
    yield Found(source.origin, 0, "text", "\n\n".join(paragraphs), **about)


def _paragraphs(stream: Stream) -> Iterator[str]:
    from lxml import etree

    _refuse_dtd(stream.peek(1 << 16), "word/document.xml")
    file = RawStream(stream, broken_is_end=True)  # lxml would wrap the error
    tags = (f"{_WORD}p", _FALLBACK)
    events = etree.iterparse(
        file, tag=tags, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        for _, element in events:
            text = _words(element) if element.tag == tags[0] else ""
            element.clear()  # what was read is let go; text boxes within a paragraph came before it
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
            if not any(above.tag == _FALLBACK for above in element.iterancestors()) and (
                text := without_debris(text).strip()
            ):
                yield text
    except (etree.XMLSyntaxError, ValueError) as error:
        raise file.problem or Broken("broken XML", str(error)[:300]) from None
    if file.problem is not None:
        raise file.problem


def _words(paragraph: Any) -> str:
    pieces = []
    for element in paragraph.iter(f"{_WORD}t", f"{_WORD}tab", f"{_WORD}br", f"{_WORD}cr"):
        name = element.tag.removeprefix(_WORD)
        if name == "tab" and element.getparent().tag == f"{_WORD}tabs":  # where tabs stop, not a tab
            continue
        pieces.append(element.text or "" if name == "t" else "\t" if name == "tab" else "\n")
    return "".join(pieces)

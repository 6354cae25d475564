"""A folder of pages as documents and facts: the heading is the name, its first paragraph the answer."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass

from chatwright.core.errors import DataError
from chatwright.core.progress import Progress
from chatwright.corpus.blocks import Block, Section, sections_of, text_of
from chatwright.corpus.clean import clean_text, one_line, text_key
from chatwright.corpus.docstrings import flow, summary_problem
from chatwright.corpus.drafts import Collected, DocumentDraft, FactDraft
from chatwright.corpus.folder import list_files, open_folder, read_file
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.markdown import markdown_blocks
from chatwright.corpus.prose import is_notice, sentences, take_sentences
from chatwright.corpus.restructured import restructured_blocks
from chatwright.corpus.settings import CorpusSettings
from chatwright.corpus.webpage import html_blocks

FACT_ORDER = "the largest headings first; within a level by the path of the file and the place in it"
LONGEST_SUMMARY = 300
LONGEST_NAME = 90
_GENERIC = re.compile(
    r"^(?:introduction|overview|install(?:ation)?|usage|examples?|descriptions?|options|notes?|contents|summary|licen[cs]e"
    r"|changelog|changes|faq|background|features|requirements|configuration|motivation|conclusion|references?|see also"
    r"|getting started|quick ?start|table of contents|release notes|(?:reporting )?bugs|about|credits|authors|readme"
    r"|history|synopsis|parameters|returns|raises|api|todo|support|contributing|copyright)$"
)
_NUMBER = re.compile(  # "Chapter 3", "1.2", "A.1", "IV." but neither "2 factor login" nor "I want"
    r"^(?:(?i:chapter|appendix|section|part)\s+(?:\d+|[IVX]+|[A-Z])(?:\.\d+)*[.:)]?"
    r"|(?:[A-Z]\.|\d+\.)\d+(?:\.\d+)*[.:)]?|(?:\d+|[IVX]+|[A-Z])[.:)])\s+"
)
_SITE_END = re.compile(r"\s+[|\u2014\u2013\u00b7-]\s+[^|\u2014\u2013\u00b7]+$")
SITE_PAGES = 3  # what stands on so many pages is the site's, not the page's
_EDGE_MARKS = re.compile(r"^[\s*_`#¶]+|[\s*_`#¶:]+$")


@dataclass(frozen=True)
class Page:
    """A file that was taken apart."""

    origin: str
    title: str
    blocks: list[Block]


def _blocks(file_format: str, text: str) -> list[Block]:
    if file_format == "markdown":
        return markdown_blocks(text)
    if file_format == "html":
        return html_blocks(text)
    return restructured_blocks(text, plain_headings=file_format == "text")


def _tidy_heading(heading: str) -> str:
    """A heading as a name: no number in front, no marks around."""
    return _EDGE_MARKS.sub("", _NUMBER.sub("", one_line(heading))).strip()


def _titles(origin: str, blocks: list[Block]) -> list[str]:
    """What the page may be called: its headings of the two largest kinds, then the file's name."""
    headings = [block for block in blocks if block.kind == "heading"]
    levels = sorted({block.level for block in headings})[:2]
    ordered = [
        _tidy_heading(block.text)[:LONGEST_NAME] for level in levels for block in headings if block.level == level
    ]
    name = origin.rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    return [title for title in ordered if title] + [re.sub(r"[_-]+", " ", stem).strip() or name]


def _entitle(taken: list[tuple[str, list[Block]]]) -> list[Page]:
    """Give pages their titles: not the name of the whole site, which stands on many of them."""
    titles = [_titles(origin, blocks) for origin, blocks in taken]
    times = Counter(candidates[0] for candidates in titles)
    ends = Counter(end for candidates in titles if (end := _site_end(candidates[0])))
    pages = []
    for (origin, blocks), candidates in zip(taken, titles, strict=True):
        title = next((name for name in candidates if times[name] < SITE_PAGES), candidates[-1])
        end = _site_end(title)
        if end and ends[end] >= SITE_PAGES:
            title = title.removesuffix(end).strip() or title
        pages.append(Page(origin, title, blocks))
    return pages


def _site_end(title: str) -> str:
    """The " | Site" at the end of a title, if there is one."""
    match = _SITE_END.search(title)
    return match.group() if match else ""


def read_pages(settings: CorpusSettings, ledger: Ledger, progress: Progress) -> tuple[list[Page], dict[str, int]]:
    """Every readable file of the folder in the order of its path, and what was read."""
    root = open_folder(settings.docs)
    files = list(list_files(root, ledger))
    limit = int(settings.max_file_megabytes * 1e6)
    taken: list[tuple[str, list[Block]]] = []
    read = {"documents": 0, "characters": 0, "bytes": 0}
    for index, (path, origin, file_format) in enumerate(files):
        progress.update((index + 1) / len(files), "reading files")
        file = read_file(path, origin, file_format, limit, ledger)
        if file is None:
            continue
        read["documents"] += 1
        read["characters"] += len(file.text)
        read["bytes"] += file.size
        blocks = _blocks(file_format, clean_text(file.text))
        if blocks:
            taken.append((origin, blocks))
        else:
            ledger.note("read", "no text in the file", origin)
    if not taken:
        raise DataError(
            f"no file with text could be read there ({len(files)} files of a known format)",
            where=str(root),
            remedy="name a folder that holds Markdown, reStructuredText, text or HTML files",
        )
    return _entitle(taken), read


def _taken_apart(section: Section) -> tuple[str, str | None, str]:
    """(summary, body, reason): the first paragraph's sentences, what follows, or why not."""
    prose = [text for text in section.prose if not is_notice(text)]
    if not prose:
        return "", None, "heading without a paragraph of prose"
    summary = take_sentences(prose[0], LONGEST_SUMMARY)
    if summary.endswith(":"):
        summary = " ".join(sentences(summary)[:-1])
    if not summary:
        return "", None, "first paragraph has no sentence that fits or only leads to a list"
    problem = summary_problem(summary, LONGEST_SUMMARY)
    rest = one_line(prose[0])[len(summary) :].strip()
    return ("", None, problem) if problem else (summary, flow("\n\n".join([rest, *prose[1:]])), "")


class _Names:
    """Names for sections: the heading, qualified by the title where it alone would not tell."""

    def __init__(self, pages: list[Page]) -> None:
        self._times = Counter(
            _tidy_heading(block.text).casefold() for page in pages for block in page.blocks if block.kind == "heading"
        )
        self._taken: set[str] = set()

    def name(self, page: Page, heading: str) -> str:
        key = heading.casefold()
        if heading == page.title or (self._times[key] <= 1 and not _GENERIC.match(key)):
            return heading
        return f"{heading} ({page.title})"

    def take(self, name: str) -> bool:
        fresh = name.casefold() not in self._taken
        self._taken.add(name.casefold())
        return fresh


def _repeated(pages: list[Page]) -> set[str]:
    """First paragraphs that stand under many different headings: notices, not answers."""
    headings: defaultdict[str, set[str]] = defaultdict(set)
    for page in pages:
        for section in sections_of(page.blocks):
            if section.prose:
                headings[section.prose[0]].add(_tidy_heading(section.heading))
    return {text for text, different in headings.items() if len(different) >= SITE_PAGES}


def _facts(page: Page, names: _Names, repeated: set[str], ledger: Ledger) -> list[FactDraft]:
    facts = []
    for place, section in enumerate(sections_of(page.blocks)):
        heading = _tidy_heading(section.heading) or page.title
        name, where = names.name(page, heading), f"{page.origin}: {heading}"
        summary, body, reason = _taken_apart(section)
        if section.prose and section.prose[0] in repeated:
            reason = "same paragraph under many headings"
        if not reason and (len(name) > LONGEST_NAME or not any(map(str.isalpha, name))):
            reason = "heading is too long or has no letters"
        if not reason and not names.take(name):
            reason = "heading that is there twice"
        if reason:
            ledger.note("facts", reason, where)
            continue
        order = (section.level or 1, page.origin, place)
        facts.append(FactDraft(name, "section", page.title, summary, order, None, body))
    return facts


def collect_pages(settings: CorpusSettings, ledger: Ledger, progress: Progress) -> Collected:
    """Read a folder of Markdown, reStructuredText, text and HTML."""
    pages, read = read_pages(settings, ledger, progress)
    names, repeated = _Names(pages), _repeated(pages)
    documents, seen = [], set()
    for page in pages:
        text = clean_text(text_of(page.blocks))
        key = text_key(text)
        facts = () if key in seen else tuple(_facts(page, names, repeated, ledger))
        seen.add(key)
        documents.append(DocumentDraft(page.title, "page", page.origin, text, text, facts))
    every = {names.name(page, _tidy_heading(b.text)) for page in pages for b in page.blocks if b.kind == "heading"}
    title = pages[0].title if len(pages) == 1 else (settings.docs or "").rstrip("/").rpartition("/")[2]
    return Collected(
        source="folder",
        description=f"the documentation in {title}",
        selection="every Markdown, reStructuredText, text and HTML file of the folder, links and hidden ones left out",
        fact_order=FACT_ORDER,
        documents=documents,
        names={name for name in every | {page.title for page in pages} if name},
        read=read,
    )

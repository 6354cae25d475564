"""The stages that look at one document at a time: what was found becomes text, is cleaned, and is judged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from chatwright.core.files import read_json
from chatwright.corpus.boilerplate import Cut, without_boilerplate
from chatwright.corpus.clean import clean_text
from chatwright.corpus.collection.deadly import DEADLY
from chatwright.corpus.collection.parts import Made
from chatwright.corpus.collection.settings import LineKind, NameSettings
from chatwright.corpus.contamination import Asked
from chatwright.corpus.judging.language import language_of
from chatwright.corpus.judging.verdicts import Judging, verdicts
from chatwright.corpus.private.kinds import Kind, Name
from chatwright.corpus.private.replace import find_private, replace_private
from chatwright.corpus.segment import segmented
from chatwright.corpus.web.main_text import main_text

_TEMPLATE = re.compile("en(-.*)?", re.IGNORECASE)  # what templates declare, whatever is written in them
DECONTAMINATED = {"text": pa.large_string(), "asked": pa.float64()}  # what `decontaminate` makes


def extract(
    formats: Sequence[str],
    contents: Sequence[bytes],
    charsets: Sequence[str],
    titles: Sequence[str],
    dates: Sequence[str],
    languages: Sequence[str],
) -> Made:
    """What was found, as text: of a web page the main part, of other formats all."""
    made = _empty("text", "title", "date", "language", "format")
    for format_, content, charset, title, date, language in zip(
        formats, contents, charsets, titles, dates, languages, strict=True
    ):
        text, rule = "", None
        if format_ == "html":
            page = main_text(content, charset)
            text, title, date = page.text, title or page.title, date or page.date
            language = language or ("" if _TEMPLATE.fullmatch(page.language) else page.language)
            rule = None if text.strip() else "a page without main text"
        elif format_ == DEADLY:
            rule = "reading it ends the process"
        else:
            text = content.decode("utf-8", "replace")
        _add(made, rule, text=text, title=title, date=date, language=language, format=format_)
    return made


def clean(
    texts: Sequence[str], formats: Sequence[str], urls: Sequence[str], *, boilerplate: Sequence[LineKind] = ()
) -> Made:
    """Texts with repaired Unicode and tidy white space, those of web pages without lines of `boilerplate`.

    `cut` holds the lines that went and their kinds. Texts of which nothing is left go.
    """
    made = _empty("text", "cut")
    for text, format_, url in zip(texts, formats, urls, strict=True):
        tidy, cut = clean_text(text), list[Cut]()
        if boilerplate and (format_ == "html" or url):
            tidy, cut = without_boilerplate(tidy, boilerplate)
            tidy = clean_text(tidy) if cut else tidy
        why = "every line is boilerplate" if cut and not tidy else ""
        lines = [{"kind": kind, "line": line} for kind, line in cut]
        _add(made, None if tidy else "nothing left", why=why, text=tidy, cut=lines)
    return made


def judge(
    texts: Sequence[str], titles: Sequence[str], languages: Sequence[str], urls: Sequence[str], *, by: Judging
) -> Made:
    """Texts in which `by` finds no fault, with personal data replaced; `quality` is null where no classifier scored.

    The first rule that a text breaks is told. `private` names the kind of every placeholder, `measures` is what the
    rules look at. What a source says of its language goes before what a text looks like.
    """
    spoken = [language_of(text, said) for text, said in zip(texts, languages, strict=True)]
    judged = verdicts(texts, spoken, urls, by)
    faults = [judged.faults.get(number) for number in range(len(texts))]
    stays = [number for number, fault in enumerate(faults) if fault is None]
    written, named, replaced = list(texts), list(titles), [list[Kind | Name]() for _ in texts]
    if by.private:
        for number in stays:
            written[number], replaced[number] = _without_private(texts[number], by.private)
            named[number], _ = _without_private(titles[number], by.private)
    if by.names:
        for number in stays:
            if spoken[number][0] == by.names.language:
                written[number], names = _without_names(written[number], by.names)
                named[number], _ = _without_names(named[number], by.names)
                replaced[number] += names
    if by.segment:  # last, as what is cut in two would not be found
        for number in stays:
            written[number] = segmented(written[number], spoken[number][0], by.segment)
    return {
        "text": written,
        "title": named,
        "language": [language for language, _ in spoken],
        "private": replaced,
        "quality": [judged.scores.get(number) for number in range(len(texts))],
        "measures": judged.measures,
        "rule": [fault and fault.rule for fault in faults],
        "value": [fault and fault.value for fault in faults],
        "limit": [fault and fault.limit for fault in faults],
        "why": [fault.why if fault else "" for fault in faults],
    }


def _without_private(text: str, kinds: Sequence[Kind]) -> tuple[str, list[Kind | Name]]:
    """The text with placeholders, and the kind of each."""
    spans = find_private(text, kinds) if text else []
    return (replace_private(text, spans)[0], [span.kind for span in spans]) if spans else (text, [])


def _without_names(text: str, by: NameSettings) -> tuple[str, list[Name]]:
    from chatwright.corpus.private.names import replace_names  # loads spaCy

    return replace_names(text, by.model, by.language, by.kinds)


def decontaminate(
    ids: Sequence[str], texts: Sequence[str], *, asked: str, share: float, near: str, similarity: float
) -> Made:
    """Texts of whose words no more than a `share` is in runs that are asked, and that are not nearly what is asked.

    The file `asked` holds the runs' hashes; `near` says which texts (by id) are so similar to which items.
    """
    made, like = _empty("text", "asked"), _near(near)
    for name, text in zip(ids, texts, strict=True):
        found = _asked(asked).share(text)
        if found > share:
            _add(made, "holds what is asked", found, share, text=text, asked=found)
        elif name in like:
            item, alike = like[name]
            _add(made, "nearly what is asked", alike, similarity, f"the item {item}", text=text, asked=found)
        else:
            _add(made, text=text, asked=found)
    return made


@cache
def _asked(path: str) -> Asked:
    return Asked.load(Path(path))


@cache
def _near(path: str) -> dict[str, tuple[str, float]]:
    return {name: (item, similarity) for name, (item, similarity) in read_json(Path(path)).items()}


def _empty(*names: str) -> Made:
    return {name: [] for name in (*names, "rule", "value", "limit", "why")}


def _add(
    made: Made,
    rule: str | None = None,
    value: float | None = None,
    limit: float | None = None,
    why: str = "",
    **columns: Any,
) -> None:
    for name, cell in {**columns, "rule": rule, "value": value, "limit": limit, "why": why}.items():
        made[name].append(cell)

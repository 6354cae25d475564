"""Cleaning of text: Unicode repaired, control characters out, white space in order."""

from __future__ import annotations

import hashlib
import re
import unicodedata

import ftfy
from ftfy.badness import is_bad

# Everything below space but \n and \t, DEL, and the marks that only steer display.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2060\ufeff\ufff9-\ufffb\ufffe\uffff]")
_LATE_CONTROL = re.compile("[\x80-\x9f]")  # the C1 block: often a sign of wrong decoding, so needed until repaired
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n?|[\u2028\u2029\x85]")
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u2060\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]"
)  # all of these
_TRAILING = re.compile(r"(?<![ \t\u00a0])[ \t\u00a0]+$", re.MULTILINE)  # looking back keeps long runs linear
_BLANK = re.compile(r"\n{3,}")
_WHITE = re.compile(r"\s+")
# Long stretches of ASCII and of Han or kana show no wrong decoding; what stands beside other characters may, so 5 stay.
_PLAIN = r"[\x00-\x7f\u3000-\u9fff\uff00-\uffef]"
_STRETCH = re.compile(f"({_PLAIN}{{5}}){_PLAIN}+({_PLAIN}{{5}})")
_NOT_PLAIN = re.compile(_PLAIN.replace("[", "[^"))
_ROUNDS = 3


def clean_text(text: str) -> str:
    """Repair and tidy a text, keeping its lines and indentation.

    Promises: NFC, no control characters but newline and tab, no lone surrogates, no trailing
    spaces, at most one blank line in a row, no blank lines around; cleaning twice changes nothing
    (save in text that was decoded wrongly several times over).
    Text decoded with the wrong character set is repaired (ftfy) only where it looks like that.
    """
    if _ODD.search(text):  # one look at the text instead of three
        text = _CONTROL.sub("", _LINE_END.sub("\n", _SURROGATE.sub("\ufffd", text)))
    if looks_bad(text):
        text = ftfy.fix_encoding(text)
    text = unicodedata.normalize("NFC", _LATE_CONTROL.sub("", text) if _ODD.search(text) else text)
    text = _without_trailing_space(text)
    if "\n\n\n" in text:
        text = _BLANK.sub("\n\n", text)
    return text.strip("\n").rstrip()


def _without_trailing_space(text: str) -> str:
    """No white space before the ends of lines: most texts have one space there or none."""
    for _ in range(_ROUNDS):
        if " \n" not in text:
            break
        text = text.replace(" \n", "\n")
    return _TRAILING.sub("", text) if any(end in text for end in (" \n", "\t\n", "\u00a0\n")) else text


def looks_bad(text: str) -> bool:
    """What ftfy's `is_bad` says (does this look decoded with the wrong character set?), some ten times sooner."""
    return bool(not text.isascii() and _NOT_PLAIN.search(text) and is_bad(_STRETCH.sub(r"\1\n\2", text)))


def one_line(text: str) -> str:
    """The text with every run of white space as one space."""
    return _WHITE.sub(" ", text).strip()


def text_key(text: str) -> str:
    """A hash that is equal for texts that differ in white space only."""
    return hashlib.sha256(one_line(text).encode()).hexdigest()


def identifier(*parts: str) -> str:
    """A short stable id (16 hexadecimal digits) made from the parts."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]

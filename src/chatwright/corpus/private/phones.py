"""Telephone numbers: shapes that little else has, and other numbers that a word calls a telephone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatwright.corpus.private.patterns import Found
from chatwright.corpus.private.words import nearest_word


def _shape(number: str) -> re.Pattern[str]:
    """A number, maybe an extension, and then neither a word nor more digits."""
    extension = r"(?:,?[ ]?(?:x|ext\.?|extension|Durchwahl|转|分机)[ ]?[0-9]{1,6})?"
    return re.compile(rf"(?P<number>{number}){extension}(?![A-Za-z0-9]|[.,:/%-][0-9])")


# "+" and country code, then groups: ITU-T E.164, at most 15 digits
_INTERNATIONAL = _shape(
    r"(?<![A-Za-z0-9+])\(?(?:\+[ ]?|00[ -]?)[1-9][0-9]*+\)?(?:(?:[ ]?\(0\))?(?:[ ][/-][ ]|[ ./-])?\(?[0-9]++\)?)*+"
)
# North American Numbering Plan: area and exchange begin with 2-9
_AMERICAN = _shape(
    r"(?<![A-Za-z0-9+-])(?<![0-9][.,])(?:1[ .-])?(?:\([2-9][0-9]{2}\)[ ]?|[2-9][0-9]{2}[.-])[2-9][0-9]{2}[.\ -][0-9]{4}"
)
# Chinese mobiles, 11 digits (maybe after 86), and service numbers
_CHINESE = _shape(
    r"(?<![A-Za-z0-9+-])(?<![0-9][.,])(?:86[ -]?)?(?:1[3-9][0-9]{9}|1[3-9][0-9](?P<gap>[ -])[0-9]{4}(?P=gap)[0-9]{4}"
    r"|[48]00-[0-9]{3}-?[0-9]{4}|[48]00-[0-9]{4}-?[0-9]{3})"
)
# With the trunk prefix 0: German, Chinese, French, British, ... areas of 2-5 digits, then groups of two and more
_TRUNK = _shape(
    r"(?<![A-Za-z0-9+/-])(?<![0-9][.,:])(?:"
    r"(?:\(0[1-9][0-9]{1,4}\)[ ]?|(?:0[1-9][0-9]{1,4}|(?<![0-9][ ])0[1-9])[ ]?[ ./-][ ]?)[0-9]{2,8}"
    r"(?:(?![ ]0[0-9]{2,4}[ /-]?[0-9]{5})[ ./-][0-9]{1,8})*+"  # not into the next number of a list
    r"|01[5-7][0-9]{8,9})"  # a German mobile in one piece
)
_ANY = _shape(r"(?<![A-Za-z0-9+])(?<![0-9][.,:])\(?[0-9]++(?:(?:\)[ ]|[ ]\(|\)?[ ./-]?\(?)[0-9]++)*+")

_WORD_AFTER = re.compile(
    r"[\s,-]{0,2}\(?(?:office|fax|telefax|phone|mobile|mobil|cell|handy|landline|desk|voice|tel|festnetz|手机|电话)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:[12][0-9]{3}[-/.](?:0?[1-9]|1[0-2])[-/.][0-3]?[0-9]"
    r"|[0-3]?[0-9][-/.](?:[0-2]?[0-9]|3[01])[-/.](?:[12][0-9])?[0-9]{2}"
    r"|(?:1[0-9]|20)[0-9]{2}[ ]?[-/][ ]?(?:1[0-9]|20)[0-9]{2})(?![0-9])"  # from year to year
)
_AMOUNT = re.compile(
    r"[0-9]+\.[0-9]+\Z"  # 3.14159265
    r"|[0-9]{1,3}(?:[ .][0-9]{3})*[ .]000\Z|[0-9]+000\Z"  # 2 500 000
    r"|[0-9]{1,4}[-/][0-9]{1,3}\Z|[0-9]+00-[0-9]+00\Z"  # 1200-450, 2300-1800
    r"|(?:[0-9]+[ ./-]){2,}[0-9](?:[ ./-]|\Z)"  # 40-14-11-5
)
_AMOUNT_BEFORE = re.compile(r"[$€£¥=*+−<-]\s?\Z")
_AMOUNT_AFTER = re.compile(r"\s?(?:[=*+<$€£¥%元]|万|(?:dollars|euros?|yuan|people|miles|km|kg)\b)")
_PAIRS = re.compile(r"[0-9]{2}(?:[ ./-][0-9]{2}){3}(?:(?:[ ./-][0-9]{2}){2,})?\Z")  # French has five, lotteries six
_MEASURE = re.compile(r"\+[0-9]+\.[0-9]+\Z")
_DIGITS = re.compile("[0-9]")

# Calling codes (ITU-T E.164, list of assigned codes): 1 and 7 stand alone, some pairs too, others go on to a third
_CODES = re.compile(
    "1(?=[2-9])|7|2[07]|3[0-46]|39|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    "|(?:2[1-69]|3[578]|42|5[09]|6[7-9]|8[0578]|9[679])[0-9]"
)
# Digits with the code
_LENGTHS = {"1": (11, 11), "7": (11, 11), "86": (11, 14), "49": (9, 15), "44": (11, 13), "33": (11, 12)}
_OTHER_LENGTHS = (9, 15)
_LONGEST = 40  # characters of an international number
_LEAST, _MOST = 7, 13  # digits of a number that a word calls a telephone


def phones(text: str, start: int, limit: int) -> Iterator[Found]:
    """Telephone numbers that begin at or after `start` and end before `limit`, or at the end of the text."""
    begin = start
    while begin and start - begin < 3 and text[begin - 1] in "+( ":
        begin -= 1
    for pattern in (_INTERNATIONAL, _AMERICAN, _CHINESE, _TRUNK, _ANY):
        for match in pattern.finditer(text, begin, limit):
            if match.end() == limit < len(text):
                continue  # cut off
            if pattern is _INTERNATIONAL:
                end = _international_end(match)
            else:
                end = match.end() if _holds(pattern, match, text) else None
            if end is not None:
                yield _without_brackets(text, match.start(), end)


def _holds(pattern: re.Pattern[str], match: re.Match[str], text: str) -> bool:
    """Whether a shape, other than the international one, is a telephone here."""
    number = match.group("number")
    count = len(_DIGITS.findall(number))
    if _DATE.match(number.lstrip("(")):
        return False
    word = nearest_word(text, match.start())
    if pattern is _ANY:
        told = word == "phone" or (word is None and _WORD_AFTER.match(text, match.end()) is not None)
        return told and _LEAST <= count <= _MOST and not _is_amount(match, text)
    if word in ("other", "card", "identity"):
        return False
    return pattern is not _TRUNK or (9 <= count <= 12 and not _PAIRS.match(number))


def _without_brackets(text: str, start: int, end: int) -> Found:
    """The number without brackets around the whole of it; (212) 555-0123 keeps its own."""
    if text[end - 1] == ")":
        end -= 1
    unclosed = text[start] == "(" and ")" not in text[start:end]
    return start + unclosed, end, "PHONE"


def _is_amount(match: re.Match[str], text: str) -> bool:
    """Whether a number looks like a sum, a range or a measure."""
    return bool(
        _AMOUNT.match(match.group("number"))
        or _AMOUNT_BEFORE.search(text[max(0, match.start() - 2) : match.start()])
        or _AMOUNT_AFTER.match(text, match.end())
    )


def _international_end(match: re.Match[str]) -> int | None:
    """Where an international number ends, without groups too many ("+1 415 682 9034 2 times"); None: it is none."""
    number, end = match.group("number"), match.end()
    if len(number) > _LONGEST:
        number = number[:_LONGEST]  # loses a group that is cut in two, as any too many
    while number and not _is_international(number):
        number = re.sub(r"[^0-9]*[0-9]+[^0-9]*\Z", "", number)
        end = match.start() + len(number)
    return end if number else None


def _is_international(number: str) -> bool:
    """Whether a number that begins with + or 00 has a calling code and as many digits as that country's."""
    digits = "".join(_DIGITS.findall(number.replace("(0)", "")))
    if "+" not in number:
        digits = digits[2:]
    groups = len(re.findall("[0-9]+", number))
    # 0012345678 may be anything padded with zeros, + 907133923 a sum, +6073641856.9 a measure
    if (
        (groups == 1 and not number.lstrip("(").startswith("+"))
        or ("+ " in number and groups < 3)
        or _MEASURE.match(number)
    ):
        return False
    code = _CODES.match(digits)
    if code is None:
        return False
    least, most = _LENGTHS.get(code.group(), _OTHER_LENGTHS)
    return least <= len(digits) <= most

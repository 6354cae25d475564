"""Numbers of people: cards, accounts, identity, telephones; and network addresses, which look like them.

One search finds chains of digits and what may separate them; only those few are looked at closely. Check digits
prove cards, accounts and Chinese identity numbers. Telephones have none: they need a shape that little else has
(+49 30 1234567, (212) 555-0123, 13800138000), or a word nearby that says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from chatwright.corpus.private.patterns import Found, quads
from chatwright.corpus.private.phones import phones
from chatwright.corpus.private.words import nearest_word

_CHAIN = re.compile(r"[0-9](?:[0-9 .()/\-]{5,}[0-9]|[0-9](?<=[A-Za-z]{2}[0-9]{2})[ -]?[A-Za-z0-9]{4})")
_ALONE = "(?<![A-Za-z0-9]){}(?![A-Za-z0-9])"  # letters of other scripts may touch: 身份证号11010519491231002X

_IBAN_START = re.compile("(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}")
_IBAN_REST = re.compile("(?:[ -]?[A-Za-z0-9])+")
# Characters of an account number by country, as in the IBAN Registry of SWIFT
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}

_CARD = re.compile(
    r"(?<![0-9A-Za-z.])(?:[0-9]{12,19}|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{1,3})?"
    r"|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})(?![0-9A-Za-z])(?![.,][0-9])"
)
# Issuers by first digits, with the lengths they use: ISO/IEC 7812, as their published ranges stand
_ISSUERS: tuple[tuple[re.Pattern[str], tuple[int, ...]], ...] = tuple(
    (re.compile(first), lengths)
    for first, lengths in (
        ("4", (13, 16, 19)),  # Visa
        ("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),  # Mastercard
        ("3[47]", (15,)),  # American Express
        ("30[0-5]|309|36|3[89]", (14, 16)),  # Diners
        ("6011|64[4-9]|65|62[2-8]", (16, 19)),  # Discover
        ("62|81", (16, 17, 18, 19)),  # UnionPay
        ("35", (16,)),  # JCB
        ("2131|1800", (15,)),  # JCB of old
        ("50|5[6-9]|6[0-9]", (12, 13, 14, 15, 16, 17, 18, 19)),  # Maestro
        ("220[0-4]", (16, 17, 18, 19)),  # Mir
    )
)
# One number in ten has the right check digit: what is rarer or looser than these needs a word that says it is a card
_USUAL_CARD = re.compile("(?:4[0-9]|5[1-5]|2[2-7]|35|60|64|65)[0-9]{14}|3[47][0-9]{13}|62[0-9]{14,17}")

_CN_ID = re.compile(_ALONE.format(r"[1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9Xx]"))
_CN_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
    ]
) | {*["61", "62", "63", "64", "65", "71", "81", "82", "83"]}
_CN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

# Areas 000, 666 and 900 up were never given out: Social Security Administration, POMS RM 10201.035
_SSN = re.compile(
    r"(?<![A-Za-z0-9.-])(?!000|666|9)[0-9]{3}([ -])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![A-Za-z0-9]|[.-][0-9])"
)

_BEYOND = 24  # characters after a chain that still may belong to a number: "X", "ext. 123"


def numbers(text: str) -> Iterator[Found]:
    """Every reading of every chain of digits; readings may overlap."""
    for chain in _CHAIN.finditer(text):
        start, end = chain.span()
        limit = min(len(text), end + _BEYOND)
        yield from _ibans(text, start)
        yield from (found for found in _of_chain(text, start, limit) if found[0] < end)


def _of_chain(text: str, start: int, limit: int) -> Iterator[Found]:
    """Readings of one chain; a match that ends at the limit may have been cut off by it."""
    if text.count(".", start, limit) >= 3:
        yield from quads(text, start, limit)
    for match in _CN_ID.finditer(text, start, limit):
        if is_chinese_identity(match.group()):
            yield match.start(), match.end(), "CN_ID"
    for match in _SSN.finditer(text, start, limit):
        if match.group(1) == "-" or nearest_word(text, match.start()) == "identity":
            yield match.start(), match.end(), "SSN"
    for match in _CARD.finditer(text, start, limit):
        if _is_card_here(text, match):
            yield match.start(), match.end(), "CARD"
    yield from phones(text, start, limit)


def _ibans(text: str, digits: int) -> Iterator[Found]:
    """The account number whose check digits stand where the chain begins, if there is one."""
    first = _IBAN_START.match(text, max(0, digits - 2)) if digits >= 2 else None
    if first is None or (length := _IBAN_LENGTHS.get(first.group()[:2].upper())) is None:
        return
    rest = _IBAN_REST.match(text, first.end(), first.end() + 2 * length)
    if rest is None:
        return
    seen, end = 4, first.end()
    for character in rest.group():
        end += 1
        seen += character.isalnum()
        if seen == length:
            break
    if seen < length or (text[end : end + 1].isascii() and text[end : end + 1].isalnum()):
        return
    if is_iban(text[first.start() : end]):
        yield first.start(), end, "IBAN"


def _is_card_here(text: str, match: re.Match[str]) -> bool:
    """Whether digits are a card's, by their check digit and the words before them."""
    digits = re.sub("[ -]", "", match.group())
    if not is_card(digits) or len(set(digits)) == 1:
        return False
    word = nearest_word(text, match.start())
    return word == "card" or (word is None and _USUAL_CARD.fullmatch(digits) is not None)


def luhn(digits: str) -> bool:
    """Whether the last digit is right (ISO/IEC 7812-1, annex B).

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """Whether digits without separators have the check digit, the beginning and the length of a card."""
    return luhn(digits) and any(len(digits) in lengths and first.match(digits) for first, lengths in _ISSUERS)


def is_iban(account: str) -> bool:
    """Whether an account number has its country's length and the right check digits (ISO 13616, mod 97).

    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE88 3704 0044 0532 0130 00")
    (True, False)
    """
    plain = re.sub("[ -]", "", account).upper()
    if not (plain.isascii() and plain.isalnum()) or _IBAN_LENGTHS.get(plain[:2]) != len(plain):
        return False
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def is_chinese_identity(number: str) -> bool:
    """Whether 18 characters are a Chinese identity number: province, day of birth, check digit (GB 11643-1999).

    >>> is_chinese_identity("11010519491231002X"), is_chinese_identity("110105194912310021")
    (True, False)
    """
    if not re.fullmatch("[0-9]{17}[0-9Xx]", number) or number[:2] not in _CN_PROVINCES:
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _CN_WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[17].upper()

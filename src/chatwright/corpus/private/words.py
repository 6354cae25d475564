"""Words before a number that say what it is."""

from __future__ import annotations

import re
from typing import Literal, cast

Word = Literal["phone", "card", "identity", "other"]

_WINDOW = 40  # characters before the number that are read

# \w* takes compounds along: Telefonnummer, Bestellnummer. `(?<!<)` leaves out placeholders: <PHONE>
_WORDS = re.compile(
    r"""(?<!<)(?:
    (?P<card>\b(?:cards?|credit|debit|visa|mastercard|maestro|amex|american\ express|cc|kreditkarte\w*|karte\w*
        |girocard)\b
        |卡号|信用卡|银行卡|储蓄卡|借记卡|卡)
    |(?P<identity>\b(?:ssn|social\ security|sozialversicherung\w*|tax(?:payer)?\ id)\b|社保|身份证)
    |(?P<phone>\b(?:(?:tele)?phone\w*|tel|(?:tele)?fax\w*|mobiles?|cell(?:phone)?|hotline|helpline|landline|voicemail
        |pager|whatsapp|signal|sms|texts?|texted|texting|dial\w*|call(?:s|ed|ing|er)?|ring|rang|reach(?:ed|able)?
        |answering|messages?|contact|desk|office
        |(?:my|his|her|our|their|your|\w+['’]s)\ (?:(?:new|old|private|home|work|own)\ )?number
        |tel[eé]fon\w*|t[eé]l[eé]phone|fon|mobil(?:nummer|funk\w*|telefon)?|handy\w*|ruf\w*|anruf\w*|angerufen|zurückruf\w*|erreich\w*
        |durchwahl|festnetz\w*|zentrale|notdienst
        |(?:meine|deine|seine|ihre|unsere|eure)r?\ (?:(?:neue|alte|private)n?\ )?nummer)\b
        |电话|手机|传真|致电|拨打|联系|热线|座机|来电|打给|短信|微信|客服|固话|呼叫)
    |(?P<other>\b(?:isbn|issn|doi|pmid|arxiv|orders?|invoices?|serials?|accounts?|ref|references?|tickets?|cases?
        |tracking|parts?|models?|patents?|customers?|members?|membership|polic(?:y|ies)|licen[cs]e|bugs?|issues?
        |builds?|versions?|ids?|sku|ean|upc|gtin|vin|vat|tax|batch|lot|catalog(?:ue)?|article|item|booking
        |confirmation|transactions?|receipts?|parcel|shipment|zip|postcode|postal|coordinates?|latitude|longitude
        |population|votes?|hash|checksum|timestamp|epoch|asin|imei|iccid|barcode|grant|docket|registration|scores?
        |bestell\w*|rechnung\w*|konto\w*|kunden\w*|auftrag\w*|sendung\w*|artikel\w*|aktenzeichen|az|serien\w*
        |vorgang\w*|steuer\w*|beleg\w*|ticket\w*|matrikel\w*|paket\w*|plz|postleitzahl|einwohner\w*|patent\w*
        |inventar\w*|mitglied\w*|buchung\w*|hrb|teile\w*|zähler\w*)\b
        |订单|编号|单号|账号|账户|帐号|快递|运单|发票|书号|学号|工号|条码|条形码|流水号|序列号|邮编|人口|专利
        |合同|房号|车牌|时间戳|群号|QQ)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_FORM = re.compile(r"[^\n]*[:：]\s*")


def nearest_word(text: str, start: int) -> Word | None:
    """What the last telling word before a place says; None where no word tells, or digits or a new line part them.

    A line may end between them after a colon, as in forms.
    """
    window = text[max(0, start - _WINDOW) : start]
    words = list(_WORDS.finditer(window))
    if not words:
        return None
    last = words[-1]
    gap = window[last.end() :]
    if any(character.isdigit() for character in gap) or ("\n" in gap and not _FORM.fullmatch(gap)):
        return None
    return cast(Word, last.lastgroup)

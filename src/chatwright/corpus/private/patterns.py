"""Shapes with a mark of their own: e-mail, web and network addresses, keys.

Python's `re` looks at some tens of megabytes a second at best, `str.find` at a gigabyte: every shape is looked for by
a mark that text without it does not hold ("@", "://", "AKIA"), and only then by its pattern. No pattern matches < or
>, which placeholders are made of.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from chatwright.corpus.private.kinds import Kind

Found = tuple[int, int, Kind]  # characters [start, end)

# One character for one character, so that places stay the same.
_FOLDED = dict(
    zip("０１２３４５６７８９＠．－＋（）：／\u00a0\u202f\u2007\u2010\u2011", "0123456789@.-+():/   --", strict=True)
)

_LETTER = "A-Za-zÀ-ÖØ-öø-ɏ"  # Latin only: Chinese is written without spaces and would run into the address
_DOMAIN = rf"(?:[{_LETTER}0-9](?:[{_LETTER}0-9-]{{0,61}}[{_LETTER}0-9])?\.)+[A-Za-z]{{2,24}}(?![A-Za-z0-9(])"
_AT_DOMAIN = re.compile(f"@{_DOMAIN}")
_LOCAL = re.compile(rf"[{_LETTER}0-9_](?:[{_LETTER}0-9_.%+'-]{{0,63}}) ?\Z")
_WRITTEN_AT = re.compile(r"[(\[] ?(?:at|AT|ät|@) ?[)\]]")  # anna (at) example.org
_WRITTEN_DOMAIN = re.compile(
    rf" ?(?:{_DOMAIN}|(?:[{_LETTER}0-9-]+ ?[(\[] ?(?:dot|DOT|punkt|Punkt) ?[)\]] ?)+[A-Za-z]{{2,24}}(?![A-Za-z0-9]))"
)
# What ends like this is a file or a call, not a domain: logo@2x.png
_NO_DOMAIN = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|css|js|ts|py|html?|json|xml|service|socket|timer)\Z", re.IGNORECASE
)

_CREDENTIALS = re.compile(r"://[^\s/@:<>\"'`]{0,128}:[^\s/@<>\"'`]{1,128}@[A-Za-z0-9\[][^\s<>\"'`，。；）、]*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}\Z")

_QUAD = re.compile(
    r"(?<![A-Za-z0-9.-])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![A-Za-z0-9]|\.\d)"
)
_IP_WORD = re.compile(
    r"\b(?:ip(?:v4)?|address|host|server|ping|ssh|dig|dns|router|gateway|proxy|client|peer|nameserver|resolver|firewall|"
    r"subnet|adresse|rechner)\b|地址|服务器|主机|网关|://",
    re.IGNORECASE,
)
_VERSION_WORD = re.compile(
    r"(?:\b(?:versions?|ver|v|rel|releases?|revision|rev|firmware|build|update|upgrade[ds]?|patch|driver|sdk|api|oid|"
    r"section|chapter|clause|paragraph|article|rule|abschnitt|kapitel|ziffer|absatz|punkt|artikel|firefox|chrome|safari|"
    r"opera|windows|android|ios|java|release-?stand)\b|[§版本级章节条第]号?)[\s.:=\"'(]{0,3}\Z",
    re.IGNORECASE,
)
_SIX = re.compile(r":[0-9A-Fa-f]{0,4}:")
_SIX_WHOLE = re.compile(r"[0-9A-Fa-f:]{2,39}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?")
# Three groups, and one that is longer than a byte: neither std::abs nor ::1 nor the bytes of a fingerprint
_SIX_LIKELY = re.compile(r"(?=.*[0-9A-Fa-f]{3})(?:[^:]*:+){2}")
_SIX_BEFORE = re.compile(r"[0-9A-Fa-f:]{0,39}\Z")

_BODY = "[A-Za-z0-9_-]"
_KEYS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (mark, re.compile(rf"(?<![A-Za-z0-9_-]){pattern}(?![A-Za-z0-9_-])"))
    for mark, pattern in (
        ("AKIA", "AKIA[0-9A-Z]{16}"),  # Amazon
        ("ASIA", "ASIA[0-9A-Z]{16}"),
        ("AIza", f"AIza{_BODY}{{35}}"),  # Google
        ("xox", "xox[abeoprs]-[A-Za-z0-9-]{10,}"),  # Slack
        ("sk-", rf"sk-(?={_BODY}*\d)(?={_BODY}*[A-Za-z]){_BODY}{{20,}}"),  # OpenAI, Anthropic
        ("eyJ", rf"eyJ{_BODY}{{8,}}\.eyJ{_BODY}{{8,}}\.{_BODY}{{8,}}"),  # JSON web token: '{"' in base 64
        ("glpat-", f"glpat-{_BODY}{{20,}}"),  # GitLab
        *((f"gh{kind}_", f"gh{kind}_[A-Za-z0-9]{{36,255}}") for kind in "pousr"),  # GitHub
        ("github_pat_", "github_pat_[A-Za-z0-9_]{22,255}"),
        ("k_live_", "[sr]k_live_[A-Za-z0-9]{16,}"),  # Stripe
        ("k_test_", "[sr]k_test_[A-Za-z0-9]{16,}"),
        ("hf_", "hf_[A-Za-z0-9]{30,}"),  # Hugging Face
        ("npm_", "npm_[A-Za-z0-9]{36}"),
    )
)
_PRIVATE_KEY = re.compile(  # a key holds no other's beginning, or of many each would be looked at up to its end
    r"-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?:[^<>-]|-(?!----BEGIN )){0,20000}?-----END \1PRIVATE KEY(?: BLOCK)?-----"
    r"|(?:\s*[A-Za-z0-9+/=]{20,})+)"  # or cut off
)


def fold(text: str) -> str:
    """The text with full-width digits and signs, no-break spaces and hyphens as ASCII; as long as it was."""
    if not text.isascii():
        for wide, plain in _FOLDED.items():
            if wide in text:
                text = text.replace(wide, plain)
    return text


def addresses(text: str) -> Iterator[Found]:
    """E-mail addresses, web addresses with a password (whole, since what follows may hold more), IP addresses v6."""
    if "@" in text:
        for match in _AT_DOMAIN.finditer(text):
            local = _LOCAL.search(text, max(0, match.start() - 64), match.start())
            if local and local.group()[-1] != " " and local.group() != "git" and not _NO_DOMAIN.search(match.group()):
                yield local.start(), match.end(), "EMAIL"
    for mark in _WRITTEN_AT.finditer(text):
        local = _LOCAL.search(text, max(0, mark.start() - 65), mark.start())
        domain = _WRITTEN_DOMAIN.match(text, mark.end())
        if local and domain:
            yield local.start(), domain.end(), "EMAIL"
    if "://" in text:
        for match in _CREDENTIALS.finditer(text):
            scheme = _SCHEME.search(text, max(0, match.start() - 31), match.start())
            if scheme:
                yield scheme.start(), match.start() + len(match.group().rstrip(".,;:!?)]}")), "URL"
    for match in _SIX.finditer(text):
        yield from _sixes(text, match)


def keys(text: str) -> Iterator[Found]:
    """Keys and tokens of services that mark them, and private keys in PEM or PGP armour."""
    underscore = "_" in text  # prose has none, and one character is found fastest
    for mark, pattern in _KEYS:
        if (underscore or "_" not in mark) and mark in text:
            for match in pattern.finditer(text):
                yield match.start(), match.end(), "API_KEY"
    if "-----BEGIN " in text:
        for match in _PRIVATE_KEY.finditer(text):
            yield match.start(), match.end(), "API_KEY"


def quads(text: str, start: int, end: int) -> Iterator[Found]:
    """IP addresses v4 within [start, end), not those that read like a version or a section."""
    for match in _QUAD.finditer(text, start, end):
        parts = match.group().split(".")
        octets = [int(part) for part in parts]
        if octets[0] in (0, 127, 255) or any(len(part) > 1 and part[0] == "0" for part in parts):
            continue  # nobody's, or no address
        before = text[max(0, match.start() - 32) : match.start()]
        named = _IP_WORD.search(before)
        if not named and (max(octets) < 20 or _VERSION_WORD.search(before)):
            continue
        yield match.start(), match.end(), "IP"


def _sixes(text: str, colons: re.Match[str]) -> Iterator[Found]:
    """The IP address v6 around two colons, if there is one and it starts there or before."""
    before = _SIX_BEFORE.search(text, max(0, colons.start() - 39), colons.start())
    assert before is not None  # it may be empty
    whole = _SIX_WHOLE.match(text, before.start())
    if whole is None or (whole.start() and (text[whole.start() - 1].isalnum() or text[whole.start() - 1] in "_.:")):
        return
    group = whole.group().rstrip(":") if not whole.group().endswith("::") else whole.group()
    end = whole.start() + len(group)
    if text[end : end + 1].isalnum() or text[end : end + 1] == "_" or not _SIX_LIKELY.match(group):
        return
    try:
        ipaddress.IPv6Address(group)
    except ValueError:
        return
    yield whole.start(), end, "IP"

"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from unicodedata import category

DASH = "\u2013"
_INKLESS = ("Cc", "Cf", "Cn", "Co", "Zs", "Zl", "Zp")
_PREFIXES = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def number(value: float) -> str:
    """A plain number: counts with thousands' commas, others with up to four significant digits.

    >>> number(1234567), number(0.012345), number(3.0)
    ('1,234,567', '0.01235', '3')
    """
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def scaled(value: float, unit: str) -> str:
    """A number with an SI prefix and three significant digits.

    >>> scaled(1.234e15, "FLOP"), scaled(950, "B")
    ('1.23 PFLOP', '950 B')
    """
    for size, prefix in _PREFIXES:
        if abs(value) >= size:
            return f"{value / size:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}"


def short(value: float) -> str:
    """A number as it stands at an axis.

    >>> short(0.25), short(1500), short(2_000_000)
    ('0.25', '1.5k', '2M')
    """
    return f"{value:g}" if abs(value) < 1000 else scaled(value, "").replace(" ", "")


def percent(share: float) -> str:
    """A share in [0, 1] as a percentage with a decimal; never rounded up to a full 100%.

    >>> percent(0.9812), percent(0.99999), percent(1.0)
    ('98.1%', '99.9%', '100%')
    """
    if share == 1:
        return "100%"
    return f"{min(share * 100, 99.9):.1f}%"


def duration(seconds: float) -> str:
    """A time span in its two largest units.

    >>> duration(0.25), duration(42), duration(62), duration(3700)
    ('0.25 s', '42 s', '1 min 2 s', '1 h 1 min')
    """
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def measure(value: float, unit: str) -> str:
    """A figure in its unit, as scores carry it."""
    if unit == "share":
        return percent(value)
    if unit == "0 to 1":
        return f"{value:.3f}"
    if unit == "0 to 100":
        return f"{value:.1f}"
    if unit == "seconds":
        return duration(value)
    if unit.startswith("FLOP"):
        return scaled(value, unit)
    return f"{number(value)} {unit}".strip()


def sentence(text: str) -> str:
    """A phrase with a capital and a full stop.

    >>> sentence("the documentation of Python")
    'The documentation of Python.'
    """
    return text if not text else f"{text[0].upper()}{text[1:].rstrip('.')}."


def moment(created: str) -> str:
    """A time in ISO 8601 to the minute.

    >>> moment("2026-11-23T19:22:05+00:00")
    '2026-11-23 19:22 UTC'
    """
    return f"{datetime.fromisoformat(created).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def words(key: str) -> str:
    """A field name as words: ``train_seconds`` and ``held-out`` read as text."""
    return key.replace("_", " ").replace(".", " \u203a ")


def visible(text: str) -> str:
    """Text in which also that is seen which leaves no ink: control and format characters, and spaces of other widths.

    >>> visible("a\\u200b b\\u00a0c")
    'a[U+200B] b[U+00A0]c'
    """
    spelt = (f"[U+{ord(sign):04X}]" if sign not in " \n\t" and category(sign) in _INKLESS else sign for sign in text)
    return "".join(spelt).replace("\t", "\u21e5\t").replace("\n", "\u21b5\n")


def rows(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Any nest of settings or figures as rows of a table, in order: (name, text)."""
    table: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            table += rows(value, f"{name}.")
        else:
            inside_seconds = prefix.endswith("seconds.")  # {"seconds": {"pretrain": 95.0, ...}}
            table.append((words(name), _text("seconds" if inside_seconds else key, value)))
    return table


def _text(key: str, value: Any) -> str:
    if value is None or value == "" or value == []:
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number_text(key, value)
    if isinstance(value, list | tuple):
        return ", ".join(_text("", item) for item in value)
    if isinstance(value, Mapping):  # inside a list
        return "; ".join(f"{name}: {text}" for name, text in rows(value))
    return str(value)


def _number_text(key: str, value: float) -> str:
    if key.endswith("flops_per_second"):
        return scaled(value, "FLOP/s")
    if key.endswith("flops"):
        return scaled(value, "FLOP")
    if key.endswith("bytes"):
        return scaled(value, "B")
    if key == "seconds" or (key.endswith("_seconds") and value >= 1):
        return duration(value)
    if key.endswith("_share") and 0 <= value <= 1:
        return percent(value)
    return number(value)

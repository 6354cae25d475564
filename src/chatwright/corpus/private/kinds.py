"""The kinds of personal data that are known. Loads nothing."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["API_KEY", "URL", "EMAIL", "IBAN", "CN_ID", "SSN", "CARD", "IP", "PHONE"]

# In order: of two readings of the same characters the earlier one is the more specific.
KINDS: tuple[Kind, ...] = get_args(Kind)

Name = Literal["PERSON", "LOCATION"]  # has no shape: only a model finds it

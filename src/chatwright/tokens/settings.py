"""Settings of the tokenizer and of packing. Loads no torch."""

from __future__ import annotations

from pydantic import Field

from chatwright.core.settings import Settings


class TokenizerSettings(Settings):
    """How the vocabulary is learnt."""

    vocabulary_size: int = Field(4096, ge=300, le=65_000, description="tokens, control tokens and 256 bytes included")
    examples: int = Field(40_000, ge=0, description="conversations that are learnt from beside the documents")


class PackingSettings(Settings):
    """How sequences are laid into rows."""

    row_tokens: int = Field(128, ge=16, description="T, tokens a row predicts")
    source_tokens: int = Field(128, ge=16, description="S, places of a row for sources, where there are pairs")
    open_rows: int = Field(64, ge=1, description="rows that are kept open while looking for the best fit")

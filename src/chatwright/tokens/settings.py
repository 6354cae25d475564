"""Settings of the tokenizer and of packing. Loads no torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from chatwright.core.settings import Settings


class TokenizerSettings(Settings):
    """How the vocabulary is learnt."""

    vocabulary_size: int = Field(4096, ge=300, le=65_000, description="tokens, control tokens and 256 bytes included")
    words: Literal["llama3", "gpt2"] = Field(
        "llama3", description="how text is cut before merges are learnt; gpt2: as GPT2Tokenizer does"
    )
    examples: int = Field(40_000, ge=0, description="conversations that are learnt from beside the documents")


class PackingSettings(Settings):
    """How sequences are laid into rows."""

    row_tokens: int = Field(128, ge=16, description="T, tokens a row predicts")
    source_tokens: int = Field(128, ge=16, description="S, places of a row for sources, where there are pairs")
    open_rows: int = Field(64, ge=1, description="rows that are kept open while looking for the best fit")


class DenoisingSettings(Settings):
    """How gaps are made in a text that a model learns to fill (T5, arXiv 1910.10683)."""

    hidden: float = Field(0.15, gt=0, lt=1, description="share of the tokens that gaps hide")
    mean_span: float = Field(3.0, ge=1, description="tokens in a gap, on average")
    sentence_share: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the steps that ask for the sentence that tells most of a text instead (arXiv 1912.08777)",
    )
    kept_sentences: float = Field(
        0.5, ge=0, le=1, description="of these sentences the share that stays in the text, to be found and copied"
    )
    told_share: float = Field(
        0.0, ge=0, le=0.5, description="of a text, share of the tokens in sentences asked for at once; one at least"
    )
    cloze_share: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the steps that ask what a gap in a sentence before the text hides (arXiv 1804.00720)",
    )
    clozes: int = Field(3, ge=1, description="sentences of a text that are asked about in this way, at most")

    @model_validator(mode="after")
    def _gaps_are_left(self) -> DenoisingSettings:
        if self.sentence_share + self.cloze_share >= 1:
            raise ValueError(
                f"sentence_share ({self.sentence_share}) and cloze_share ({self.cloze_share}) leave no step to gaps"
            )
        return self


class MaskingSettings(Settings):
    """What masked pretraining hides (BERT, arXiv 1810.04805; higher shares: arXiv 2202.08005)."""

    causal_share: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the steps, the first ones, that ask for the next token instead (arXiv 2507.00994)",
    )
    masked: float = Field(0.3, gt=0, lt=1, description="share of the tokens that have to be found again")
    mask_share: float = Field(1.0, ge=0, le=1, description="of these, the share shown as the mask token")
    random_share: float = Field(
        0.0, ge=0, le=1, description="of these, the share shown as a random token; the others are shown as they are"
    )
    whole_words: bool = Field(True, description="all tokens of a word together; in Chinese, of a segmented word")

    @model_validator(mode="after")
    def _shares(self) -> MaskingSettings:
        if self.mask_share + self.random_share > 1:
            raise ValueError(f"mask_share ({self.mask_share}) and random_share ({self.random_share}) exceed 1 together")
        return self

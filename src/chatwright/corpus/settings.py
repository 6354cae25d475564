"""Settings of the corpus and of the chat examples made from it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from chatwright.core.settings import Settings


class CorpusSettings(Settings):
    """What is read, and how it is split."""

    source: Literal["python-docs", "folder"] = Field(
        "python-docs", description="the documentation of the running Python, or a folder of text"
    )
    docs: str | None = Field(None, description="the folder to read, for source = 'folder'")
    license: str | None = Field(None, description="licence of the text (SPDX identifier), told by the model card")
    modules: tuple[str, ...] = Field(
        (), description="read only these top-level modules of the standard library; empty reads all"
    )
    module_timeout_seconds: float = Field(
        20.0, gt=0, description="seconds that importing and reading one module may take"
    )
    max_file_megabytes: float = Field(20.0, gt=0, description="longer files are left out (10^6 bytes)")
    validation_fraction: float = Field(
        0.05, ge=0, le=0.5, description="share of the documents, beside held-out facts', kept for validation"
    )
    held_out_fraction: float = Field(0.08, ge=0, le=0.5, description="share of the facts that training never sees")
    minimum_facts: int = Field(20, ge=1, description="facts below which training makes no sense")
    minimum_characters: int = Field(5_000, ge=1, description="characters below which training makes no sense")


class ChatSettings(Settings):
    """How many conversations of each task are made. Weights are conversations per fact and round."""

    what: float = Field(0.34, ge=0, description="'what does X do', conversations per fact and round")
    which: float = Field(0.41, ge=0, description="description to name, conversations per fact and round")
    arguments: float = Field(0.2, ge=0, description="signatures, conversations per fact and round")
    follow_up: float = Field(1.7, ge=0, description="dialogues, conversations per fact and round")
    summary: float = Field(0.04, ge=0, description="summaries, conversations per fact and round")
    unknown: float = Field(0.8, ge=0, description="made-up names, conversations per fact and round")
    ambiguous: float = Field(2.0, ge=0, description="short names, conversations per ambiguous name and round")
    small_talk_share: float = Field(
        0.025, ge=0, lt=0.5, description="share of greetings and the like in all conversations"
    )
    short_name_share: float = Field(
        0.05, ge=0, le=1, description="share of questions that use a unique last part for a full name"
    )
    ambiguous_names: int = Field(150, ge=0, description="most short names that get an ambiguous answer")
    well_known_facts: int = Field(
        2_000, ge=0, description="facts in rank order whose last part may be meant by the name of a built-in"
    )
    maximum_signature_characters: int = Field(120, ge=10, description="longer signatures are not asked for")
    maximum_body_characters: int = Field(
        500, ge=50, description="text to be summarised is cut to this length at a sentence's end"
    )
    maximum_difference_characters: int = Field(200, ge=50, description="longest answer to 'how is it different'")
    evaluation_pair_share: float = Field(
        0.2, gt=0, lt=1, description="share of the pairs of facts that only questions may compare"
    )
    questions_per_task: int = Field(500, ge=1, description="most questions of one task in the evaluation")


class PairSettings(Settings):
    """Which pairs are learnt: a source and what is made of it."""

    name: Literal["multi30k", "tatoeba-en-zh", "dialogsum", "csl-title-zh", "cmrc2018"] = Field(
        "multi30k", description="the data set, as the folder of public data names it"
    )
    data: str | None = Field(None, description="the folder of public data sets (--data DIR, or CHATWRIGHT_DATA)")
    source: str = Field("en", min_length=1, description="language of what is read")
    target: str = Field("de", min_length=1, description="language of what is written")
    tokenised: bool = Field(True, description="punctuation normalised and split off as the Moses scripts do")
    lower: bool = Field(True, description="in lower case")
    texts: tuple[
        Literal["csl-title-zh", "cmrc2018", "dialogsum", "alpaca-en", "alpaca-zh", "dolly", "everyday-zh"], ...
    ] = Field(
        (), description="data sets whose text the vocabulary and the filling of gaps read too (plan.denoise_share)"
    )

    @model_validator(mode="after")
    def _texts_are_others_and_stand_alike(self) -> PairSettings:
        if self.name in self.texts:
            raise ValueError(f"texts name {self.name} itself, whose training side is read anyway")
        if self.texts and (self.tokenised or self.lower):
            raise ValueError("texts are read as they stand: set tokenised and lower to false")
        return self


class LabelSettings(Settings):
    """Which labelled texts are learnt."""

    name: Literal["davidson-hate", "surge-toxicity", "cold-zh", "tnews", "eprstmt"] = Field(
        "davidson-hate", description="the data set, as the folder of public data names it"
    )
    data: str | None = Field(None, description="the folder of public data sets (--data DIR, or CHATWRIGHT_DATA)")
    folds: int = Field(5, ge=2, le=20, description="parts that take turns in being asked, where no split is published")


class MessageSettings(Settings):
    """Which conversations are learnt."""

    names: tuple[
        Literal[
            "alpaca-en",
            "alpaca-zh",
            "dolly",
            "instruct-demo",
            "everyday-en",
            "everyday-zh",
            "everyday-de",
            "service-en",
        ],
        ...,
    ] = Field((), description="data sets below the folder of public data")
    files: tuple[str, ...] = Field((), description="files of one's own: JSON Lines, JSON, CSV, parquet (--file FILE)")
    data: str | None = Field(None, description="the folder of public data sets (--data DIR, or CHATWRIGHT_DATA)")
    most: int | None = Field(None, ge=1, description="conversations of one source at most; none: all")
    held_out: float = Field(
        0.02, gt=0, le=0.3, description="share kept for the test, and as much for validation, by a hash"
    )
    both_sides: bool = Field(False, description="learn what the user says too, as in talks between equals")
    choices: int = Field(
        0, ge=0, le=100, description="in the test the right answer has to be found among so many; 0: it is not asked"
    )
    samples: int = Field(20, ge=0, description="answers to test questions that are written and shown")

    @field_validator("choices")
    @classmethod
    def _a_choice_has_two(cls, value: int) -> int:
        if value == 1:
            raise ValueError("one answer is no choice: set 0, or 2 and more")
        return value


class TextSettings(Settings):
    """Which text is read, and by what kind of model."""

    names: tuple[Literal["gutenberg", "wikitext-2"], ...] = Field(
        (), description="collections below the folder of public data"
    )
    docs: str | None = Field(None, description="a folder of books, .txt or .md (--docs FOLDER)")
    data: str | None = Field(None, description="the folder of public data sets (--data DIR, or CHATWRIGHT_DATA)")
    license: str | None = Field(None, description="licence of the text (SPDX identifier), told by the model card")
    objective: Literal["causal", "masked"] = Field(
        "causal", description="causal: which token comes next (a decoder); masked: which is hidden (an encoder)"
    )
    shape: Literal["qwen3", "gpt2"] = Field("qwen3", description="the stock architecture of a decoder")
    passage_characters: int = Field(4_000, ge=200, description="documents are cut into passages of about this length")
    held_out: float = Field(0.03, gt=0, lt=0.5, description="share of the passages kept for validation, by a hash")
    minimum_characters: int = Field(20_000, ge=1, description="characters below which training makes no sense")
    samples: int = Field(8, ge=0, description="beginnings of unread passages that the model goes on from")

    @model_validator(mode="after")
    def _an_encoder_has_its_own_shape(self) -> TextSettings:
        if self.objective == "masked" and self.shape != "qwen3":
            raise ValueError(f"shape ({self.shape}) is a decoder's; objective = 'masked' trains an encoder")
        return self


class EngineSettings(Settings):
    """Where a corpus is worked on, and in parts of which size."""

    runner: Literal["native", "ray"] = Field("native", description="native: this machine; ray: a cluster of Ray")
    address: str | None = Field(None, description="of the Ray cluster; none: one that is started here")
    threads: int | None = Field(None, ge=1, description="none: every core")
    part_megabytes: float = Field(8.0, gt=0, description="size of a part, which one process works on (10^6 bytes)")


class DuplicateSettings(Settings):
    """Which texts are taken for copies (MinHash: Broder 1997; bands as in arXiv 2406.17557)."""

    shingle: int = Field(5, ge=1, description="words in a shingle; in Chinese, characters")
    bands: int = Field(14, ge=1, description="groups of hashes, one of which has to be equal for texts to be compared")
    rows: int = Field(8, ge=1, description="hashes in a band")
    similarity: float = Field(0.7, gt=0, le=1, description="Jaccard similarity from which a text is a copy")

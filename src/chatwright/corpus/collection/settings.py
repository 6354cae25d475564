"""Settings of a collection: its sources, and what becomes of what they hold. Loads pydantic and nothing else."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from chatwright.core.settings import Settings
from chatwright.corpus.fetching.addresses import checked
from chatwright.corpus.fetching.settings import FetchSettings
from chatwright.corpus.private.kinds import KINDS, Kind, Name
from chatwright.corpus.readers.found import Broken
from chatwright.corpus.readers.settings import Columns, Limits
from chatwright.corpus.settings import DuplicateSettings, EngineSettings

_KINDS = ("path", "urls", "feed", "dataset")


class SourceSettings(Settings):
    """Documents of one kind and origin: files, or pages, a feed or a data set that are fetched."""

    name: str = Field(min_length=1, description="tells this source from the others")
    path: str = Field("", description="a file, a folder or a pattern; below the folder of --data DIR")
    urls: str | tuple[str, ...] = Field(
        (), description="addresses of the web; or a text file of them, one a line, below the folder of --data DIR"
    )
    feed: str = Field("", description="the address of a feed (RSS, Atom)")
    entries: Literal["pages", "contents"] = Field(
        "pages", description="of a feed: the pages that its entries link to, or what the entries hold themselves"
    )
    dataset: str = Field("", description="a data set of the hub by name, or a folder in its layout below --data DIR")
    subset: str = Field("", description="of a data set: which of its configurations")
    split: str = Field("train", min_length=1, description="of a data set: which of its splits")
    rows: int = Field(10_000, ge=1, description="of a data set: how many rows at most, from the first on")
    revision: str = Field("", description="of a data set: a commit, branch or tag; none: the newest")
    language: str = Field("", description="two letters; none: told from each text")
    license: str = Field("", description="licence of the texts (SPDX identifier), where they do not name their own")
    weight: float = Field(1.0, gt=0, le=100, description="how often a text is read; below 1, such a share of them")
    begins: str = Field("", description="pattern of the lines that begin a document, in files that hold several")
    columns: Columns = Columns()

    @field_validator("urls")
    @classmethod
    def _one_is_a_list(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        return (value,) if isinstance(value, str) and "://" in value else value

    @model_validator(mode="after")
    def _one_kind(self) -> SourceSettings:
        kinds = [kind for kind in _KINDS if getattr(self, kind)]
        wrong = []
        if len(kinds) != 1:
            wrong.append(f"has to name one of {', '.join(_KINDS)}; it names {' and '.join(kinds) or 'none'}")
        for kind, others in {"feed": ("entries",), "dataset": ("subset", "split", "rows", "revision")}.items():
            if kind not in kinds:
                wrong += [f"{name} belongs to a {kind}" for name in others if name in self.model_fields_set]
        for address in (*(self.urls if isinstance(self.urls, tuple) else ()), *([self.feed] if self.feed else [])):
            try:
                checked(address)
            except Broken as problem:
                wrong.append(f"{address!r} cannot be fetched: {problem.rule}, {problem.why}")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @field_validator("begins")
    @classmethod
    def _a_pattern(cls, value: str) -> str:
        try:
            re.compile(f"^(?:{value})", re.MULTILINE)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        return value


LineKind = Literal["javascript", "policy", "rights", "sharing", "credits", "navigation"]


Segment = Literal["", "sentences", "words"]


class CleanSettings(Settings):
    """What is taken out of texts."""

    boilerplate: tuple[LineKind, ...] = Field(
        (), description="kinds of lines that go from texts of web pages: HTML, and what has an address (url)"
    )


class LimitSettings(Settings):
    """What a measure may be."""

    least: float | None = Field(None, description="none: as little as it likes")
    most: float | None = Field(None, description="none: as much as it likes")


class QualitySettings(Settings):
    """A classifier that learns from examples which texts are good."""

    good: str = Field(min_length=1, description="good texts: a file, a folder or a pattern; below --data DIR")
    bad: str = Field(min_length=1, description="bad texts, told in the same way")
    least: float = Field(0.5, ge=0, le=1, description="score from which a text stays: 0 is bad, 1 is good")
    columns: Columns = Columns()


class NameSettings(Settings):
    """Names of people and places, found by Presidio: a hundred times slower than all else together."""

    model: str = Field("en_core_web_sm", min_length=1, description="a model of spaCy, or a folder that holds one")
    language: str = Field("en", min_length=2, max_length=2, description="of the texts that are looked through")
    kinds: tuple[Name, ...] = Field(("PERSON", "LOCATION"), description="what is replaced by placeholders")


class JudgeSettings(Settings):
    """Which texts stay."""

    languages: tuple[str, ...] = Field(("en", "zh"), description="two letters each; none: every language")
    least_score: float = Field(0.65, ge=0, le=1, description="how sure the language has to be (FineWeb: 0.65)")
    off: tuple[str, ...] = Field(
        (), description="rules that are not asked, by name, or all of a paper (gopher, c4, fineweb)"
    )
    limits: dict[str, LimitSettings] = Field({}, description="other limits of rules, by name: {least = …, most = …}")
    private: tuple[Kind, ...] = Field(KINDS, description="personal data that is replaced by placeholders")
    names: NameSettings | None = Field(None, description="replace names too (pip install 'chatwright[presidio]')")
    blocklists: tuple[str, ...] = Field(
        (), description="files below --data DIR with a word or phrase a line, which texts must not hold"
    )
    blocked_share: float = Field(
        0.0, ge=0, lt=1, description="share of a text's characters that may be in such words (C4: 0)"
    )
    blocked_hosts: str | tuple[str, ...] = Field(
        (), description="hosts that pages must not be from, nor from below them; or a file with one a line"
    )
    quality: QualitySettings | None = Field(None, description="learn from examples which texts are good")


class ContaminationSettings(Settings):
    """Which texts hold what a model will be asked (arXiv 2005.14165, appendix C)."""

    words: int = Field(13, ge=2, description="words in a run that a text must not share with an evaluation set")
    least: int = Field(8, ge=1, description="words of a shorter item from which the whole of it is such a run")
    share: float = Field(0.0, ge=0, lt=1, description="share of a text's words that may be in such runs")


class CollectionSettings(Settings):
    """A corpus out of files of many kinds."""

    sources: tuple[SourceSettings, ...] = Field((), description="what is read")
    evaluated: tuple[SourceSettings, ...] = Field(
        (), description="what models will be asked: texts that hold any of it go"
    )
    fetch: FetchSettings = FetchSettings()
    limits: Limits = Limits()
    engine: EngineSettings = EngineSettings()
    clean: CleanSettings = CleanSettings()
    judge: JudgeSettings = JudgeSettings()
    segment: Segment = Field(
        "",
        description="one sentence a line, or spaces between Chinese words, in texts that were judged; none: as it is",
    )
    duplicates: DuplicateSettings = DuplicateSettings()
    contamination: ContaminationSettings = ContaminationSettings()

    @model_validator(mode="after")
    def _names_differ(self) -> CollectionSettings:
        for sources in (self.sources, self.evaluated):
            names = [source.name for source in sources]
            if len(set(names)) < len(names):
                raise ValueError("two sources have the same name")
        return self

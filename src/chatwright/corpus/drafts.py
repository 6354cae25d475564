"""What a source hands over: documents with the facts found in them, before cleaning and splitting."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class FactDraft:
    """A name and what is said about it. `order` sorts facts: the smallest is asked first."""

    name: str
    kind: str
    module: str
    summary: str
    order: tuple[int | str, ...]
    signature: str | None = None
    body: str | None = None


@dataclass(frozen=True)
class DocumentDraft:
    """A text to read. `content` is what makes two documents the same (the text without its name)."""

    title: str
    kind: str
    origin: str
    text: str
    content: str
    facts: tuple[FactDraft, ...] = ()
    may_be_held_out: bool = True


@dataclass(frozen=True)
class Collected:
    """Everything that one source gave."""

    source: str
    description: str  # in words, to follow "trained on"
    selection: str  # the rule by which documents were taken, in words
    fact_order: str  # the rule behind `FactDraft.order`, in words
    documents: list[DocumentDraft]
    names: set[str]  # every name that exists, facts or not
    license: str | None = None  # SPDX identifier of the text, where it is known
    read: dict[str, int] = field(default_factory=dict)  # documents, characters, bytes

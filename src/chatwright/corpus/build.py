"""The corpus stage: collect, clean, deduplicate, split; three tables and a ledger."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

from chatwright.core.errors import DataError
from chatwright.core.files import replacing, write_json
from chatwright.core.progress import Progress
from chatwright.core.seeds import share
from chatwright.corpus.clean import identifier, text_key
from chatwright.corpus.drafts import Collected, DocumentDraft, FactDraft
from chatwright.corpus.folder import folder_identity
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.pages import collect_pages
from chatwright.corpus.python_docs import collect_python_docs, python_docs_identity
from chatwright.corpus.settings import CorpusSettings
from chatwright.corpus.tables import DOCUMENTS, DROPPED, FACTS, write_rows

DOCUMENTS_FILE, FACTS_FILE = "documents.parquet", "facts.parquet"
LEDGER_FILE, DROPPED_FILE, NAMES_FILE = "ledger.json", "dropped.parquet", "names.txt"
_LAST: tuple[int | str, ...] = (99,)  # documents without facts come after the others


def source_identity(settings: CorpusSettings) -> dict[str, str]:
    """What the source is at this moment, found without reading it all: the stage is rebuilt when it changes."""
    if settings.source == "python-docs":
        return python_docs_identity()
    return folder_identity(settings.docs, int(settings.max_file_megabytes * 1e6))


def _collect(settings: CorpusSettings, ledger: Ledger, progress: Progress) -> Collected:
    collect = collect_python_docs if settings.source == "python-docs" else collect_pages
    return collect(settings, ledger, progress)


def _order(document: DocumentDraft) -> tuple[Any, ...]:
    return min((fact.order for fact in document.facts), default=_LAST)


def _distinct(documents: list[DocumentDraft], ledger: Ledger) -> list[DocumentDraft]:
    """One document for each text; of equal ones the first in fact order stays."""
    first: dict[str, DocumentDraft] = {}
    for document in sorted(documents, key=lambda document: (_order(document), document.origin)):
        key = text_key(document.content)
        if key in first:
            ledger.note("deduplicate", "same text", document.origin, f"as {first[key].origin}")
        elif not document.text.strip():
            ledger.note("clean", "nothing left", document.origin)
        else:
            first[key] = document
    return list(first.values())


def _take(documents: list[DocumentDraft], sizes: list[int], most: float, seed: int, label: str) -> set[str]:
    """Origins of documents chosen by hash until their sizes would pass `most`."""
    chosen: set[str] = set()
    total = 0
    pairs = sorted(zip(documents, sizes, strict=True), key=lambda pair: share(pair[0].origin, seed, label))
    for document, size in pairs:
        if total + size <= most:
            chosen.add(document.origin)
            total += size
    return chosen


def _cut_tail(document: DocumentDraft, fraction: float) -> tuple[DocumentDraft, DocumentDraft]:
    """A document in two at a paragraph's end, so that a single text still has something to validate on."""
    blocks = document.text.split("\n\n")
    head = max(1, min(len(blocks) - 1, round(len(blocks) * (1 - fraction))))
    first, last = "\n\n".join(blocks[:head]), "\n\n".join(blocks[head:])
    return (
        DocumentDraft(document.title, document.kind, document.origin, first, first, document.facts),
        DocumentDraft(document.title, document.kind, f"{document.origin} (end)", last, last),
    )


def _split(
    documents: list[DocumentDraft], settings: CorpusSettings, seed: int
) -> tuple[list[DocumentDraft], set[str], set[str]]:
    """(documents, origins held out with their facts, origins for validation: these and some more)."""
    facts = sum(len(document.facts) for document in documents)
    candidates = [document for document in documents if document.facts and document.may_be_held_out]
    sizes = [len(document.facts) for document in candidates]
    held_out = _take(candidates, sizes, settings.held_out_fraction * facts, seed, "held-out")
    rest = [document for document in documents if document.origin not in held_out]
    characters = sum(len(document.text) for document in documents)
    without = [document for document in rest if not document.facts]
    sizes = [len(document.text) for document in without]
    validation = held_out | _take(without, sizes, settings.validation_fraction * characters, seed, "validation")
    if not validation and settings.validation_fraction > 0:
        longest = max(rest, key=lambda document: (document.text.count("\n\n"), document.origin))
        if "\n\n" in longest.text:
            head, tail = _cut_tail(longest, settings.validation_fraction)
            documents = [head if document is longest else document for document in documents] + [tail]
            validation = {tail.origin}
    return documents, held_out, validation


def _document_rows(documents: list[DocumentDraft], source: str, validation: set[str]) -> list[dict[str, Any]]:
    return [
        {
            "id": identifier(source, document.origin),
            "text": document.text,
            "title": document.title,
            "kind": document.kind,
            "source": source,
            "origin": document.origin,
            "split": "validation" if document.origin in validation else "train",
        }
        for document in documents
    ]


def _fact_row(fact: FactDraft, document: DocumentDraft, source: str, rank: int, held_out: set[str]) -> dict[str, Any]:
    return {
        "id": identifier(source, "fact", fact.name),
        "name": fact.name,
        "kind": fact.kind,
        "module": fact.module,
        "summary": fact.summary,
        "signature": fact.signature,
        "body": fact.body,
        "document": identifier(source, document.origin),
        "rank": rank,
        "split": "held-out" if document.origin in held_out else "train",
    }


def _demand(have: int, need: int, what: str, where: str) -> None:
    if have < need:
        raise DataError(
            f"the corpus is too small: {have:,} {what}, at least {need:,} are needed",
            where=where,
            remedy="add text with headings and paragraphs, or lower corpus.minimum_facts and "
            "corpus.minimum_characters for a trial",
        )


def build_corpus(folder: Path, settings: CorpusSettings, seed: int, progress: Progress) -> dict[str, Any]:
    """Write documents, facts, names, the ledger and all that was dropped into `folder`; return the figures.

    Raises `DataError` when the source holds too little, `UsageError` when the folder named is none.
    """
    ledger = Ledger()
    collected = _collect(settings, ledger, progress)
    progress.update(0.9, "splitting")
    read = collected.read or {
        "documents": len(collected.documents),
        "characters": sum(len(document.text) for document in collected.documents),
        "bytes": sum(len(document.text.encode()) for document in collected.documents),
    }
    distinct = _distinct(collected.documents, ledger)
    where = settings.docs or collected.source
    _demand(sum(len(document.text) for document in distinct), settings.minimum_characters, "characters", where)
    documents, held_out, validation = _split(distinct, settings, seed)
    pairs = [(fact, document) for document in documents for fact in document.facts]
    pairs.sort(key=lambda pair: pair[0].order)
    _demand(len(pairs), settings.minimum_facts, "facts (headings or names with a summary)", where)
    facts = [_fact_row(f, d, collected.source, rank, held_out) for rank, (f, d) in enumerate(pairs)]
    rows = _document_rows(documents, collected.source, validation)
    write_rows(folder / DOCUMENTS_FILE, DOCUMENTS, rows)
    write_rows(folder / FACTS_FILE, FACTS, facts)
    write_json(folder / LEDGER_FILE, ledger.entries())
    write_rows(folder / DROPPED_FILE, DROPPED, ledger.drops)
    with replacing(folder / NAMES_FILE) as aside:
        aside.write_text("\n".join(sorted(collected.names)) + "\n", encoding="utf-8")
    return _figures(collected, settings.license or collected.license, read, rows, facts, ledger)


def _figures(
    collected: Collected,
    license: str | None,
    read: dict[str, int],
    rows: list[dict[str, Any]],
    facts: list[dict[str, Any]],
    ledger: Ledger,
) -> dict[str, Any]:
    held_out = [fact for fact in facts if fact["split"] == "held-out"]
    kept = [row["text"] for row in rows]
    return {
        "source": collected.source,
        "description": collected.description,
        "selection": collected.selection,
        "license": license,
        "python": platform.python_version(),
        "documents_read": read["documents"],
        "characters_read": read["characters"],
        "bytes_read": read["bytes"],
        "documents": len(rows),
        "characters": sum(map(len, kept)),
        "bytes": sum(len(text.encode()) for text in kept),
        "validation_documents": sum(row["split"] == "validation" for row in rows),
        "validation_characters": sum(len(row["text"]) for row in rows if row["split"] == "validation"),
        "dropped": {
            stage: ledger.counts(stage) for stage in ("collect", "read", "clean", "deduplicate") if ledger.counts(stage)
        },
        "no_fact": ledger.counts("facts"),
        "facts": len(facts),
        "facts_with_body": sum(fact["body"] is not None for fact in facts),
        "held_out": len(held_out),
        "held_out_with_body": sum(fact["body"] is not None for fact in held_out),
        "fact_order": collected.fact_order,
        "names": len(collected.names),
    }

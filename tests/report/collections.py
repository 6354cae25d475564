"""Runs of collections as their stages leave them, made without reading anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chatwright.core.artifacts import Artifact, Stage
from chatwright.core.files import write_json

EDGES = [10, 100, 1000]


def rule(name: str, count: int, **told: Any) -> dict[str, Any]:
    """A rule of a summary."""
    example = {"id": "d0", "source": "web", "origin": "a.html", "value": 3.0, "limit": 50.0, "why": "", "kept": None}
    blank = {"sources": {"web": count}, "languages": {"en": count}, "limits": [50.0], "values": None}
    return {"rule": name, "count": count, **blank, "examples": [{**example, "excerpt": "Too short."}], **told}


def summary(documents: int, *rules: dict[str, Any], language: str = "en", **told: Any) -> dict[str, Any]:
    """A stage's summary: so many documents of ten characters each."""
    return {
        "documents": documents,
        "characters": 10 * documents,
        "bytes": 0,
        "sources": {"web": {"documents": documents, "characters": 10 * documents}} if documents else {},
        "languages": {language: documents} if documents else {},
        "lengths": {"edges": EDGES, "counts": [0, documents, 0, 0]},
        "private": None,
        "rules": list(rules),
        **told,
    }


def card(documents: int, language: str = "en", source: str = "web") -> dict[str, Any]:
    """The card of a corpus of so many documents."""
    told = {"documents": documents, "characters": 10 * documents, "licenses": {"": documents}, "weight": 1.0}
    train = {"documents": documents - 1, "passages": documents - 1, "characters": 10 * documents - 10}
    return {
        "found": {"documents": documents, "bytes": 1},
        "sources": {source: {**told, "read": 10 * documents}},
        "documents_by_language": {language: documents},
        "characters_by_language": {language: 10 * documents},
        "documents_by_length": {"edges": EDGES, "counts": [0, documents, 0, 0]},
        "splits": {"train": train, "validation": {"documents": 1, "passages": 1, "characters": 10}},
        "dropped": {},
        "private": {},
    }


def build(run: Path, name: str, inputs: dict[str, Artifact], files: dict[str, Any], **settings: Any) -> Artifact:
    """A finished stage that holds these JSON files."""

    def work(folder: Path) -> dict[str, Any]:
        for file, value in files.items():
            write_json(folder / file, value)
        return {"description": "web"} if name == "corpus" else {}

    return Stage(name, settings or {"text": {}}, inputs, 0).build(run, work)


def make_collection(
    run: Path,
    found: dict[str, Any],
    judged: dict[str, Any],
    *,
    card: dict[str, Any] | None = None,
    clusters: dict[str, Any] | None = None,
    samples: dict[str, Any] | None = None,
    asked: dict[str, Any] | None = None,
    setting: str = "",
) -> Artifact:
    """collect → extract → judge → deduplicate (→ corpus); returns the last."""
    came = {**found, "rules": []}
    made = build(run, "collect", {}, {"summary.json": {**found, "bytes": 999, "lengths": summary(0)["lengths"]}})
    made = build(run, "extract", {"collect": made}, {"summary.json": came})
    made = build(run, "judge", {"extract": made}, {"summary.json": judged}, setting=setting)
    groups = clusters or {"groups": 0, "gone": 0, "sizes": {}, "largest": []}
    after = {**judged, "rules": []}
    made = build(
        run, "deduplicate", {"judge": made}, {"summary.json": after, "clusters.json": groups, "asked.json": asked or {}}
    )
    if card:
        shown = samples or {"sources": {"web": {"documents": judged["documents"], "changed": 0}}, "samples": []}
        files = {"card.json": card, "samples.json": shown, "ledger.json": []}
        made = build(run, "corpus", {"deduplicate": made}, files)
    return made

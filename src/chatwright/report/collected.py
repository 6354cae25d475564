"""A collection as its page sees it: what each stage told of itself, from the first file to the corpus."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatwright.core.artifacts import MANIFEST, Artifact, open_artifact
from chatwright.core.files import read_json

SUMMARY, CARD, SAMPLES, CLUSTERS, ASKED = "summary.json", "card.json", "samples.json", "clusters.json", "asked.json"
CARD_PAGE = "corpus/DATA_CARD.md"  # below the run folder
CORPUS_PAGE = "corpus.html"

Figures = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """A stage that worked on documents: its name, and what its summary tells."""

    name: str
    told: Figures

    @property
    def documents(self) -> int:
        """Documents that stay after it."""
        return int(self.told["documents"])

    @property
    def dropped(self) -> int:
        """Documents that went."""
        return sum(rule["count"] for rule in self.told["rules"])

    @property
    def languages(self) -> dict[str, int]:
        """Documents by language as this stage tells them apart, those that went included."""
        counts = dict(self.told["languages"])
        for rule in self.told["rules"]:
            for language, count in rule["languages"].items():
                counts[language] = counts.get(language, 0) + count
        return counts


@dataclass(frozen=True)
class Collected:
    """What the stages of a collection told, in their order; what they did not get to is empty."""

    steps: list[Step]
    settings: Figures
    clusters: Figures
    asked: Figures  # by evaluation set
    samples: Figures
    card: Figures  # empty: the corpus was not written

    @property
    def found(self) -> int:
        """Documents that were found."""
        return self.steps[0].documents

    @property
    def kept(self) -> int:
        """Documents of which a model reads, or would read."""
        if self.card:
            return sum(int(split["documents"]) for split in self.card["splits"].values())
        return self.steps[-1].documents

    @property
    def characters(self) -> int:
        """Characters of those documents, each counted once."""
        if self.card:
            return sum(int(source["characters"]) for source in self.card["sources"].values())
        return int(self.steps[-1].told["characters"])

    @property
    def private(self) -> Figures:
        """Placeholders by kind, as the last stage that knows of them counted them in what stays after it."""
        known = [step.told["private"] for step in self.steps if step.told["private"] is not None]
        return known[-1] if known else {}

    @property
    def headline(self) -> str:
        """The whole of it in a few words."""
        return f"{self.found:,} documents found, {self.kept:,} kept"


def read_collected(run: Path) -> Collected | None:
    """What the stages of a collection left in `run`; None where there was none.

    The stages are those that led to the newest one: what is left of earlier settings is not theirs.
    """
    chain = _chain(run)
    if not chain:
        return None
    readers = _readers(run, chain[-1].manifest.identity)
    corpus = next((each.folder for each in readers if each.folder.name == "corpus"), None)
    return Collected(
        steps=[Step(each.manifest.stage, read_json(each.folder / SUMMARY)) for each in chain],
        settings=chain[0].manifest.settings,
        clusters=_first(chain, CLUSTERS),
        asked=_first(chain, ASKED),
        samples=read_json(corpus / SAMPLES) if corpus else {},
        card=read_json(corpus / CARD) if corpus else {},
    )


def _first(chain: list[Artifact], name: str) -> Figures:
    """The file of this name out of the first stage that wrote one; empty where none did."""
    paths = (each.folder / name for each in chain)
    return next((dict(read_json(path)) for path in paths if path.exists()), {})


def _chain(run: Path) -> list[Artifact]:
    """The stages with a summary that read one another, first the one that reads none."""
    found = [open_artifact(path.parent) for path in run.glob(f"*/{SUMMARY}") if not path.parent.name.startswith(".")]
    if not found:
        return []
    last = max(found, key=lambda each: (each.manifest.created, (each.folder / MANIFEST).stat().st_mtime_ns))
    while later := [each for each in found if last.manifest.identity in each.manifest.inputs.values()]:
        last = later[0]  # it was done before and is used again
    chain = [last]
    while before := [each for each in found if each.manifest.identity in chain[0].manifest.inputs.values()]:
        chain.insert(0, before[0])
    return chain


def _readers(run: Path, identity: str) -> list[Artifact]:
    """The artifacts that were made from the one of this identity."""
    paths = (path.parent for path in run.glob(f"*/{MANIFEST}") if not path.parent.name.startswith("."))
    return [each for each in map(open_artifact, paths) if identity in each.manifest.inputs.values()]

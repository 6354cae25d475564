"""A run as the report sees it: the manifests, logs and tables that its stages left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatwright.core.artifacts import LOG, MANIFEST, Manifest, open_artifact
from chatwright.core.errors import ArtifactError
from chatwright.core.files import read_json
from chatwright.core.metrics import read_metrics
from chatwright.report.collected import Collected, read_collected

COLLECTION = ("collect", "extract", "clean", "judge", "deduplicate", "decontaminate")
STAGES = ("plan", *COLLECTION, "corpus", "base", "chat", "tokenizer", "tokens", "pretrain", "finetune", "evaluate")
TRAINING = ("pretrain", "finetune")
_OWN = "report"  # an earlier report is no part of what this one tells


@dataclass(frozen=True)
class RunRecord:
    """Everything that a run tells about itself; what a stage did not leave is empty."""

    manifests: dict[str, Manifest]
    plan: dict[str, Any]
    ledger: list[dict[str, Any]]
    scores: dict[str, Any]
    answers: list[dict[str, Any]]
    logs: dict[str, list[dict[str, Any]]]
    benches: dict[str, dict[str, Any]]  # name to rows and conditions
    collected: Collected | None = None  # where the corpus was made of many files

    def figures(self, stage: str) -> dict[str, Any]:
        """Figures of a stage; empty where it was not run."""
        manifest = self.manifests.get(stage)
        return manifest.figures if manifest else {}

    def settings(self, stage: str) -> dict[str, Any]:
        """Settings of a stage; empty where it was not run."""
        manifest = self.manifests.get(stage)
        return manifest.settings if manifest else {}

    @property
    def read_from(self) -> str:
        """Where the corpus was read from, as its settings name it; empty where they are not known."""
        told = self.settings("corpus")
        for section, key in (("corpus", "source"), ("pairs", "name"), ("labels", "name")):
            if section in told:
                return str(told[section].get(key, ""))
        named = told.get("messages") or told.get("text") or {}
        return ", ".join(named.get("names", ()))  # a collection has none

    @property
    def base(self) -> str:
        """The pretrained model that was gone on from, as it was named; empty where there was none."""
        return str(self.figures("base").get("base", ""))

    @property
    def machine(self) -> dict[str, Any]:
        """The machine as the plan measured it."""
        return dict(self.plan.get("machine") or {})

    @property
    def created(self) -> str:
        """When the last stage was done (ISO 8601, UTC)."""
        return max(manifest.created for manifest in self.manifests.values())

    @property
    def versions(self) -> dict[str, str]:
        """Library to version; where stages ran under different versions, all of them."""
        seen: dict[str, dict[str, None]] = {}
        for manifest in self.manifests.values():
            for name, version in manifest.versions.items():
                seen.setdefault(name, {})[version] = None
        return {name: ", ".join(versions) for name, versions in seen.items()}


def read_run(run: Path, benches: Sequence[Path] = (), stages: Sequence[str] = ()) -> RunRecord:
    """Read what the stages of `run` left, and files of benches; `ArtifactError` where no stage has finished.

    Of the folder's stages only `stages` count, if any are named: others may be left of a recipe before.
    """
    found = {path.parent.name for path in run.glob(f"*/{MANIFEST}")}
    found &= set(stages) or found
    names = sorted(
        (name for name in found if not name.startswith(".") and name != _OWN),
        key=lambda name: (STAGES.index(name) if name in STAGES else len(STAGES), name),
    )
    if not names:
        raise ArtifactError("no stage has finished here", where=str(run), remedy=f"run it: chatwright run --out {run}")
    return RunRecord(
        manifests={name: open_artifact(run / name).manifest for name in names},
        plan=_read(run / "plan" / "plan.json", {}),
        ledger=_read(run / "corpus" / "ledger.json", []),
        scores=_read(run / "evaluate" / "scores.json", {}),
        answers=read_metrics(run / "evaluate" / "answers.jsonl"),
        logs={stage: read_metrics(run / stage / LOG) for stage in TRAINING if stage in names},
        benches={path.stem: read_json(path) for path in benches},
        collected=read_collected(run) if found & set(COLLECTION) else None,
    )


def _read(path: Path, absent: Any) -> Any:
    return read_json(path) if path.exists() else absent

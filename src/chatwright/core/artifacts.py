"""Artifact folders: what a stage writes, with a manifest that says how it came about.

A stage fills a folder aside (`.NAME.partial`); when it is done, the manifest is written and the
folder is renamed into place, so an artifact is there whole or not at all. A stage whose settings
and inputs match a finished artifact is not run again; a resumable one finds its partial folder.
"""

from __future__ import annotations

import itertools
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from chatwright.core.errors import ArtifactError
from chatwright.core.files import hash_file, hash_json, read_json, sync_file, sync_folder, write_json

MANIFEST = "manifest.json"
LOG = "metrics.jsonl"  # holds times, so it never counts towards what an artifact is
_FINGERPRINT = "fingerprint.json"
_LIBRARIES = (
    "torch",
    "tokenizers",
    "safetensors",
    "pyarrow",
    "sacrebleu",
    "rouge-score",
    "ftfy",
    "daft",
    "trafilatura",
)


@dataclass(frozen=True)
class Manifest:
    """How an artifact came about. `identity` is what later stages hash; times are not part of it."""

    stage: str
    fingerprint: str
    identity: str
    settings: dict[str, Any]
    inputs: dict[str, str]
    seed: int
    figures: dict[str, Any]
    seconds: float
    created: str
    versions: dict[str, str]
    files: dict[str, str]


@dataclass(frozen=True)
class Artifact:
    """A finished stage: its folder and its manifest. `reused` says that nothing was run."""

    folder: Path
    manifest: Manifest
    reused: bool = False

    @property
    def figures(self) -> dict[str, Any]:
        return self.manifest.figures


def installed_versions() -> dict[str, str]:
    """Versions of Python, Chatwright and the libraries that shape the figures."""
    versions = {"python": platform.python_version(), "chatwright": metadata.version("chatwright")}
    for name in _LIBRARIES:
        versions[name] = metadata.version(name)
    return versions


def open_artifact(folder: Path) -> Artifact:
    """Read a finished artifact; `ArtifactError` where there is none."""
    if not (folder / MANIFEST).exists():
        raise ArtifactError(
            "this stage has not finished here",
            where=str(folder),
            remedy=f"run it: chatwright run --out {folder.parent}",
        )
    try:
        return Artifact(folder, Manifest(**read_json(folder / MANIFEST)))
    except TypeError as error:
        raise ArtifactError(
            f"the manifest does not fit this version: {error}",
            where=str(folder / MANIFEST),
            remedy="delete the folder and run the stage again",
        ) from None


@dataclass(frozen=True)
class Stage:
    """What a stage promises: its name, its settings, the artifacts it reads, its seed.

    Example: ``Stage("tokenizer", {"vocabulary_size": 4096}, {"corpus": corpus}, seed=0)``.
    """

    name: str
    settings: dict[str, Any]
    inputs: dict[str, Artifact]
    seed: int

    @property
    def fingerprint(self) -> str:
        return hash_json(
            [
                metadata.version("chatwright"),  # other code may do other work under the same settings
                self.name,
                self.settings,
                {name: artifact.manifest.identity for name, artifact in self.inputs.items()},
                self.seed,
            ]
        )

    def finished(self, run: Path) -> Artifact | None:
        """The artifact in `run` that these settings and inputs made, if it is there."""
        if not (run / self.name / MANIFEST).exists():
            return None
        artifact = open_artifact(run / self.name)
        if artifact.manifest.fingerprint != self.fingerprint:
            return None
        return Artifact(artifact.folder, artifact.manifest, reused=True)

    def build(
        self,
        run: Path,
        work: Callable[[Path], dict[str, Any]],
        *,
        resumable: bool = False,
        scratch: tuple[str, ...] = (),
        again: bool = False,
    ) -> Artifact:
        """Run `work` on a partial folder and publish it, unless a matching artifact is there.

        `work` gets the partial folder and returns the stage's figures. A `resumable` stage finds
        its partial folder as an interrupted run left it, if settings and inputs are the same.
        Files named in `scratch` (checkpoints) go only when the artifact is in place, so that a kill at
        the very end costs nothing. An artifact of other settings is kept aside in `superseded/`; so is
        a matching one, `again`.
        """
        if not again and (done := self.finished(run)):
            return done
        partial = run / f".{self.name}.partial"
        _prepare(partial, self.fingerprint, keep=resumable)
        started = time.monotonic()
        figures = work(partial)
        return self._publish(run, partial, figures, time.monotonic() - started, scratch)

    def _publish(
        self, run: Path, partial: Path, figures: dict[str, Any], seconds: float, scratch: tuple[str, ...]
    ) -> Artifact:
        passing = {_FINGERPRINT, MANIFEST, *scratch}
        paths = sorted(path for path in partial.rglob("*") if path.is_file() and path.name not in passing)
        files = {path.relative_to(partial).as_posix(): hash_file(path) for path in paths}
        content = {name: digest for name, digest in files.items() if Path(name).name != LOG}
        manifest = Manifest(
            stage=self.name,
            fingerprint=self.fingerprint,
            identity=hash_json([self.fingerprint, content]),
            settings=self.settings,
            inputs={name: artifact.manifest.identity for name, artifact in self.inputs.items()},
            seed=self.seed,
            figures=figures,
            seconds=round(seconds, 3),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            versions=installed_versions(),
            files=files,
        )
        write_json(partial / MANIFEST, asdict(manifest))
        for path in paths:  # the data must be on the disk before the name that vouches for it
            sync_file(path)
        final = run / self.name
        if final.exists():
            aside = run / "superseded"
            aside.mkdir(exist_ok=True)
            names = (f"{self.name}-{time.strftime('%Y%m%d-%H%M%S')}-{number}" for number in itertools.count(1))
            final.rename(next(aside / name for name in names if not (aside / name).exists()))
        partial.rename(final)
        sync_folder(run)
        for name in passing - {MANIFEST}:
            (final / name).unlink(missing_ok=True)
        return Artifact(final, manifest)


def _prepare(partial: Path, fingerprint: str, *, keep: bool) -> None:
    mark = partial / _FINGERPRINT
    if partial.exists():
        same = mark.exists() and read_json(mark) == fingerprint
        if not (keep and same):
            shutil.rmtree(partial)
    partial.mkdir(parents=True, exist_ok=True)
    if not mark.exists():
        write_json(mark, fingerprint)

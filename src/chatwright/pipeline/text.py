"""The story of a text: a model that has read it, and nothing else; it goes on from what it is given.

corpus → tokenizer → tokens → plan → pretrain → evaluate → report
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatwright.core.artifacts import Artifact
from chatwright.core.progress import Progress
from chatwright.core.seeds import derive_seed
from chatwright.pipeline import collection
from chatwright.pipeline.job import CHECKPOINT, Job, next_token_loss, report_on, settings_of, stage, write_scores
from chatwright.pipeline.tasks import ask_tasks, task_files


@stage
def corpus(job: Job) -> Artifact:
    """Read the text, cut it into passages; what was left out is in the ledger."""
    from chatwright.corpus.texts import build_texts, texts_identity

    text = job.recipe.text
    task_files(job)
    if job.recipe.collection.sources:
        return collection.corpus(job)
    kept = {"names", "license", "objective", "passage_characters", "held_out", "minimum_characters"}
    settings = {"text": text.model_dump(mode="json", include=kept), "files": texts_identity(text)}
    return job.build("corpus", settings, {}, lambda folder, progress: build_texts(folder, text, progress))


@stage
def tokenizer(job: Job) -> Artifact:
    """Learn the vocabulary from the training passages."""
    read, masked = corpus(job), job.recipe.text.objective == "masked"

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.build import learn_from_texts
        from chatwright.tokens.tokenizer import MASK

        extra = (MASK,) if masked else ()
        return learn_from_texts(folder, {"train": _texts(read, "train")}, job.recipe.tokenizer, progress, extra=extra)

    settings = {**settings_of(job.recipe, "tokenizer"), "masked": masked}
    return job.build("tokenizer", settings, {"corpus": read}, work)


@stage
def tokens(job: Job) -> Artifact:
    """Passages to packed rows of ids."""
    read, learnt, masked = corpus(job), tokenizer(job), job.recipe.text.objective == "masked"

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.build import pack_texts

        texts = {split: _texts(read, split) for split in ("train", "validation")}
        return pack_texts(folder, learnt.folder, texts, job.recipe.packing, progress, masked=masked)

    settings = {**settings_of(job.recipe, "packing"), "masked": masked}
    return job.build("tokens", settings, {"corpus": read, "tokenizer": learnt}, work)


@stage
def plan(job: Job) -> Artifact:
    """Measure the machine once; derive steps and the expected cost."""
    recipe, learnt, packed = job.recipe, tokenizer(job), tokens(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.train.decoder_planner import make_decoder_plan, text_model
        from chatwright.train.encoder_planner import make_masked_plan

        size = learnt.figures["vocabulary_size"]
        most = recipe.plan.most_epochs * packed.figures["train_rows"] // recipe.train.rows_per_batch
        if recipe.text.objective == "masked":
            made = make_masked_plan(
                recipe.plan, recipe.train, recipe.packing, recipe.masking, size, progress, most_steps=most
            )
        else:
            config = text_model(recipe.plan, recipe.text.shape, size, context=recipe.packing.row_tokens)
            made = make_decoder_plan(
                recipe.plan, recipe.train, recipe.packing, config, "pretrain", progress, most_steps=most
            )
        made.save(folder)
        return {
            "parameters": made.model.parameters,
            "blocks": made.model.layers,
            "width": made.model.width,
            "steps": made.stage("pretrain").steps,
            "tokens_per_step": made.stage("pretrain").tokens_per_step,
            **made.expected,
        }

    settings = settings_of(recipe, "plan", "packing", "masking")
    settings |= {"rows_per_batch": recipe.train.rows_per_batch, "shape": recipe.text.shape}
    return job.build("plan", settings, {"tokenizer": learnt, "tokens": packed}, work, again=job.replan)


@stage
def pretrain(job: Job) -> Artifact:
    """Learn which token comes next, or which one is hidden."""
    learnt, packed, made = tokenizer(job), tokens(job), plan(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.train.plan import Plan

        planned = Plan.load(made.folder)
        begin = _masked if job.recipe.text.objective == "masked" else _causal
        figures = begin(job, planned, folder, learnt, packed, progress)
        rows = packed.figures["train_rows"]
        return {**figures, "epochs": round(figures["steps"] * planned.stage("pretrain").rows_per_batch / rows, 2)}

    settings = settings_of(job.recipe, "train", "masking")
    inputs = {"plan": made, "tokenizer": learnt, "tokens": packed}
    return job.build("pretrain", settings, inputs, work, resumable=True, scratch=(CHECKPOINT,))


def _causal(
    job: Job, planned: Any, folder: Path, learnt: Artifact, packed: Artifact, progress: Progress
) -> dict[str, Any]:
    from chatwright.tokens.packing import Rows
    from chatwright.train.stages import train_stage

    return train_stage(
        folder,
        planned,
        Rows.load(packed.folder, "train"),
        job.recipe.train,
        steps=planned.stage("pretrain").steps,
        seed=derive_seed(job.recipe.seed, "pretrain"),
        start=None,
        shuffle=True,
        tokenizer=learnt.folder,
        validate=next_token_loss(packed, planned.precision),
        progress=progress,
    )


def _masked(
    job: Job, planned: Any, folder: Path, learnt: Artifact, packed: Artifact, progress: Progress
) -> dict[str, Any]:
    from chatwright.tokens.masking import Masking, WordRows, masked_pretraining
    from chatwright.tokens.tokenizer import Tokenizer
    from chatwright.train.stages import train_masked

    recipe, seed, own = job.recipe, derive_seed(job.recipe.seed, "pretrain"), Tokenizer.load(learnt.folder)
    steps, count = planned.stage("pretrain").steps, planned.stage("pretrain").rows_per_batch
    rows, unread = (WordRows.load(packed.folder, split) for split in ("train", "validation"))
    asked = Masking.of(unread, own, recipe.masking, rows_per_batch=count, seed=derive_seed(seed, "validation"))
    return train_masked(
        folder,
        planned,
        masked_pretraining(rows, own, recipe.masking, rows_per_batch=count, steps=steps, seed=seed),
        recipe.train,
        steps=steps,
        seed=seed,
        tokenizer=learnt.folder,
        validate=_masked_validation(asked, planned.precision),
        progress=progress,
    )


@stage
def evaluate(job: Job) -> Artifact:
    """How well unread passages are foreseen, how the model goes on, and the public tasks of the recipe."""
    read, learnt, packed, last, made = corpus(job), tokenizer(job), tokens(job), pretrain(job), plan(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.evaluate.reading import evaluate_text
        from chatwright.train.machine import set_up
        from chatwright.train.plan import Plan

        recipe = job.recipe
        set_up(Plan.load(made.folder).threads)
        scores, answers = evaluate_text(
            packed=packed.folder,
            model=last.folder,
            openings=_texts(read, "validation"),
            text_settings=recipe.text,
            masking=recipe.masking,
            settings=recipe.evaluate,
            generation=recipe.generate,
            seed=recipe.seed,
            progress=progress,
        )
        tasks, signatures = ask_tasks(job, last.folder, progress)
        write_scores(folder, {**scores, "tasks": tasks, "signatures": signatures}, answers)
        return {**scores["language"], **{name: told["accuracy"]["value"] for name, told in tasks.items()}}

    settings: dict[str, Any] = settings_of(job.recipe, "evaluate", "generate")
    settings |= {"samples": job.recipe.text.samples, "files": task_files(job)}
    inputs = {"corpus": read, "tokenizer": learnt, "tokens": packed, "pretrain": last}
    return job.build("evaluate", settings, inputs, work)


@stage
def report(job: Job) -> Artifact:
    """One page that a person reads, the scores as JSON, and the model card; from manifests only."""
    return report_on(job, evaluate(job))


def _texts(read: Artifact, split: str) -> list[str]:
    from chatwright.corpus.tables import read_rows
    from chatwright.corpus.texts import DOCUMENTS_FILE

    return [row["text"] for row in read_rows(read.folder / DOCUMENTS_FILE) if row["split"] == split]


def _masked_validation(masking: Any, precision: str) -> Callable[[Any], dict[str, float]]:
    """Loss on hidden tokens of passages that training never reads, the same at every validation."""

    def validate(model: Any) -> dict[str, float]:
        import torch

        from chatwright.evaluate.reading import masked_loss

        return {"validation_loss": masked_loss(model, masking, getattr(torch, precision))}

    return validate

"""The story of pairs: a model that makes targets of sources, such as translations and summaries.

plan → corpus → tokenizer → tokens (→ pretrain) → finetune → evaluate → report
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatwright.core.artifacts import Artifact
from chatwright.core.errors import UsageError
from chatwright.core.progress import Progress
from chatwright.core.seeds import derive_seed
from chatwright.pipeline.job import CHECKPOINT, Job, report_on, settings_of, stage, write_scores


@stage
def plan(job: Job) -> Artifact:
    """Measure the machine once; derive steps and the expected cost."""
    recipe = job.recipe

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.train.pair_planner import make_pair_plan

        made = make_pair_plan(recipe.plan, recipe.train, recipe.packing, recipe.tokenizer.vocabulary_size, progress)
        made.save(folder)
        return {
            "parameters": made.model.parameters,
            "blocks": made.model.layers,
            "width": made.model.width,
            "steps": made.stage("finetune").steps,
            "tokens_per_step": made.stage("finetune").tokens_per_step,
            **made.expected,
        }

    settings = {**settings_of(recipe, "plan", "packing"), "vocabulary_size": recipe.tokenizer.vocabulary_size}
    settings["rows_per_batch"] = recipe.train.rows_per_batch
    return job.build("plan", settings, {}, work, again=job.replan)


@stage
def corpus(job: Job) -> Artifact:
    """Read the pairs; what was left out is in the ledger."""
    from chatwright.corpus.pairs import build_pairs, pairs_identity

    pairs = job.recipe.pairs
    settings = {"pairs": pairs.model_dump(mode="json", exclude={"data"}), "files": pairs_identity(pairs)}
    return job.build("corpus", settings, {}, lambda folder, progress: build_pairs(folder, pairs, progress))


@stage
def tokenizer(job: Job) -> Artifact:
    """Learn one vocabulary from both sides."""
    read = corpus(job)

    gaps = job.recipe.plan.denoise_share > 0

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.build import learn_from_pairs

        return learn_from_pairs(folder, read.folder, job.recipe.tokenizer, progress, gaps=gaps)

    settings = {**settings_of(job.recipe, "tokenizer"), "gaps": gaps}
    return job.build("tokenizer", settings, {"corpus": read}, work)


@stage
def tokens(job: Job) -> Artifact:
    """Pairs to packed rows of ids."""
    read, learnt = corpus(job), tokenizer(job)
    texts = job.recipe.denoising if job.recipe.plan.denoise_share else None

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.corpus.pair_sets import PAIR_SETS
        from chatwright.tokens.build import pack_pair_corpus

        cut = PAIR_SETS[job.recipe.pairs.name].task != "translation"  # half a sentence has none
        packing = job.recipe.packing
        return pack_pair_corpus(folder, learnt.folder, read.folder, packing, progress, cut_sources=cut, texts=texts)

    settings = {**settings_of(job.recipe, "packing"), "texts": texts and texts.model_dump(mode="json")}
    return job.build("tokens", settings, {"corpus": read, "tokenizer": learnt}, work)


@stage
def pretrain(job: Job) -> Artifact:
    """Learn to copy, then to fill gaps in the text of both sides, where the recipe gives time for it."""
    if not job.recipe.plan.denoise_share:
        raise UsageError(
            "this recipe does not pretrain",
            where=job.recipe.name,
            remedy="set plan.denoise_share to a share of the time",
        )
    learnt = tokenizer(job)
    packed, made = tokens(job), plan(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.batches import Curriculum, Interleaved
        from chatwright.tokens.denoising import Denoising
        from chatwright.tokens.exercises import PairExercises
        from chatwright.tokens.packing import Rows
        from chatwright.tokens.pairs import PairBatches, PairRows, PairSource
        from chatwright.tokens.tokenizer import Tokenizer
        from chatwright.train.plan import Plan
        from chatwright.train.stages import train_pairs

        planned, recipe, words = Plan.load(made.folder), job.recipe, Tokenizer.load(learnt.folder)
        given, packing, seed = planned.stage("pretrain"), recipe.packing, derive_seed(recipe.seed, "pretrain")
        copying = PairExercises(
            given.exercises,
            max(1, given.tokens_per_step // (2 * packing.row_tokens)),  # as many places as other steps have
            packing.row_tokens,
            planned.model.vocabulary_size,
            1 + max(*words.control.values(), *words.gaps),
            derive_seed(seed, "copying"),
        )
        batches: PairSource = Denoising.of(
            Rows.load(packed.folder, "documents"),
            words,
            recipe.denoising,
            rows_per_batch=given.rows_per_batch,
            target_places=packing.row_tokens,
            seed=derive_seed(seed, "batches"),
        )
        clozes = recipe.denoising.cloze_share
        of_rest = recipe.denoising.sentence_share / (1 - clozes)  # of the steps that ask no cloze
        for name, share in (("sentences", of_rest), ("clozes", clozes)):
            if share:
                rows = PairRows.load(packed.folder, name)
                asked = PairBatches(rows, given.rows_per_batch, derive_seed(seed, name))
                batches = Interleaved(asked, share, batches)
        return train_pairs(
            folder,
            planned,
            Curriculum(copying, given.exercises, batches),
            recipe.train,
            steps=given.steps,
            seed=seed,
            start=None,
            tokenizer=learnt.folder,
            validate=None,
            progress=progress,
        )

    inputs = {"plan": made, "tokenizer": learnt, "tokens": packed}
    settings = settings_of(job.recipe, "train", "denoising")
    settings["exercises"] = "in rows of targets' length"  # what had others is learnt again
    return job.build("pretrain", settings, inputs, work, resumable=True, scratch=(CHECKPOINT,))


@stage
def finetune(job: Job) -> Artifact:
    """Learn to write the target of a source."""
    learnt = tokenizer(job)  # text that cannot be used is told before anything is measured
    packed, made = tokens(job), plan(job)
    before = pretrain(job) if job.recipe.plan.denoise_share else None
    going_on = job.recipe.finetune

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.corpus.pairs import preparation
        from chatwright.tokens.pairs import PairBatches, PairRows
        from chatwright.train.plan import Plan
        from chatwright.train.stages import train_pairs

        planned, rows = Plan.load(made.folder), PairRows.load(packed.folder, "train")
        count, seed = planned.stage("finetune").rows_per_batch, derive_seed(job.recipe.seed, "finetune")
        figures = train_pairs(
            folder,
            planned,
            PairBatches(rows, count, derive_seed(seed, "batches")),
            going_on.of(job.recipe.train),
            steps=max(1, min(planned.stage("finetune").steps, going_on.most_pair_epochs * len(rows) // count)),
            seed=seed,
            start=before.folder if before else None,
            tokenizer=learnt.folder,
            validate=_validation(packed, planned.precision),
            progress=progress,
        )
        preparation(job.recipe.pairs).save(folder)
        return {**figures, "epochs": round(figures["steps"] * count / len(rows), 2)}

    settings = settings_of(job.recipe, "train", "finetune")
    inputs = {"plan": made, "tokenizer": learnt, "tokens": packed}
    if before:
        inputs["pretrain"] = before
    return job.build("finetune", settings, inputs, work, resumable=True, scratch=(CHECKPOINT,))


@stage
def evaluate(job: Job) -> Artifact:
    """Write the targets of sources that training never saw, and score them with their uncertainty."""
    read, last = corpus(job), finetune(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.corpus.pair_sets import PAIR_SETS
        from chatwright.evaluate.pairs import evaluate_pairs
        from chatwright.train.machine import set_up
        from chatwright.train.plan import Plan

        set_up(Plan.load(plan(job).folder).threads)
        scores, answers = evaluate_pairs(
            task=PAIR_SETS[job.recipe.pairs.name].task,
            pairs=read.folder,
            model=last.folder,
            pair_settings=job.recipe.pairs,
            settings=job.recipe.evaluate,
            generation=job.recipe.generate,
            seed=job.recipe.seed,
            progress=progress,
        )
        write_scores(folder, scores, answers)
        (task,) = scores["tasks"].values()
        told = ("bleu", "rouge_1", "rouge_2", "rouge_l", "token_f1")
        return {"pairs": len(answers), **{name: task[name]["value"] for name in told if name in task}}

    inputs = {"corpus": read, "finetune": last}
    return job.build("evaluate", settings_of(job.recipe, "evaluate", "generate"), inputs, work)


@stage
def report(job: Job) -> Artifact:
    """One page that a person reads, the scores as JSON, and the model card; from manifests only."""
    return report_on(job, evaluate(job))


def _validation(packed: Artifact, precision: str) -> Callable[[Any], dict[str, float]]:
    """Loss on pairs that training never reads."""

    def validate(model: Any) -> dict[str, float]:
        import torch

        from chatwright.tokens.pairs import PairRows, pair_batches
        from chatwright.train.objectives import sequence_to_sequence

        nats = count = 0.0
        for batch in pair_batches(PairRows.load(packed.folder, "validation"), rows_per_batch=16):
            asked = sequence_to_sequence(model, batch, getattr(torch, precision))
            nats, count = nats + float(asked.loss), count + asked.positions
        return {"validation_loss": nats / count}

    return validate

"""The story of a chat: an assistant that knows a corpus.

plan → corpus → chat → tokenizer → tokens → pretrain → finetune → evaluate → report
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatwright.core.artifacts import Artifact
from chatwright.core.progress import Progress
from chatwright.core.seeds import derive_seed
from chatwright.pipeline.job import CHECKPOINT, Job, report_on, settings_of, stage, write_scores


@stage
def plan(job: Job) -> Artifact:
    """Measure the machine once; derive sizes, steps and the expected cost."""
    recipe = job.recipe

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.bench.startup import help_seconds
        from chatwright.train.planner import make_plan

        made = make_plan(recipe.plan, recipe.train, recipe.packing, recipe.tokenizer.vocabulary_size, progress)
        made.save(folder)
        return {
            "facts": made.facts,
            "parameters": made.model.parameters,
            "blocks": made.model.layers,
            "width": made.model.width,
            "pretrain_steps": made.stage("pretrain").steps,
            "finetune_steps": made.stage("finetune").steps,
            "tokens_per_step": made.stage("finetune").tokens_per_step,
            "help_seconds": help_seconds(repeats=5),
            **made.expected,
        }

    settings = {
        **settings_of(recipe, "plan"),
        "rows_per_batch": recipe.train.rows_per_batch,
        "row_tokens": recipe.packing.row_tokens,
        "vocabulary_size": recipe.tokenizer.vocabulary_size,
    }
    return job.build("plan", settings, {}, work, again=job.replan)


@stage
def corpus(job: Job) -> Artifact:
    """Collect, clean, deduplicate, split; what was dropped is in the ledger."""
    from chatwright.corpus.build import build_corpus, source_identity

    recipe = job.recipe
    settings = {**settings_of(recipe, "corpus"), "source": source_identity(recipe.corpus)}
    return job.build(
        "corpus",
        settings,
        {},
        lambda folder, progress: build_corpus(folder, recipe.corpus, recipe.seed, progress),
    )


@stage
def chat(job: Job) -> Artifact:
    """Make conversations out of the corpus's facts: to learn from, and to be asked."""
    from chatwright.corpus.pools import phrasings_identity

    read, made = corpus(job), plan(job)  # text that cannot be used is told before anything is measured

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.corpus.chat import build_chat
        from chatwright.train.plan import Plan

        planned = Plan.load(made.folder)
        facts = min(planned.facts, read.figures["facts"])
        tokens = planned.stage("finetune").steps * planned.stage("finetune").tokens_per_step
        rounds = min(job.recipe.plan.most_rounds, -(-tokens // (facts * job.recipe.plan.tokens_per_round)) + 1)
        identity = {
            "model": f"a decoder of {planned.model.parameters / 1e6:.1f} million parameters",
            "trained": planned.created,
            "corpus": read.figures["description"],
        }
        figures = build_chat(
            folder,
            read.folder,
            job.recipe.chat,
            facts=facts,
            rounds=rounds,
            identity=identity,
            seed=job.recipe.seed,
            progress=progress,
        )
        return {"rounds": rounds, **figures}

    settings = {
        **settings_of(job.recipe, "chat"),
        "tokens_per_round": job.recipe.plan.tokens_per_round,
        "most_rounds": job.recipe.plan.most_rounds,
        "phrasings": phrasings_identity(),
    }
    return job.build("chat", settings, {"plan": made, "corpus": read}, work)


@stage
def tokenizer(job: Job) -> Artifact:
    """Learn the vocabulary from documents and conversations."""
    read, talked = corpus(job), chat(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.build import build_tokenizer

        return build_tokenizer(folder, read.folder, talked.folder, job.recipe.tokenizer, progress)

    return job.build("tokenizer", settings_of(job.recipe, "tokenizer"), {"corpus": read, "chat": talked}, work)


@stage
def tokens(job: Job) -> Artifact:
    """Text to packed rows of ids."""
    read, talked, learnt = corpus(job), chat(job), tokenizer(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.build import pack_corpus

        return pack_corpus(folder, learnt.folder, read.folder, talked.folder, job.recipe.packing, progress)

    inputs = {"corpus": read, "chat": talked, "tokenizer": learnt}
    return job.build("tokens", settings_of(job.recipe, "packing"), inputs, work)


@stage
def pretrain(job: Job) -> Artifact:
    """Learn to copy, then the language of the documents: which token comes next?"""
    made, learnt, packed = plan(job), tokenizer(job), tokens(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.packing import Rows
        from chatwright.train.plan import Plan
        from chatwright.train.stages import train_stage

        planned = Plan.load(made.folder)
        rows = Rows.load(packed.folder, "documents")
        most = job.recipe.plan.most_epochs * len(rows) // planned.stage("pretrain").rows_per_batch
        return train_stage(
            folder,
            planned,
            rows,
            job.recipe.train,
            steps=max(1, min(planned.stage("pretrain").steps, most + planned.stage("pretrain").exercises)),
            exercises=planned.stage("pretrain").exercises,
            seed=derive_seed(job.recipe.seed, "pretrain"),
            start=None,
            shuffle=True,
            tokenizer=learnt.folder,
            validate=_validation(packed, planned.precision),
            progress=progress,
        )

    settings = {**settings_of(job.recipe, "train"), "most_epochs": job.recipe.plan.most_epochs}
    inputs = {"plan": made, "tokenizer": learnt, "tokens": packed}
    return job.build("pretrain", settings, inputs, work, resumable=True, scratch=(CHECKPOINT,))


@stage
def finetune(job: Job) -> Artifact:
    """Learn to answer: loss on the assistant's words only."""
    made, talked, learnt, packed, before = plan(job), chat(job), tokenizer(job), tokens(job), pretrain(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.generate.grounding import Grounding
        from chatwright.tokens.packing import Rows
        from chatwright.train.plan import Plan
        from chatwright.train.stages import train_stage

        planned = Plan.load(made.folder)
        rows = Rows.load(packed.folder, "conversations")
        Grounding.model_validate(talked.figures["grounding"]).save(folder)
        return train_stage(
            folder,
            planned,
            rows,
            job.recipe.train,
            steps=max(1, min(planned.stage("finetune").steps, len(rows) // planned.stage("finetune").rows_per_batch)),
            seed=derive_seed(job.recipe.seed, "finetune"),
            start=before.folder,
            shuffle=False,  # the file's rounds bring every fact back at even distances
            tokenizer=learnt.folder,
            validate=None,
            progress=progress,
        )

    inputs = {"plan": made, "chat": talked, "tokenizer": learnt, "tokens": packed, "pretrain": before}
    return job.build("finetune", settings_of(job.recipe, "train"), inputs, work, resumable=True, scratch=(CHECKPOINT,))


@stage
def evaluate(job: Job) -> Artifact:
    """Ask what was learnt and what was not, and score the answers with their uncertainty."""
    talked, packed, before, last = chat(job), tokens(job), pretrain(job), finetune(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.evaluate.run import evaluate_run
        from chatwright.train.machine import set_up
        from chatwright.train.plan import Plan

        planned = Plan.load(plan(job).folder)
        set_up(planned.threads)
        scores, answers = evaluate_run(
            questions=talked.folder / "questions.parquet",
            validation=packed.folder,
            pretrained=before.folder,
            finetuned=last.folder,
            settings=job.recipe.evaluate,
            generation=job.recipe.generate,
            seed=job.recipe.seed,
            progress=progress,
        )
        write_scores(folder, scores, answers)
        return {"questions": len(answers), **scores["language"]}

    inputs = {"chat": talked, "tokens": packed, "pretrain": before, "finetune": last}
    return job.build("evaluate", settings_of(job.recipe, "evaluate", "generate"), inputs, work)


@stage
def report(job: Job) -> Artifact:
    """One page that a person reads, the scores as JSON, and the model card; from manifests only."""
    return report_on(job, evaluate(job))


def _validation(packed: Artifact, precision: str) -> Callable[[Any], dict[str, float]] | None:
    """Loss and bits per byte on documents that training never reads; none where there are none."""
    byte_count = packed.figures["validation_bytes"]
    if not byte_count:
        return None

    def validate(model: Any) -> dict[str, float]:
        import torch

        from chatwright.evaluate.perplexity import language_scores, negative_log_likelihood
        from chatwright.tokens.packing import Rows

        rows = Rows.load(packed.folder, "validation")
        nats = negative_log_likelihood(model, rows, getattr(torch, precision))
        tokens = packed.figures["validation_tokens"]
        scores = language_scores(nats, tokens, byte_count)
        return {"validation_loss": nats / tokens, "validation_bits_per_byte": scores["bits_per_byte"]}

    return validate

"""The story of messages: a model that learns to answer from conversations, from nothing or on a pretrained base.

corpus → (base →) tokenizer → tokens → plan → finetune → evaluate → report
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chatwright.core.artifacts import Artifact
from chatwright.core.errors import UsageError
from chatwright.core.progress import Progress
from chatwright.core.seeds import derive_seed
from chatwright.pipeline.job import CHECKPOINT, Job, next_token_loss, report_on, settings_of, stage, write_scores
from chatwright.pipeline.tasks import ask_tasks, task_files


@stage
def corpus(job: Job) -> Artifact:
    """Read conversations; what was left out is in the ledger."""
    from chatwright.corpus.messages import build_messages, messages_identity

    messages = job.recipe.messages
    task_files(job)
    told = messages.model_dump(mode="json", include={"names", "most", "held_out"})
    settings = {"messages": told, "files": messages_identity(messages)}
    return job.build("corpus", settings, {}, lambda folder, progress: build_messages(folder, messages, progress))


@stage
def base(job: Job) -> Artifact:
    """The pretrained model to go on from, with a tokenizer that has our control tokens."""
    from chatwright.interop.adopt import adopt, base_identity

    source = str(job.recipe.base)
    settings = {"base": source, "files": base_identity(source)}
    return job.build("base", settings, {}, lambda folder, _: adopt(source, folder))


@stage
def tokenizer(job: Job) -> Artifact:
    """Learn the vocabulary from the training conversations, or take the base's."""
    if job.recipe.base:
        return base(job)
    read = corpus(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.build import learn_from_texts

        said = [turn["content"] for row in _rows(read, "train") for turn in row["messages"]]
        return learn_from_texts(folder, {"messages": said}, job.recipe.tokenizer, progress)

    return job.build("tokenizer", settings_of(job.recipe, "tokenizer"), {"corpus": read}, work)


@stage
def tokens(job: Job) -> Artifact:
    """Conversations to packed rows of ids."""
    read, learnt, both = corpus(job), tokenizer(job), job.recipe.messages.both_sides

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.build import pack_messages

        splits = {split: [row["messages"] for row in _rows(read, split)] for split in ("train", "validation", "test")}
        return pack_messages(folder, learnt.folder, splits, job.recipe.packing, progress, both_sides=both)

    settings = {**settings_of(job.recipe, "packing"), "both_sides": both}
    return job.build("tokens", settings, {"corpus": read, "tokenizer": learnt}, work)


@stage
def plan(job: Job) -> Artifact:
    """Measure the machine once; derive steps and the expected cost."""
    recipe, learnt, packed = job.recipe, tokenizer(job), tokens(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.model.files import load_config
        from chatwright.train.decoder_planner import make_decoder_plan
        from chatwright.train.planner import size_for, training_seconds

        size = learnt.figures["vocabulary_size"]
        if recipe.base:
            config = load_config(learnt.folder)
            if recipe.packing.row_tokens > config.context:
                raise UsageError(
                    f"rows of {recipe.packing.row_tokens} tokens exceed the base's context of {config.context}",
                    where=recipe.base,
                    remedy=f"--set packing.row_tokens={config.context}",
                )
        else:
            config = size_for(training_seconds(recipe.plan), recipe.plan, size, context=4 * recipe.packing.row_tokens)
        most = recipe.plan.most_epochs * packed.figures["train_rows"] // recipe.train.rows_per_batch
        made = make_decoder_plan(
            recipe.plan,
            recipe.train,
            recipe.packing,
            config,
            "finetune",
            progress,
            lora=recipe.lora,
            most_steps=most,
            exercises=not recipe.base,
            learnt=packed.figures["train_learnt"],
        )
        made.save(folder)
        return {
            "parameters": config.parameters,
            "blocks": config.layers,
            "width": config.width,
            "steps": made.stage("finetune").steps,
            "tokens_per_step": made.stage("finetune").tokens_per_step,
            **made.expected,
        }

    settings = settings_of(recipe, "plan", "packing", "lora")
    settings["rows_per_batch"] = recipe.train.rows_per_batch
    return job.build("plan", settings, {"tokenizer": learnt, "tokens": packed}, work, again=job.replan)


@stage
def finetune(job: Job) -> Artifact:
    """Learn to answer: loss on the assistant's words only, unless both sides are learnt."""
    learnt, packed, made = tokenizer(job), tokens(job), plan(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.packing import Rows
        from chatwright.train.plan import Plan
        from chatwright.train.stages import train_stage

        planned, rows, recipe = Plan.load(made.folder), Rows.load(packed.folder, "train"), job.recipe
        figures = train_stage(
            folder,
            planned,
            rows,
            recipe.finetune.of(recipe.train) if recipe.base else recipe.train,
            steps=planned.stage("finetune").steps,
            exercises=planned.stage("finetune").exercises,
            seed=derive_seed(recipe.seed, "finetune"),
            start=learnt.folder if recipe.base else None,
            shuffle=True,
            lora=recipe.lora,
            # As it stands here, with rows for our control tokens; peft looks for it from any directory.
            base=str(learnt.folder.resolve()),
            tokenizer=learnt.folder,
            validate=next_token_loss(packed, planned.precision),
            progress=progress,
        )
        given = planned.stage("finetune")
        epochs = (figures["steps"] - given.exercises) * given.rows_per_batch / len(rows)
        return {**figures, "epochs": round(epochs, 2)}

    settings = settings_of(job.recipe, "train", "lora")
    settings["finetune"] = job.recipe.finetune.model_dump(mode="json", include={"rate_share", "dropout"})
    inputs = {"plan": made, "tokenizer": learnt, "tokens": packed}
    return job.build("finetune", settings, inputs, work, resumable=True, scratch=(CHECKPOINT,))


@stage
def evaluate(job: Job) -> Artifact:
    """How likely answers are that were not learnt, before and after; which of several is right; samples."""
    read, learnt, packed, last, made = corpus(job), tokenizer(job), tokens(job), finetune(job), plan(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.evaluate.messages import evaluate_messages
        from chatwright.train.machine import set_up
        from chatwright.train.plan import Plan

        recipe = job.recipe
        set_up(Plan.load(made.folder).threads)
        rows = {split: _rows(read, split) for split in ("train", "test")}
        scores, answers = evaluate_messages(
            conversations={split: [row["messages"] for row in found] for split, found in rows.items()},
            sources={split: [row["source"] for row in found] for split, found in rows.items()},
            packed=packed.folder,
            model=last.folder,
            base=learnt.folder if recipe.base else None,
            message_settings=recipe.messages,
            settings=recipe.evaluate,
            generation=recipe.generate,
            seed=recipe.seed,
            progress=progress,
        )
        tasks, signatures = ask_tasks(job, last.folder, progress)
        scores = {**scores, "tasks": scores["tasks"] | tasks, "signatures": scores["signatures"] | signatures}
        write_scores(folder, scores, answers)
        return {"answers": len(answers), **scores["language"]}

    inputs = {"corpus": read, "tokens": packed, "finetune": last}
    told = job.recipe.messages.model_dump(mode="json", include={"choices", "samples"})
    told["chosen_by"] = "likelier than after learnt talks"  # what was scored in another way is scored again
    settings = {**settings_of(job.recipe, "evaluate", "generate"), "messages": told, "files": task_files(job)}
    return job.build("evaluate", settings, inputs, work)


@stage
def report(job: Job) -> Artifact:
    """One page that a person reads, the scores as JSON, and the model card; from manifests only."""
    return report_on(job, evaluate(job))


def _rows(read: Artifact, split: str) -> list[dict[str, Any]]:
    from chatwright.corpus.messages import CONVERSATIONS_FILE
    from chatwright.corpus.tables import read_rows

    return [row for row in read_rows(read.folder / CONVERSATIONS_FILE) if row["split"] == split]

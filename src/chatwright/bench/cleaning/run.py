"""The bench, stage by stage: what is finished is reused, what was stopped goes on.

collect … deduplicate → states → tokenizer → tokens → plan → a training for each state, share and seed
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chatwright.bench.cleaning.figures import tell
from chatwright.bench.cleaning.grid import SHARES, TRAININGS, Training
from chatwright.bench.cleaning.states import HELD_OUT, STATES, in_share, languages_of, read_passages, write_states
from chatwright.bench.cleaning.writing import take_openings, text_scores, writing_scores
from chatwright.bench.measured import Measured
from chatwright.core.artifacts import Artifact
from chatwright.core.errors import UsageError
from chatwright.core.progress import Part, Progress
from chatwright.core.runs import locked
from chatwright.core.seeds import derive_seed
from chatwright.corpus.judging.rules import Rule, chosen_rules
from chatwright.pipeline import collection
from chatwright.pipeline.job import CHECKPOINT, Job, Show, settings_of, stage
from chatwright.recipe import Recipe

_TRAINING_SHARE = 0.75  # of the time that is left after the corpus; the rest is for scores, and for slow moments
_SIZE_SHARE = (
    0.25  # a model for less time than there is: smaller, it reads the text more often, which is what is compared
)
_WEIGHTS = "model.safetensors"


def measure_cleaning(recipe: Recipe, folder: Path, show: Show) -> Measured:
    """The figures of a recipe's collection within about `plan.minutes`; all that is made is kept in `folder`.

    Every model has the same size, tokenizer, steps and tokens; it is a decoder, whatever the recipe trains.
    """
    if not recipe.collection.sources:
        raise UsageError(
            "this recipe has no sources that could be cleaned",
            where=recipe.name,
            remedy="name a recipe with [[collection.sources]], such as web-zh-en",
        )
    run = folder / f"cleaning-{recipe.name}"
    with locked(run):
        job = Job(recipe, run, show)
        read, packed, made = states(job), tokens(job), plan(job)
        trained = {training: _train(job, training, number) for number, training in enumerate(TRAININGS, 1)}
        figures = {training.name: artifact.figures for training, artifact in trained.items()}
        return tell(recipe, read.figures, packed.figures, made.figures, figures)


@stage
def states(job: Job) -> Artifact:
    stages = {"collect": collection.collect(job), "judge": collection.judge(job)}
    stages["deduplicate"] = collection.deduplicate(job)
    text, limits = job.recipe.text, job.recipe.collection.contamination

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        return write_states({name: each.folder for name, each in stages.items()}, folder, text, limits, progress)

    told = {"text": text.model_dump(mode="json", include={"held_out", "passage_characters"})}
    told["contamination"] = limits.model_dump(mode="json")
    return job.build("states", told, stages, work)


@stage
def tokenizer(job: Job) -> Artifact:
    """One vocabulary for all, learnt from the deduplicated text."""
    read = states(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.build import learn_from_texts

        return learn_from_texts(folder, {"train": _texts(read, STATES[-1])}, job.recipe.tokenizer, progress)

    settings = settings_of(job.recipe, "tokenizer")
    return job.build("tokenizer", settings, {"states": read}, work)


@stage
def tokens(job: Job) -> Artifact:
    """Each state and share as packed rows, and what is held out by language."""
    read, learnt = states(job), tokenizer(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.build import pack_texts
        from chatwright.tokens.tokenizer import Tokenizer

        asked = read_passages(read.folder, HELD_OUT)
        languages = languages_of(asked)
        splits = {
            f"{HELD_OUT}-{language}": [row["text"] for row in asked if row["language"] == language]
            for language in languages
        }
        bytes_of = {name: sum(len(text.encode()) for text in texts) for name, texts in splits.items()}
        splits |= {state: _texts(read, state) for state in STATES}
        all_of_it = read_passages(read.folder, STATES[-1])
        for training in TRAININGS:
            if training.reads in SHARES:
                part, seed = SHARES[training.reads], derive_seed(job.recipe.seed, training.seed)
                splits[training.rows] = [row["text"] for row in all_of_it if in_share(row["id"], part, seed)]
        figures = pack_texts(folder, learnt.folder, splits, job.recipe.packing, progress, masked=False)
        openings = take_openings(Tokenizer.load(learnt.folder), asked, job.recipe.packing.row_tokens)
        return {
            **figures,
            "languages": languages,
            "held_out_bytes": bytes_of,
            "openings": len(openings),
            "people": text_scores(Tokenizer.load(learnt.folder), openings, _rules(job.recipe)),
        }

    settings = {**settings_of(job.recipe, "packing"), "seed": job.recipe.seed, "rules": _told_rules(job.recipe)}
    return job.build("tokens", settings, {"states": read, "tokenizer": learnt}, work)


@stage
def plan(job: Job) -> Artifact:
    """Steps for every training, out of the time that the corpus leaves."""
    recipe, learnt, packed = job.recipe, tokenizer(job), tokens(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.train.decoder_planner import make_decoder_plan, text_model

        before = sum(artifact.manifest.seconds for artifact in job.done.values())
        left = max(0.3 * recipe.plan.minutes * 60, recipe.plan.minutes * 60 - before)
        update: dict[str, Any] = {"minutes": _TRAINING_SHARE * left / len(TRAININGS) / 60, "other_seconds": 0.0}
        if recipe.plan.compile == "auto":
            update["compile"] = "no"  # so many models would each be compiled anew
        settings = recipe.plan.model_copy(update=update)
        size, context = learnt.figures["vocabulary_size"], recipe.packing.row_tokens
        seconds = {"minutes": _SIZE_SHARE * settings.minutes}
        config = text_model(settings.model_copy(update=seconds), recipe.text.shape, size, context=context)
        made = make_decoder_plan(settings, recipe.train, recipe.packing, config, "pretrain", progress)
        made.save(folder)
        planned = made.stage("pretrain")
        return {
            "parameters": config.parameters,
            "blocks": config.layers,
            "width": config.width,
            "steps": planned.steps,
            "tokens": planned.steps * planned.tokens_per_step,
            **made.expected,
        }

    settings = settings_of(recipe, "plan", "packing")
    settings |= {"rows_per_batch": recipe.train.rows_per_batch, "shape": recipe.text.shape}
    return job.build("plan", settings, {"tokenizer": learnt, "tokens": packed}, work, again=job.replan)


def _train(job: Job, training: Training, number: int) -> Artifact:
    """Train one model and score it. The seed decides first weights, order, and which share is read."""
    read, learnt, packed, made = states(job), tokenizer(job), tokens(job), plan(job)

    def work(folder: Path, progress: Progress) -> dict[str, Any]:
        from chatwright.tokens.packing import Rows
        from chatwright.train.plan import Plan
        from chatwright.train.stages import train_stage

        planned, rows = Plan.load(made.folder), Rows.load(packed.folder, training.rows)
        where = f"training {number} of {len(TRAININGS)}"
        figures = train_stage(
            folder,
            planned,
            rows,
            job.recipe.train,
            steps=planned.stage("pretrain").steps,
            seed=derive_seed(job.recipe.seed, "cleaning", training.seed),
            start=None,
            shuffle=True,
            tokenizer=learnt.folder,
            validate=None,
            progress=Part(progress, 0.0, 0.9, where),
        )
        progress.update(0.9, f"{where} · asking what it never read")
        figures["epochs"] = round(figures["steps"] * planned.stage("pretrain").rows_per_batch / len(rows), 3)
        return {**figures, "scores": _scores(job.recipe, folder, packed, read)}

    settings = {**settings_of(job.recipe, "train"), "reads": training.reads, "own_seed": training.seed}
    settings |= {"rules": _told_rules(job.recipe), "batch": job.recipe.generate.batch}
    inputs = {"states": read, "tokenizer": learnt, "tokens": packed, "plan": made}
    return job.build(training.name, settings, inputs, work, resumable=True, scratch=(CHECKPOINT, _WEIGHTS))


def _scores(recipe: Recipe, model: Path, packed: Artifact, read: Artifact) -> dict[str, float]:
    import torch

    from chatwright.evaluate.perplexity import language_scores, negative_log_likelihood
    from chatwright.model.decoder import Decoder
    from chatwright.model.files import load_model
    from chatwright.tokens.packing import Rows
    from chatwright.tokens.tokenizer import Tokenizer

    decoder, own_tokenizer = load_model(model), Tokenizer.load(model)
    assert isinstance(decoder, Decoder)
    found, sums = dict[str, float](), [0.0, 0, 0]
    for language in packed.figures["languages"]:
        name = f"{HELD_OUT}-{language}"
        rows = Rows.load(packed.folder, name)
        nats = negative_log_likelihood(decoder, rows, torch.float32, recipe.evaluate.text_batch)
        own = [nats, int(rows.learnt.sum()), packed.figures["held_out_bytes"][name]]
        sums = [so_far + more for so_far, more in zip(sums, own, strict=True)]
        found[f"bits_per_byte_{language}"] = language_scores(own[0], int(own[1]), int(own[2]))["bits_per_byte"]
    found["bits_per_byte"] = language_scores(sums[0], int(sums[1]), int(sums[2]))["bits_per_byte"]
    openings = take_openings(own_tokenizer, read_passages(read.folder, HELD_OUT), recipe.packing.row_tokens)
    if openings:
        found |= writing_scores(decoder, own_tokenizer, openings, _rules(recipe), recipe.generate.batch)
    return found


def _rules(recipe: Recipe) -> tuple[Rule, ...]:
    judge = recipe.collection.judge
    return chosen_rules(judge.off, {name: (limit.least, limit.most) for name, limit in judge.limits.items()})


def _told_rules(recipe: Recipe) -> dict[str, Any]:
    return recipe.collection.judge.model_dump(mode="json", include={"off", "limits"})


def _texts(read: Artifact, name: str) -> list[str]:
    return [row["text"] for row in read_passages(read.folder, name)]

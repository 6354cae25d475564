"""The evaluation stage: language scores on unread documents, answers to unseen questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from chatwright.core.progress import Progress
from chatwright.corpus.tables import read_rows
from chatwright.evaluate.answers import answer_questions
from chatwright.evaluate.perplexity import language_scores, negative_log_likelihood
from chatwright.evaluate.questions import judge_answers, summarise
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.generate.assistant import Assistant
from chatwright.generate.settings import GenerateSettings
from chatwright.model.files import load_decoder
from chatwright.tokens.packing import Rows


def evaluate_run(
    *,
    questions: Path,
    validation: Path,
    pretrained: Path,
    finetuned: Path,
    settings: EvaluateSettings,
    generation: GenerateSettings,
    seed: int,
    progress: Progress,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Scores (see `questions.summarise`, with ``language`` beside the tasks) and judged answers."""
    progress.update(0.0, "reading documents that training never saw")
    language = _language(pretrained, validation, settings)
    assistant = Assistant.load(finetuned)
    answered = answer_questions(assistant, read_rows(questions), generation, progress)
    judged = judge_answers(answered, settings)
    return {**summarise(judged, settings, seed), "language": language}, judged


def _language(pretrained: Path, validation: Path, settings: EvaluateSettings) -> dict[str, float]:
    if not (validation / "validation.ids.npy").exists():
        return {}
    from chatwright.core.artifacts import open_artifact

    rows, figures = Rows.load(validation, "validation"), open_artifact(validation).figures
    nats = negative_log_likelihood(load_decoder(pretrained), rows, torch.float32, settings.text_batch)
    return language_scores(nats, figures["validation_tokens"], figures["validation_bytes"])

"""Tasks that any model can be asked: choices, grammar, labels, replies by likelihood; targets of sources by writing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatwright.core.errors import UsageError
from chatwright.core.progress import Progress
from chatwright.corpus.choice_sets import CHOICE_SETS, Choice
from chatwright.corpus.label_sets import LABEL_SETS
from chatwright.corpus.message_sets import MESSAGE_SETS
from chatwright.corpus.pair_sets import PAIR_SETS
from chatwright.corpus.public import public_files, public_folder
from chatwright.corpus.settings import PairSettings
from chatwright.evaluate import scorers
from chatwright.evaluate.label_task import ask_labels
from chatwright.evaluate.minimal_pairs import TASK as BLIMP
from chatwright.evaluate.minimal_pairs import minimal_pairs
from chatwright.evaluate.outcome import Asked, Outcome
from chatwright.evaluate.reply_task import REPLIES, ask_replies
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.evaluate.text import Unit
from chatwright.generate.settings import GenerateSettings

_PAIRS = {  # the data set, what is read, what is written
    "multi30k": ("multi30k", "en", "de"),
    "multi30k-de-en": ("multi30k", "de", "en"),
    "tatoeba-en-zh": ("tatoeba-en-zh", "en", "zh"),
    "tatoeba-zh-en": ("tatoeba-en-zh", "zh", "en"),
    "dialogsum": ("dialogsum", "en", "en"),
    "csl-title-zh": ("csl-title-zh", "zh", "zh"),
    "cmrc2018": ("cmrc2018", "zh", "zh"),
}
TASKS = (BLIMP, *CHOICE_SETS, *_PAIRS, *LABEL_SETS, *REPLIES)


def check_tasks(names: Sequence[str]) -> None:
    """`UsageError` for tasks that are not known, before anything is asked."""
    unknown = [name for name in names if name not in TASKS]
    if unknown:
        raise UsageError(
            f"these tasks are not known: {', '.join(unknown)}", where="--tasks", remedy=f"known: {', '.join(TASKS)}"
        )


def check_task_files(names: Sequence[str], data: str | None) -> None:
    """`UsageError` for a task whose files are not there."""
    for name in names:
        if (files := _files(name)) is None:
            public_folder(data, task_folder(name))
        else:
            public_files(data, name, files)


def _files(name: str) -> Sequence[str] | None:
    """What a task reads below the folder of public data; None: whatever is in its folder."""
    if name in _PAIRS:
        pairs = _pair_settings(name)
        return PAIR_SETS[pairs.name].files(pairs)
    if name in LABEL_SETS:
        return LABEL_SETS[name].files
    return MESSAGE_SETS[name].files if name in REPLIES else None


def task_folder(name: str) -> str:
    """Below the folder of public data, where the files of a task lie."""
    if name in CHOICE_SETS:
        return CHOICE_SETS[name].folder
    files = _files(name)
    return files[0].split("/")[0] if files else name


def run_task(
    name: str,
    asked: Asked,
    data: Path,
    settings: EvaluateSettings,
    generation: GenerateSettings,
    limit: int | None,
    progress: Progress,
) -> Outcome:
    """Ask one task, its first `limit` items at most."""
    if name == BLIMP:
        figures, right, pairs = minimal_pairs(data, asked.sentences, settings, progress, limit)
        told = {"accuracy": "whole sentences, (pseudo-)log p"}
        return Outcome(figures, {"accuracy": right}, signatures=told, texts=pairs)
    if name in CHOICE_SETS:
        items = list(CHOICE_SETS[name].read(data / CHOICE_SETS[name].folder))[:limit]
        return _choices(name, asked, items, settings, progress)
    if name in LABEL_SETS:
        return ask_labels(name, asked, data, settings, limit, progress)
    if name in REPLIES:
        return ask_replies(name, asked, data, settings, limit, progress)
    return _targets(name, asked, data, settings, generation, limit, progress)


def _choices(
    name: str, asked: Asked, items: Sequence[Choice], settings: EvaluateSettings, progress: Progress
) -> Outcome:
    """The share of questions whose right candidate is the likeliest, as a whole and per byte of the candidate."""
    progress.update(0.1, f"{len(items):,} questions")
    prompts = [item.prompt for item in items for _ in item.candidates]
    candidates = [text for item in items for text in item.candidates]
    told = asked.likelihoods(prompts, candidates)
    sizes = np.array([max(1, len(text.encode())) for text in candidates])
    cut = np.cumsum([len(item.candidates) for item in items])[:-1]
    texts = [(item.question, item.candidates[item.right]) for item in items]
    outcome = Outcome({"n": len(items)}, texts=texts)
    figures = outcome.figures
    for figure, scores in (("accuracy", told), ("accuracy_per_byte", told / sizes)):
        parts = np.split(scores, cut)
        right = [_alone(part, item.right) for part, item in zip(parts, items, strict=True)]
        outcome.add(figure, np.asarray(right, dtype=np.float64), "share", settings, name)
    figures["chance"] = float(np.mean([1 / len(item.candidates) for item in items]))
    subjects = defaultdict(list)
    for item, found in zip(items, outcome.items["accuracy"], strict=True):
        if item.group:
            subjects[item.group].append(float(found))
    if subjects:
        figures["subjects"] = {subject: float(np.mean(found)) for subject, found in subjects.items()}
    outcome.signatures["accuracy"] = (
        f"{name}|zero-shot|log p of the candidate (of one beyond the context its beginning), and divided by its bytes"
        + (f"|{len(subjects)} subjects" if subjects else "")
    )
    return outcome


def _alone(scores: NDArray[np.float64], right: int) -> bool:
    """Is the right one likelier than every other? A tie, or what is no number, is lost."""
    return bool((scores[right] > np.delete(scores, right)).all())


def _pair_settings(name: str) -> PairSettings:
    data_set, source, target = _PAIRS[name]
    return PairSettings.model_validate({"name": data_set, "source": source, "target": target})


def _targets(
    name: str,
    asked: Asked,
    data: Path,
    settings: EvaluateSettings,
    generation: GenerateSettings,
    limit: int | None,
    progress: Progress,
) -> Outcome:
    """BLEU and chrF of translations, ROUGE of summaries, F1 of answers: of running text, whatever is written inside."""
    pairs = _pair_settings(name)
    found = PAIR_SETS[pairs.name]
    rows = [row for row in found.read(data, pairs) if row.split == "test"]
    if found.asked_once:  # the first target of each source, as the recipe's own test
        rows = list({row.source: row for row in reversed(rows)}.values())[::-1]
    whole = [row for row in rows if row.source.strip() and row.target.strip()]
    empty, rows = len(rows) - len(whole), whole[:limit]
    sources, targets = [row.source for row in rows], [row.target for row in rows]
    unit: Unit = "characters" if pairs.target == "zh" else "words"
    written = asked.write(sources, generation, progress)
    if found.task == "translation":
        outcome = _translated(written, targets, unit, settings)
    elif found.task == "reading":
        outcome = _read(written, [(row.target, *row.others) for row in rows], unit, settings)
    else:
        outcome = _summarised(name, written, targets, unit, settings)
    outcome.texts = list(zip(sources, targets, strict=True))
    outcome.signatures["generation"] = generation.signature
    if empty:
        outcome.figures["not_asked"] = f"pairs without a source or a target: {empty:,}"
    return outcome


def _summarised(
    name: str, written: Sequence[str], targets: Sequence[str], unit: Unit, settings: EvaluateSettings
) -> Outcome:
    signature = scorers.rouge_signature(unit=unit, stemmer=True) + "|F-measure"
    outcome = Outcome({"n": len(targets)}, signatures={"rouge": signature})
    for figure, each in scorers.summary_scores(targets, written, unit).items():
        outcome.add(figure, np.asarray(each), "0 to 1", settings, name)
    return outcome


def _read(
    written: Sequence[str], answers: Sequence[tuple[str, ...]], unit: Unit, settings: EvaluateSettings
) -> Outcome:
    exact, shared = scorers.answer_scores(answers, written, unit)
    outcome = Outcome({"n": len(written)}, signatures={"token_f1": scorers.token_f1_signature(unit)})
    outcome.add("exact_match", np.asarray(exact, dtype=np.float64), "share", settings, "reading")
    outcome.add("token_f1", np.asarray(shared), "0 to 1", settings, "reading")
    return outcome


def _translated(written: Sequence[str], targets: Sequence[str], unit: Unit, settings: EvaluateSettings) -> Outcome:
    outcome = Outcome({"n": len(targets)})
    scores = {
        "bleu": scorers.bleu(written, [targets], tokenize=scorers.BLEU_TOKENIZERS[unit], lowercase=True),
        "chrf": scorers.chrf(written, [targets], lowercase=True),
    }
    for figure, score in scores.items():
        outcome.add(figure, score.statistics, "0 to 100", settings, figure, score.of_rows)
        outcome.signatures[figure] = score.signature
    return outcome

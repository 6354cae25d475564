"""Scores of answers to questions, by task, each with its interval.

rows (question, expected, answer) → judge_answers → one verdict a row → summarise → scores
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chatwright.core.errors import DataError
from chatwright.core.seeds import derive_seed
from chatwright.corpus.answers import declines
from chatwright.evaluate import scorers
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.evaluate.uncertainty import (
    bootstrap_corpus,
    bootstrap_mean,
    paired_difference,
    share_interval,
)

Row = dict[str, Any]
Scores = dict[str, Any]

# Tasks whose questions have an answer that was taught: declining one of these is a mistake.
TAUGHT_TASKS = ("what", "outside", "which", "arguments", "follow-up", "ambiguous")
DECLINED_TASK = "unknown"
# Tasks whose answers begin with the name that was asked about.
NAMED_TASKS = ("what", "outside", "held-out")

_NAMES_CUT = f"|leading names cut:{'+'.join(NAMED_TASKS)}"
_SHARE = "share"
_FRACTION = "0 to 1"
_POINTS = "0 to 100"


def judge_answers(rows: Iterable[Row], settings: EvaluateSettings) -> list[Row]:
    """Each row with its verdict: `exact`, `near`, `token_f1`, `rouge_l`, `baseline_rouge_l`, `declined`.

    A row has ``id``, ``task``, ``expected``, ``answer`` and ``baseline`` (text or None), and may have a
    ``draft``: what the model wrote before the assistant checked it. `alone` holds whether that was
    `exact`, `near` and `declined`. An answer is `declined` if it says that the name is not known. In
    `NAMED_TASKS` a name that expectation and answer both begin with counts for nothing in `token_f1`,
    `near` and `rouge_l`: copying it from the question is no knowledge. `baseline_rouge_l` is None
    without a baseline.
    """
    judged = []
    for row in rows:
        verdict, draft = _verdict(row, settings), row.get("draft", row["answer"])
        before = verdict if draft == row["answer"] else _verdict({**row, "answer": draft}, settings)
        judged.append({**row, **verdict, "alone": {key: before[key] for key in ("exact", "near", "declined")}})
    return judged


def _without_name(task: str, expected: str, answer: str) -> tuple[str, str]:
    name, colon, rest = expected.partition(": ")
    if task not in NAMED_TASKS or not colon or not answer.startswith(name + colon):
        return expected, answer
    return rest, answer[len(name + colon) :]


def _verdict(row: Row, settings: EvaluateSettings) -> Row:
    baseline = row.get("baseline")
    expected, answer = _without_name(row["task"], row["expected"], row["answer"])

    def rouge_l(text: str) -> float:
        return scorers.rouge(expected, text, unit=settings.unit, kinds=("rougeL",))["rougeL"].f

    exact, similar = scorers.exact_match(row["expected"], row["answer"]), rouge_l(answer)
    return {
        "exact": exact,
        "near": exact or similar >= settings.near_exact,  # exact text without any letter has no ROUGE-L
        "token_f1": scorers.token_f1(expected, answer, settings.unit),
        "rouge_l": similar,
        "baseline_rouge_l": None if baseline is None else rouge_l(baseline),
        "declined": declines(answer),
    }


def summarise(judged: Sequence[Row], settings: EvaluateSettings, seed: int) -> Scores:
    """The scores of judged rows: ``{"tasks": {task: {"n", metric: figure}}, "overall", "alone", "signatures"}``.

    A figure is ``{"value", "low", "high", "n", "unit", "method"}``. Every task has `exact_match`,
    `near_exact`, `token_f1`, `rouge_l`, `bleu`, `chrf` and `declined`; tasks
    with baselines have `baseline_rouge_l` and `rouge_l_gain` (paired, answer minus baseline).
    ``overall`` pools all rows for `exact_match`, and those of `TAUGHT_TASKS` for `wrongly_declined`.
    ``alone`` has the shares that the drafts would have got.
    """
    if not judged:
        raise DataError("there are no answers to score")
    tasks: dict[str, list[Row]] = {}
    for row in judged:
        tasks.setdefault(row["task"], []).append(row)
    scored = {task: _task_scores(rows, settings, derive_seed(seed, task)) for task, rows in tasks.items()}
    overall: Scores = {"n": len(judged), "exact_match": _share([row["exact"] for row in judged], settings)}
    real = [row["declined"] for row in judged if row["task"] in TAUGHT_TASKS]
    if real and DECLINED_TASK in tasks:
        overall["wrongly_declined"] = _share(real, settings)
    return {
        "tasks": scored,
        "overall": overall,
        "alone": _alone(tasks, settings),
        "signatures": _signatures(judged, settings),
    }


def _alone(tasks: dict[str, list[Row]], settings: EvaluateSettings) -> Scores:
    """What the weights alone would have scored, by task and overall; empty where no draft was changed."""
    if all(row["alone"] == {key: row[key] for key in row["alone"]} for rows in tasks.values() for row in rows):
        return {}
    scores: Scores = {
        task: {
            "exact_match": _share([row["alone"]["exact"] for row in rows], settings),
            "near_exact": _share([row["alone"]["near"] for row in rows], settings),
        }
        for task, rows in tasks.items()
    }
    if DECLINED_TASK in tasks:
        declined = [row["alone"]["declined"] for row in tasks[DECLINED_TASK]]
        scores[DECLINED_TASK]["declined"] = _share(declined, settings)
        real = [row["alone"]["declined"] for task in TAUGHT_TASKS for row in tasks.get(task, [])]
        if real:
            scores["overall"] = {"wrongly_declined": _share(real, settings)}
    return scores


def _task_scores(rows: list[Row], settings: EvaluateSettings, seed: int) -> Scores:
    def mean(name: str) -> Scores:
        values = [row[name] for row in rows]
        return bootstrap_mean(values, **settings.resampling(seed)).figure(_FRACTION)

    scores: Scores = {
        "n": len(rows),
        "exact_match": _share([row["exact"] for row in rows], settings),
        "near_exact": _share([row["near"] for row in rows], settings),
        "token_f1": mean("token_f1"),
        "rouge_l": mean("rouge_l"),
        "declined": _share([row["declined"] for row in rows], settings),
    }
    for name, score in _corpus_scores(rows, settings).items():
        interval = bootstrap_corpus(score.statistics, score.score_sums, **settings.resampling(seed))
        scores[name] = interval.figure(_POINTS)
    if all(row["baseline_rouge_l"] is not None for row in rows):
        pair = [[row[name] for row in rows] for name in ("rouge_l", "baseline_rouge_l")]
        scores["baseline_rouge_l"] = mean("baseline_rouge_l")
        scores["rouge_l_gain"] = paired_difference(*pair, **settings.resampling(seed)).figure(_FRACTION)
    return scores


def _corpus_scores(rows: Sequence[Row], settings: EvaluateSettings) -> dict[str, scorers.CorpusScore]:
    answers, references = [row["answer"] for row in rows], [[row["expected"] for row in rows]]
    tokenize = scorers.BLEU_TOKENIZERS[settings.unit]
    return {
        "bleu": scorers.bleu(answers, references, tokenize=tokenize),
        "chrf": scorers.chrf(answers, references),
    }


def _signatures(rows: Sequence[Row], settings: EvaluateSettings) -> dict[str, str]:
    corpus = {name: score.signature for name, score in _corpus_scores(rows[:1], settings).items()}
    return {
        "exact_match": scorers.EXACT_MATCH_SIGNATURE,
        "token_f1": scorers.token_f1_signature(settings.unit) + _NAMES_CUT,
        "rouge_l": scorers.rouge_signature(unit=settings.unit) + "|F-measure" + _NAMES_CUT,
        "near_exact": f"ROUGE-L >= {settings.near_exact}" + _NAMES_CUT,
        **corpus,
        "intervals": (
            f"{settings.confidence:.0%}; shares: Wilson; "
            f"others: percentile bootstrap of questions, {settings.bootstrap_samples} resamples"
        ),
    }


def _share(successes: Sequence[bool], settings: EvaluateSettings) -> Scores:
    return share_interval(successes, confidence=settings.confidence).figure(_SHARE)

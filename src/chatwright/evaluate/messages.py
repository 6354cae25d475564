"""The evaluation of conversations: how likely the right answers are, which of several is right, and samples.

N questions, C candidates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from chatwright.core.progress import Progress
from chatwright.core.seeds import derive_seed, stream
from chatwright.corpus.settings import MessageSettings
from chatwright.evaluate import scorers
from chatwright.evaluate.outcome import Talk
from chatwright.evaluate.perplexity import negative_log_likelihood
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.evaluate.text import Unit
from chatwright.evaluate.uncertainty import bootstrap_mean, paired_difference, share_interval
from chatwright.generate.assistant import Assistant
from chatwright.generate.likelihood import reply_likelihoods
from chatwright.generate.settings import GenerateSettings
from chatwright.model.decoder import Decoder
from chatwright.model.files import load_decoder
from chatwright.tokens.packing import Rows

SAMPLES, CHOICE = "answers", "right answer"
_UNIT: Unit = "characters"  # Han one by one, other letters by the run: talks may be of any language, or of several
Told = Callable[[Sequence[Talk], Sequence[str]], NDArray[np.float64]]  # how likely an answer is after a talk
_OTHER_TALKS = 16  # of what the answer is asked after, to know how likely it is anyway


class Answered(NamedTuple):
    """A conversation up to its last answer, that answer, and where it comes from."""

    turns: Talk
    answer: str
    source: str


def evaluate_messages(
    *,
    conversations: Mapping[str, Sequence[Talk]],
    sources: Mapping[str, Sequence[str]],
    packed: Path,
    model: Path,
    base: Path | None,
    message_settings: MessageSettings,
    settings: EvaluateSettings,
    generation: GenerateSettings,
    seed: int,
    progress: Progress,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Scores, and sampled answers.

    `sources` says where each conversation comes from; `base` is the model before finetuning, if there was one.
    """
    progress.update(0.0, "reading conversations that training never saw")
    assistant = Assistant.load(model)
    language = _language(assistant.model, packed, settings)
    if base is not None:
        before = _language(load_decoder(base), packed, settings)
        language |= {f"{name}_before": value for name, value in before.items()}
    tasks: dict[str, Any] = {}
    test = conversations["test"]
    if message_settings.choices:
        told = partial(reply_likelihoods, assistant.model, assistant.tokenizer)
        choices = message_settings.choices
        tasks[CHOICE] = choose(conversations, sources, told, choices, settings, seed, progress)[0]
    answers = _samples(test, assistant, message_settings.samples, generation, seed, progress)
    if answers:
        rouge = [row["rouge_l"] for row in answers]
        figure = bootstrap_mean(rouge, **settings.resampling(derive_seed(seed, SAMPLES))).figure("0 to 1")
        tasks[SAMPLES] = {"n": len(answers), "rouge_l": figure}
    signatures = {"rouge_l": scorers.rouge_signature(unit=_UNIT) + "|F-measure"}
    if message_settings.choices:
        signatures[CHOICE] = choice_signature(message_settings.choices)
    return {"tasks": tasks, "language": language, "signatures": signatures}, answers


def _language(model: Decoder, packed: Path, settings: EvaluateSettings) -> dict[str, float]:
    rows = Rows.load(packed, "test")
    loss = negative_log_likelihood(model, rows, torch.float32, settings.text_batch) / int(rows.learnt.sum())
    return {"loss": loss, "perplexity": math.exp(min(loss, 700.0))}


def _samples(
    test: Sequence[Talk],
    assistant: Assistant,
    count: int,
    generation: GenerateSettings,
    seed: int,
    progress: Progress,
) -> list[dict[str, Any]]:
    """What the model answers to the first questions of some test conversations, whole talks before longer ones."""
    fitting = [turns for turns in test if _first_answer(turns) is not None]
    fitting = [turns for turns in fitting if assistant.fits(list(turns[: _first_answer(turns)]))]
    chosen = stream(seed, SAMPLES).sample(fitting, min(count, len(fitting)))
    if not chosen:
        return []
    progress.update(0.8, f"answering {len(chosen)} questions")
    asked = [list(turns[: _first_answer(turns)]) for turns in chosen]
    replies = assistant.answer(asked, generation)
    rows = []
    for number, (turns, question, reply) in enumerate(zip(chosen, asked, replies, strict=True)):
        expected = turns[len(question)]["content"]
        rows.append(
            {
                "id": str(number),
                "task": SAMPLES,
                "messages": [dict(turn) for turn in question],
                "expected": expected,
                "answer": reply.text,
                "exact": None,  # much may be answered in many ways
                "rouge_l": scorers.rouge(expected, reply.text, unit=_UNIT)["rougeL"].f,
            }
        )
    return rows


def _first_answer(turns: Talk) -> int | None:
    return next((at for at, turn in enumerate(turns) if at and turn["role"] == "assistant"), None)


def choice_signature(choices: int) -> str:
    """How the right answer is found among so many."""
    return (
        f"one of {choices} of the same source; model: log p(answer | talk) - log of the mean p(answer | other talk), "
        f"over up to {_OTHER_TALKS} learnt talks, whole answers; TF-IDF: cosine of answer and talk"
    )


def choose(
    conversations: Mapping[str, Sequence[Talk]],
    sources: Mapping[str, Sequence[str]],
    told: Told,
    choices: int,
    settings: EvaluateSettings,
    seed: int,
    progress: Progress,
    limit: int | None = None,
) -> tuple[dict[str, Any], list[bool], list[Answered]]:
    """The share of test talks whose last answer is found among others' of the same source, beside TF-IDF and chance.

    Of a `limit` the first talks are asked; the others still lend them their answers. `sources` of the figures holds the
    same for each source. Then, for each talk that is asked, whether its answer was found, and the talk.
    """
    learnt, talks = (answered(conversations[split], sources[split]) for split in ("train", "test"))
    random = stream(seed, CHOICE)
    candidates = []
    for talk in talks:
        others = sorted({other.answer for other in talks if other.source == talk.source} - {talk.answer})
        candidates.append([talk.answer, *random.sample(others, min(choices - 1, len(others)))])
    asked = [at for at, texts in enumerate(candidates) if len(texts) > 1][:limit]
    talks, candidates = [talks[at] for at in asked], [candidates[at] for at in asked]
    if not talks:
        return {"n": 0}, [], []
    progress.update(0.3, f"choosing among {choices} answers, {len(talks)} times")
    model = _model_scores(told, talks, candidates, learnt, random)
    linear = _tfidf_scores(conversations["train"], [talk.turns for talk in talks], candidates)
    # a tie with a wrong one is lost
    found, baseline = ([bool((s[0] > s[1:]).all()) for s in scores] for scores in (model, linear))
    options = settings.resampling(derive_seed(seed, CHOICE))

    def figures(chosen: Sequence[int]) -> dict[str, Any]:
        ours, theirs = [found[at] for at in chosen], [baseline[at] for at in chosen]
        return {
            "n": len(chosen),
            "accuracy": share_interval(ours, confidence=settings.confidence).figure("share"),
            "baseline_accuracy": share_interval(theirs, confidence=settings.confidence).figure("share"),
            "accuracy_gain": paired_difference(ours, theirs, **options).figure("0 to 1"),
            "chance": float(np.mean([1 / len(candidates[at]) for at in chosen])),
        }

    each = {name: [at for at, talk in enumerate(talks) if talk.source == name] for name in _sources(talks)}
    every = figures(range(len(talks))) | {"sources": {name: figures(chosen) for name, chosen in each.items()}}
    return every, found, talks


def answered(conversations: Sequence[Talk], sources: Sequence[str]) -> list[Answered]:
    """The conversations up to their last answers; those without one are left out."""
    both = zip(conversations, sources, strict=True)
    return [Answered(turns[:at], turns[at]["content"], source) for turns, source in both if (at := _last_answer(turns))]


def _sources(talks: Sequence[Answered]) -> list[str]:
    return sorted({talk.source for talk in talks})


def _last_answer(turns: Talk) -> int:
    return max((at for at, turn in enumerate(turns) if at and turn["role"] == "assistant"), default=0)


def _model_scores(
    told: Told,
    talks: Sequence[Answered],
    candidates: Sequence[Sequence[str]],
    learnt: Sequence[Answered],
    random: Random,
) -> list[NDArray[np.float64]]:
    """How much likelier each candidate is after the talk than after others: C numbers for each talk, in nats.

    The others are learnt ones of the same source, where there are any. Alone, without a talk, no answer was ever
    learnt; what a model says of one is no measure of how likely it is anyway (docs/log.md).
    """
    asked = [(talk, text) for talk, each in zip(talks, candidates, strict=True) for text in each]
    after = told([talk.turns for talk, _ in asked], [text for _, text in asked])
    anyway = dict[tuple[str, str], float]()
    for source in _sources(talks):
        others = [talk for talk in learnt if talk.source == source] or list(learnt or talks)
        usual = [talk.turns for talk in random.sample(others, min(_OTHER_TALKS, len(others)))]
        said = sorted({text for talk, text in asked if talk.source == source})
        each = told(usual * len(said), [text for text in said for _ in usual])
        means = np.logaddexp.reduce(each.reshape(len(said), len(usual)), axis=1) - math.log(len(usual))
        anyway |= {(source, text): float(mean) for text, mean in zip(said, means, strict=True)}
    gains = after - np.asarray([anyway[talk.source, text] for talk, text in asked])
    return np.split(gains, np.cumsum([len(each) for each in candidates])[:-1])


def _tfidf_scores(
    train: Sequence[Talk], talks: Sequence[Talk], candidates: Sequence[Sequence[str]]
) -> list[NDArray[np.float64]]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    said = [turn["content"] for turns in train for turn in turns]
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True).fit(said)
    scores = []
    for talk, texts in zip(talks, candidates, strict=True):
        context = vectors.transform([" ".join(turn["content"] for turn in talk)])
        scores.append(np.asarray((vectors.transform(list(texts)) @ context.T).todense()).ravel())
    return scores

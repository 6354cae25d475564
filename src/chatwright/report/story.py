"""What the page and the model card both tell: the run in words, its headline scores, its samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chatwright.core.seeds import stream
from chatwright.report import formats
from chatwright.report.costs import Cost
from chatwright.report.record import RunRecord
from chatwright.report.scores import Score
from chatwright.report.settings import ReportSettings
from chatwright.report.targets import Verdict

RULES = {"selection": "Which documents are read", "fact_order": "Which facts are taught first"}
NEAR_EXACT = 0.8  # what the evaluation takes where its settings name no other


@dataclass(frozen=True)
class Kind:
    """How one headline score is presented. A bar ends at `scale`; `baseline` names a score to mark on it."""

    name: str
    label: str
    explanation: str
    scale: float = 1.0
    lower_is_better: bool = False
    baseline: str = ""
    baseline_is: str = ""


KINDS = (
    Kind("what.exact_match", "What does X do?", "asked in words it has not seen, answered word for word"),
    Kind("outside.near_exact", "Asked by an outsider", "in words of someone who saw no template, nearly word for word"),
    Kind("which.exact_match", "Which one does that?", "from a description to the one name that fits"),
    Kind(
        "translation.bleu",
        "Translation",
        "BLEU of the text as the model writes it",
        scale=60.0,
        baseline="translation.baseline_bleu",
        baseline_is="what the translation of the nearest known sentence scores",
    ),
    Kind(
        "summary.rouge_1",
        "Summaries: words",
        "texts kept from training, ROUGE-1",
        baseline="summary.baseline_rouge_1",
        baseline_is="what the beginning of the text scores",
    ),
    Kind(
        "summary.rouge_2",
        "Summaries: pairs of words",
        "texts kept from training, ROUGE-2",
        baseline="summary.baseline_rouge_2",
        baseline_is="what the beginning of the text scores",
    ),
    Kind(
        "classification.accuracy",
        "Right labels",
        "of texts kept from training",
        baseline="classification.baseline_accuracy",
        baseline_is="what a linear model scores",
    ),
    Kind(
        "classification.macro_f1",
        "Each label alike",
        "F1 of every label, averaged: rare ones count as much as frequent ones",
        baseline="classification.baseline_macro_f1",
        baseline_is="what a linear model scores",
    ),
    Kind(
        "classification.auroc",
        "Told apart",
        "how often a text of the one kind is ranked above one of the other (AUROC)",
        baseline="classification.baseline_auroc",
        baseline_is="what a linear model scores",
    ),
    Kind(
        "reading.token_f1",
        "Answers out of a text",
        "F1 of tokens with the best right answer",
        baseline="reading.baseline_token_f1",
        baseline_is="what the sentence nearest the question scores",
    ),
    Kind(
        "reading.exact_match",
        "Exact answers out of a text",
        "one of the right answers, but for whitespace",
        baseline="reading.baseline_exact_match",
        baseline_is="what the sentence nearest the question scores",
    ),
    Kind(
        "blimp.accuracy",
        "Grammar",
        "the right one of two sentences is held likelier (BLiMP)",
        baseline="blimp.chance",
        baseline_is="what guessing scores",
    ),
    *(
        Kind(f"{task}.accuracy", label, told, baseline=f"{task}.chance", baseline_is="what guessing scores")
        for task, label, told in (
            ("piqa", "Everyday physics", "the right one of two ways to do something is held likelier (PIQA)"),
            ("arc-challenge", "School science", "the right answer is held likeliest (ARC-Challenge)"),
            ("cmmlu", "Knowledge, in Chinese", "the right one of four answers is held likeliest (CMMLU)"),
            ("mmlu", "Knowledge", "the right one of four answers is held likeliest (MMLU)"),
        )
    ),
    Kind(
        "right answer.accuracy",
        "The right answer",
        "found among answers of other talks",
        baseline="right answer.baseline_accuracy",
        baseline_is="what the nearest words (TF-IDF) find",
    ),
    Kind(
        "language.loss",
        "Answers it has not learnt",
        "nats for each token of them",
        scale=10.0,
        lower_is_better=True,
        baseline="language.loss_before",
        baseline_is="what it took before it learnt to answer",
    ),
    Kind("arguments.exact_match", "What does it take?", "the arguments of a function, complete"),
    Kind("follow-up.exact_match", "And then?", "a second turn that only makes sense after the first"),
    Kind("ambiguous.exact_match", "Which one is meant?", "a short name with several meanings"),
    Kind("small-talk.exact_match", "Hello!", "greetings, thanks, who are you"),
    Kind("unknown.declined", "Made-up names declined", "says that it does not know, and invents nothing"),
    Kind(
        "overall.wrongly_declined",
        "Real names wrongly declined",
        "says that it does not know what it was taught",
        scale=0.1,
        lower_is_better=True,
    ),
    Kind(
        "summary.rouge_l",
        "Summaries",
        "texts kept from training, ROUGE-L",
        baseline="summary.baseline_rouge_l",
        baseline_is="what the beginning of the text scores",
    ),
    Kind(
        "held-out.exact_match",
        "Facts it was never taught",
        "kept from training: generalisation, not recall",
    ),
)


LANGUAGE = Kind(
    "language.bits_per_byte",
    "Text it has not read",
    "bits for each byte, foreseen from what stands before; 8 is knowing nothing",
    scale=8.0,
    lower_is_better=True,
)


@dataclass(frozen=True)
class Sample:
    """One question with the answer it got. `mark` is right, near or wrong; empty where nothing judges it."""

    task: str
    messages: list[dict[str, str]]
    expected: str
    answer: str
    mark: str


@dataclass(frozen=True)
class Story:
    """A run, read and judged: all that the page, the card and the JSON file are made from."""

    title: str
    recipe: str
    seed: int
    settings: ReportSettings
    record: RunRecord
    cost: Cost
    scores: dict[str, Score]
    verdicts: list[Verdict]

    @property
    def headlines(self) -> list[tuple[Kind, Score]]:
        """The scores that sum up the run, in order, those that were measured; of text alone how well it is foreseen."""
        kinds = [kind for kind in KINDS if kind.name in self.scores]
        if not kinds and LANGUAGE.name in self.scores:
            kinds = [LANGUAGE]
        return [(kind, self.scores[kind.name]) for kind in kinds]

    @property
    def threads(self) -> Any:
        """Threads that training used, else those of the plan; None if neither says."""
        trained = [self.record.figures(stage).get("threads") for stage in ("finetune", "pretrain")]
        planned = self.record.plan.get("threads") or self.record.machine.get("threads")
        return next((threads for threads in trained if threads), planned)

    @property
    def parameters(self) -> int | None:
        """Weights of the model."""
        found = [self.record.figures(stage).get("parameters") for stage in ("finetune", "pretrain")]
        return next((count for count in found if count), None)

    @property
    def source(self) -> str:
        """What was read, as a phrase to follow "trained on"; empty if the corpus does not say."""
        figures = self.record.figures("corpus")
        return str(figures.get("description") or figures.get("source") or "")

    @property
    def rules(self) -> list[tuple[str, str]]:
        """By which rules documents and facts were taken, as (question, sentence); those that the corpus states."""
        told = self.record.figures("corpus")
        return [(label, formats.sentence(str(told[key]))) for key, label in RULES.items() if told.get(key)]

    @property
    def summary(self) -> str:
        """The run in a sentence or two."""
        size = f" with {formats.scaled(self.parameters, '').strip()} parameters" if self.parameters else ""
        read = f" on {self.source}" if self.source else ""
        base = self.record.base
        begun = f"trained on from {base}" if base else "trained from nothing"
        place = self.record.machine.get("processor")
        where = f" on {place}" if place else ""
        return f"A language model{size}, {begun}{read}. All stages took {formats.duration(self.cost.seconds)}{where}."

    def samples(self) -> list[Sample]:
        """Answers drawn by seed from all that were given, right and wrong alike."""
        answers = self.record.answers
        chosen = stream(self.seed, "report", "samples").sample(
            answers, min(len(answers), self.settings.sampled_answers)
        )
        return [Sample(row["task"], row["messages"], row["expected"], row["answer"], self._mark(row)) for row in chosen]

    def _mark(self, row: dict[str, Any]) -> str:
        if row.get("exact") is None:
            return ""
        if row["exact"]:
            return "right"
        near = self.record.settings("evaluate").get("evaluate", {}).get("near_exact", NEAR_EXACT)
        return "near" if (row.get("rouge_l") or 0.0) >= near else "wrong"

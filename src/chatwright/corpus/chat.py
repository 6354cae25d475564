"""The chat stage: conversations to train on, round by round, and questions to be asked afterwards."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chatwright.core.errors import DataError
from chatwright.core.progress import Progress
from chatwright.core.seeds import share, stream
from chatwright.corpus.answers import claim, unknown_answer, what_answer
from chatwright.corpus.build import FACTS_FILE, NAMES_FILE
from chatwright.corpus.declined import recovered, unknown
from chatwright.corpus.dialogues import follow_up
from chatwright.corpus.knowledge import SECTION, Excerpt, Knowledge, excerpt
from chatwright.corpus.made_up import NameMaker
from chatwright.corpus.pools import outside
from chatwright.corpus.questions import ambiguous, arguments, summary, what, what_groups, which, which_group
from chatwright.corpus.settings import ChatSettings
from chatwright.corpus.small_talk import INTENTS, small_talk
from chatwright.corpus.tables import Conversation, Fact, read_facts, write_conversations
from chatwright.corpus.voice import EVALUATION, TRAINING

TRAIN_FILE, QUESTIONS_FILE = "train.parquet", "questions.parquet"
_RECOVERED_SHARE = 0.12  # of the conversations about made-up names: a real name comes next

FactTask = Callable[[Fact, int, Knowledge, Any, random.Random], Conversation | None]


def load_knowledge(corpus: Path, settings: ChatSettings, facts: int, seed: int) -> Knowledge:
    """The first `facts` train facts of a corpus by rank, and everything around them."""
    rows = read_facts(corpus / FACTS_FILE)
    train = [fact for fact in rows if fact.split == "train"]
    if not train[:facts]:
        raise DataError(
            f"no fact to teach: {len(train)} in the corpus, {facts} asked for",
            where=str(corpus / FACTS_FILE),
            remedy="read more text, or ask for at least one fact",
        )
    names = (corpus / NAMES_FILE).read_text(encoding="utf-8").split("\n")
    return Knowledge(
        chosen=train[:facts],
        held_out=[fact for fact in rows if fact.split == "held-out"],
        others=train[facts:],
        names=frozenset(filter(None, names)),
        settings=settings,
        seed=seed,
    )


def _times(item: str, weight: float, turn: int, seed: int, task: str) -> range:
    """Which uses of an item fall into this round, so that any weight is spread evenly over rounds."""
    start = share(item, seed, "spread", task)
    return range(int(turn * weight + start), int((turn + 1) * weight + start))


class Examples:
    """Makes the conversations of a round, and the questions, from what is known."""

    def __init__(self, knowledge: Knowledge, identity: Mapping[str, str], seed: int) -> None:
        self.knowledge, self.identity, self.seed = knowledge, identity, seed
        chosen, settings = knowledge.chosen, knowledge.settings
        self.told = [fact for fact in chosen if knowledge.is_told_by_summary(fact)]
        self.called = [fact for fact in chosen if knowledge.has_arguments(fact)]
        self.readable = self._excerpts([*chosen, *knowledge.others])
        self.readable_held_out = self._excerpts(knowledge.held_out)
        self.makers = {
            voice.mark: NameMaker(knowledge, evaluation=voice is EVALUATION) for voice in (TRAINING, EVALUATION)
        }
        self.tasks: list[tuple[str, FactTask, list[Fact], float]] = [
            ("what", what, chosen, settings.what),
            ("which", which, self.told, settings.which),
            ("arguments", arguments, self.called, settings.arguments),
            ("follow-up", follow_up, chosen, settings.follow_up),
        ]

    def _excerpts(self, facts: Sequence[Fact]) -> list[tuple[Fact, Excerpt]]:
        limit = self.knowledge.settings.maximum_body_characters
        cuts = ((fact, excerpt(fact.body, limit)) for fact in facts if fact.body)
        return [(fact, cut) for fact, cut in cuts if cut]

    def round(self, turn: int) -> list[Conversation]:
        """All conversations of one round, in random order; any few rounds cover the facts evenly."""
        rng = stream(self.seed, "round", turn)
        made = [*self._fact_rounds(turn, rng), *self._summaries(turn, rng), *self._others(turn, rng)]
        share_of_talk = self.knowledge.settings.small_talk_share
        talks = round(len(made) * share_of_talk / (1 - share_of_talk))
        for number in range(talks):
            made.append(small_talk(rng.choice(INTENTS), turn * talks + number, self.identity, TRAINING, rng))
        rng.shuffle(made)
        for number, conversation in enumerate(made):
            conversation.id = f"{turn}-{number}"
        return made

    def _fact_rounds(self, turn: int, rng: random.Random) -> Iterator[Conversation]:
        for name, make, facts, weight in self.tasks:
            for fact in facts:
                for time in _times(fact.id, weight, turn, self.seed, name):
                    conversation = make(fact, time, self.knowledge, TRAINING, rng)
                    if conversation:
                        yield conversation

    def _summaries(self, turn: int, rng: random.Random) -> Iterator[Conversation]:
        """Texts to sum up come from every fact that may be read, or there would be few."""
        weight = self.knowledge.settings.summary * len(self.knowledge.chosen) / max(1, len(self.readable))
        for fact, cut in self.readable:
            for time in _times(fact.id, weight, turn, self.seed, "summary"):
                yield summary(fact, cut, time, self.knowledge, TRAINING, rng)

    def _others(self, turn: int, rng: random.Random) -> Iterator[Conversation]:
        knowledge, settings, maker = self.knowledge, self.knowledge.settings, self.makers["t"]
        for short, meanings in knowledge.ambiguous.items():
            for time in _times(short, settings.ambiguous, turn, self.seed, "ambiguous"):
                yield ambiguous(short, meanings, time, knowledge, TRAINING, rng)
        for time in _times("", settings.unknown * len(knowledge.chosen), turn, self.seed, "unknown"):
            if rng.random() < _RECOVERED_SHARE:
                yield recovered(knowledge, maker, TRAINING, rng)
            else:
                yield unknown(knowledge, maker, time, TRAINING, rng)

    def questions(self) -> list[Conversation]:
        """The evaluation: only phrasings, pairs and made-up names that training has not."""
        most = self.knowledge.settings.questions_per_task
        made: list[Conversation] = []
        for name, make, facts, _ in self.tasks:
            made += self._sampled(name, make, facts, most)
        held_out = self._sampled("held-out", what, self.knowledge.held_out, most)
        for conversation in held_out:
            conversation.task = "held-out"
        made += [*held_out, *self._outside_questions(most)]
        made += [*self._summary_questions(most), *self._other_questions(most)]
        for number, conversation in enumerate(made):
            conversation.id = f"q-{number}"
        return made

    def _sampled(self, name: str, make: FactTask, facts: list[Fact], most: int) -> list[Conversation]:
        rng = stream(self.seed, "questions", name)
        sample = rng.sample(facts, min(most, len(facts)))
        made = (make(fact, turn, self.knowledge, EVALUATION, rng) for turn, fact in enumerate(sample))
        return [conversation for conversation in made if conversation]

    def _outside_questions(self, most: int) -> list[Conversation]:
        """What does X do, in the words of somebody who saw none of the pools, typed just as written."""
        rng = stream(self.seed, "questions", "outside")
        code = [fact for fact in self.knowledge.chosen if fact.kind not in {SECTION, "topic"}]
        made = []
        for number, fact in enumerate(rng.sample(code, min(most, len(code)))):
            at = number % len(outside())
            question = outside()[at].replace("{name}", fact.name)
            made.append(Conversation("outside", f"outside/{at}", (fact.id,), (question, what_answer(fact))))
        return made

    def _summary_questions(self, most: int) -> list[Conversation]:
        rng = stream(self.seed, "questions", "summary")
        sample = rng.sample(self.readable_held_out, min(most, len(self.readable_held_out)))
        return [summary(fact, cut, turn, self.knowledge, EVALUATION, rng) for turn, (fact, cut) in enumerate(sample)]

    def _other_questions(self, most: int) -> Iterator[Conversation]:
        rng, knowledge, maker = stream(self.seed, "questions", "others"), self.knowledge, self.makers["e"]
        short_names = list(knowledge.ambiguous.items())
        for turn, (short, meanings) in enumerate(rng.sample(short_names, min(most, len(short_names)))):
            yield ambiguous(short, meanings, turn, knowledge, EVALUATION, rng)
        for turn in range(min(most, 2 * len(knowledge.chosen)) if knowledge.settings.unknown else 0):
            yield unknown(knowledge, maker, turn, EVALUATION, rng)
        if knowledge.settings.small_talk_share:
            said = [(intent, number) for intent in INTENTS for number in range(len(intent.templates(EVALUATION)))]
            for intent, number in rng.sample(said, min(most, len(said))):
                yield small_talk(intent, number, self.identity, EVALUATION, rng)


class _Tally:
    """Counts conversations and their characters by task while they pass."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.characters: Counter[str] = Counter()
        self.answer_characters: Counter[str] = Counter()

    def add(self, conversations: Sequence[Conversation]) -> None:
        for conversation in conversations:
            self.rows[conversation.task] += 1
            self.characters[conversation.task] += sum(map(len, conversation.turns))
            self.answer_characters[conversation.task] += sum(map(len, conversation.turns[1::2]))

    def figures(self) -> dict[str, dict[str, int]]:
        """Task to rows, characters, and characters of the answers."""
        return {
            task: {
                "conversations": self.rows[task],
                "characters": self.characters[task],
                "answer_characters": self.answer_characters[task],
            }
            for task in sorted(self.rows)
        }


def build_chat(
    folder: Path,
    corpus: Path,
    settings: ChatSettings,
    *,
    facts: int,
    rounds: int,
    identity: Mapping[str, str],
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    """Write train.parquet (one row group a round) and questions.parquet into `folder`.

    `identity` holds "model", "trained" and "corpus", the words with which the assistant introduces
    itself. Each round asks for its share of the chosen facts, in other words than the rounds before,
    so any leading part of the file covers the facts evenly. Returns the figures.
    """
    knowledge = load_knowledge(corpus, settings, facts, seed)
    examples, trained, asked = Examples(knowledge, identity, seed), _Tally(), _Tally()

    def all_rounds() -> Iterator[list[Conversation]]:
        for turn in range(rounds):
            made = examples.round(turn)
            trained.add(made)
            progress.update((turn + 1) / rounds, "writing conversations")
            yield made

    write_conversations(folder / TRAIN_FILE, all_rounds())
    questions = examples.questions()
    asked.add(questions)
    write_conversations(folder / QUESTIONS_FILE, [questions])
    kind = knowledge.chosen[0].kind
    return {
        "facts": len(knowledge.chosen),
        "rounds": rounds,
        "conversations": trained.rows.total(),
        "characters": trained.characters.total(),
        "questions": asked.rows.total(),
        "held_out_facts": len(knowledge.held_out),
        "facts_told_by_summary": len(examples.told),
        "facts_with_arguments": len(examples.called),
        "ambiguous_names": len(knowledge.ambiguous),
        "grounding": {
            "refusal": unknown_answer(kind),
            "claim": claim(kind),
            # Sections are taught for too short a time to doubt by likelihood: docs/log.md, "Two real folders".
            "asked_back": None if kind == SECTION else TRAINING.templates(which_group(kind))[0][1],
            "asked_about": TRAINING.templates(*what_groups(kind))[0][1],
        },
        "tasks": trained.figures(),
        "question_tasks": asked.figures(),
    }

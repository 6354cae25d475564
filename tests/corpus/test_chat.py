import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from chatwright.core.errors import DataError
from chatwright.core.progress import Silent
from chatwright.corpus.answers import UNKNOWN, UNKNOWN_HEADING
from chatwright.corpus.build import build_corpus
from chatwright.corpus.chat import QUESTIONS_FILE, TRAIN_FILE, build_chat
from chatwright.corpus.knowledge import Knowledge
from chatwright.corpus.questions import name_form
from chatwright.corpus.settings import ChatSettings, CorpusSettings
from chatwright.corpus.tables import CONVERSATIONS, read_facts, read_rows

IDENTITY = {"model": "a decoder of 4 parameters", "trained": "1 April 2026", "corpus": "the documentation of Python 3"}
FACTS, ROUNDS = 400, 4


def make(folder: Path, corpus: Path, **changes: Any) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    settings = ChatSettings.model_validate({"questions_per_task": 150} | changes)
    return build_chat(
        folder, corpus, settings, facts=FACTS, rounds=ROUNDS, identity=IDENTITY, seed=7, progress=Silent()
    )


@pytest.fixture(scope="module")
def made(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict], list[dict], dict[str, Any]]:
    folder = tmp_path_factory.mktemp("chat")
    figures = make(folder, corpus)
    return read_rows(folder / TRAIN_FILE), read_rows(folder / QUESTIONS_FILE), figures


@pytest.fixture(scope="module")
def facts(corpus: Path) -> dict[str, Any]:
    return {fact.id: fact for fact in read_facts(corpus / "facts.parquet")}


def user(row: dict[str, Any], turn: int = 0) -> str:
    return str(row["messages"][2 * turn]["content"])


def answer(row: dict[str, Any]) -> str:
    return str(row["messages"][-1]["content"])


def test_conversations_are_well_formed(made: tuple[list[dict], list[dict], dict]) -> None:
    train, questions, figures = made
    for row in train + questions:
        roles = [message["role"] for message in row["messages"]]
        assert roles == ["user", "assistant"] * (len(roles) // 2) and roles
        assert all(message["content"].strip() for message in row["messages"])
        assert not any(slot in user(row) for slot in ("{name}", "{description}", "{text}"))
    assert len({row["id"] for row in train}) == len(train) == figures["conversations"]
    assert len({row["id"] for row in questions}) == len(questions) == figures["questions"]
    assert set(train[0]) == set(CONVERSATIONS.names)


def test_the_same_seed_gives_the_same_bytes(corpus: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        make(tmp_path / name, corpus)
    for file in (TRAIN_FILE, QUESTIONS_FILE):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_no_question_was_trained_on(made: tuple[list[dict], list[dict], dict]) -> None:
    train, questions, _ = made
    trained = {" ".join(user(row).lower().split()) for row in train}
    assert not {" ".join(user(row).lower().split()) for row in questions} & trained
    assert not {part for row in train for part in row["phrasing"].split(" > ") if "/e" in part}
    assert not {part for row in questions for part in row["phrasing"].split(" > ") if "/t" in part}


def test_held_out_facts_never_appear_in_training(made: tuple[list[dict], list[dict], dict], facts: dict) -> None:
    train, questions, _ = made
    held_out = {fact.id for fact in facts.values() if fact.split == "held-out"}
    assert not {fact for row in train for fact in row["facts"]} & held_out
    tasks = {row["task"] for row in questions if set(row["facts"]) & held_out}
    assert tasks == {"held-out", "summary"}


def test_each_time_a_fact_is_asked_in_other_words(made: tuple[list[dict], list[dict], dict]) -> None:
    train, _, _ = made
    seen = defaultdict(list)
    for row in train:
        if row["task"] == "what":
            seen[row["facts"][0]].append(row["phrasing"])
    assert len(seen) == FACTS
    fewest = int(ChatSettings().what * ROUNDS)
    for phrasings in seen.values():
        assert fewest <= len(phrasings) <= fewest + 1
        assert len(set(phrasings)) == len(phrasings)


def test_any_few_rounds_cover_the_facts_evenly(made: tuple[list[dict], list[dict], dict]) -> None:
    train, _, _ = made
    rounds = [int(row["id"].split("-")[0]) for row in train]
    assert rounds == sorted(rounds)
    asked = Counter(turn for turn, row in zip(rounds, train, strict=True) if row["task"] == "what")
    assert all(count == pytest.approx(ChatSettings().what * FACTS, rel=0.15) for count in asked.values())


def test_most_dialogues_of_the_evaluation_have_two_turns(made: tuple[list[dict], list[dict], dict]) -> None:
    _, questions, _ = made
    turns = Counter(len(row["messages"]) // 2 for row in questions if row["task"] == "follow-up")
    assert set(turns) <= {2, 3} and turns[3] <= 0.15 * turns.total()


def test_weights_are_kept_over_the_rounds(made: tuple[list[dict], list[dict], dict]) -> None:
    train, _, figures = made
    counts = Counter(row["task"] for row in train)
    assert counts["which"] == pytest.approx(ChatSettings().which * figures["facts_told_by_summary"] * ROUNDS, rel=0.1)
    arguments = ChatSettings().arguments * figures["facts_with_arguments"] * ROUNDS
    assert counts["arguments"] == pytest.approx(arguments, rel=0.1)
    assert counts["small-talk"] == pytest.approx(ChatSettings().small_talk_share * len(train), rel=0.1)


def test_answers_are_exactly_what_the_documentation_says(
    made: tuple[list[dict], list[dict], dict], facts: dict
) -> None:
    train, questions, _ = made
    for row in train + questions:
        first = facts[row["facts"][0]] if row["facts"] else None
        if row["task"] in {"what", "held-out", "outside"}:
            assert answer(row) == f"{first.name}: {first.summary}"
        elif row["task"] == "summary":
            assert answer(row) == first.summary
        elif row["task"] == "which":
            assert answer(row) == first.name
        elif row["task"] == "arguments":
            assert answer(row) == first.name + first.signature
        elif row["task"] == "unknown":
            assert answer(row) == UNKNOWN
        elif row["task"] == "ambiguous":
            assert ": Do you mean " in answer(row) and answer(row).endswith(f"{first.name}: {first.summary}")


def test_a_summary_question_does_not_hold_its_answer(made: tuple[list[dict], list[dict], dict]) -> None:
    _, questions, _ = made
    summaries = [row for row in questions if row["task"] == "summary"]
    assert summaries
    assert all(row["baseline"] and row["baseline"] in user(row) for row in summaries)
    assert sum(answer(row) in user(row) for row in summaries) <= 0.02 * len(summaries)


def test_descriptions_identify_one_fact(made: tuple[list[dict], list[dict], dict], facts: dict) -> None:
    train, questions, _ = made
    summaries = Counter(fact.summary.casefold().rstrip(".") for fact in facts.values())
    for row in train + questions:
        if row["task"] == "which":
            assert summaries[facts[row["facts"][0]].summary.casefold().rstrip(".")] == 1


def test_pairs_of_the_evaluation_are_never_compared_in_training(made: tuple[list[dict], list[dict], dict]) -> None:
    train, questions, _ = made

    def pairs(rows: list[dict]) -> set[tuple[str, ...]]:
        return {tuple(row["facts"]) for row in rows if row["task"] == "follow-up" and len(row["facts"]) == 2}

    assert pairs(questions) and not pairs(questions) & pairs(train)


def test_second_turns_depend_on_the_first(made: tuple[list[dict], list[dict], dict]) -> None:
    train, _, _ = made
    answers = defaultdict(set)
    for row in train:
        if row["task"] == "follow-up" and "then.arguments" in row["phrasing"]:
            answers[user(row, 1).lower()].add(answer(row))
    assert max(map(len, answers.values())) > 1


def test_who_are_you(made: tuple[list[dict], list[dict], dict]) -> None:
    _, questions, _ = made
    said = {answer(row) for row in questions if row["phrasing"].startswith("small-talk.who/")}
    assert said == {f"I am Chatwright, {IDENTITY['model']}, trained on {IDENTITY['trained']} on {IDENTITY['corpus']}."}


def test_ambiguous_names_say_which_is_meant(knowledge: Knowledge) -> None:
    assert [fact.name for fact in knowledge.ambiguous["copy"]] == ["copy", "copy.copy", "shutil.copy"]
    assert {"open", "compile"} <= set(knowledge.ambiguous)
    assert not {"len", "list", "print"} & set(knowledge.ambiguous)
    assert all(len(meanings) in {2, 3} for meanings in knowledge.ambiguous.values())


def test_a_whole_name_that_is_ambiguous_is_asked_with_its_kind(knowledge: Knowledge) -> None:
    rng = random.Random(0)
    whole = {fact.name: fact for fact in knowledge.chosen if knowledge.needs_distinction(fact)}
    assert {"open", "copy"} <= set(whole)
    assert all("built-in" in name_form(whole["open"], knowledge, rng) for _ in range(50))
    assert all("module" in name_form(whole["copy"], knowledge, rng) for _ in range(50))


def test_a_folder_of_sections_works_too(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for number, word in enumerate(["Pumps", "Valves", "Gauges", "Motors", "Belts", "Hoses", "Filters", "Tanks"] * 2):
        text = f"# {word} {number}\n\n{word} number {number} move the water along.\n\n"
        text += f"## Cleaning of {word} {number}\n\nClean the {word} {number} with a dry cloth only.\n\n"
        text += f"Do not use soap on {word} {number}, or they may rust.\n\n"
        text += f"## Safety\n\nKeep {number} hands off the {word}.\n"
        (docs / f"page-{number}.md").write_text(text, encoding="utf-8")
    corpus, chat = tmp_path / "corpus", tmp_path / "chat"
    corpus.mkdir()
    chat.mkdir()
    settings = CorpusSettings(source="folder", docs=str(docs), minimum_characters=10)
    build_corpus(corpus, settings, 0, Silent())
    build_chat(chat, corpus, ChatSettings(), facts=40, rounds=2, identity=IDENTITY, seed=0, progress=Silent())
    rows = read_rows(chat / TRAIN_FILE)
    tasks = Counter(row["task"] for row in rows)
    assert {"what", "which", "follow-up", "summary", "unknown", "ambiguous", "small-talk"} == set(tasks)
    safety = [answer(row) for row in rows if row["task"] == "ambiguous"]
    assert {answer(row) for row in rows if row["task"] == "unknown"} == {UNKNOWN_HEADING}
    assert all(text.startswith("Safety: Do you mean Safety (") for text in safety)


def test_no_facts_to_teach_is_an_error(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no fact to teach"):
        build_chat(tmp_path, corpus, ChatSettings(), facts=0, rounds=1, identity=IDENTITY, seed=0, progress=Silent())

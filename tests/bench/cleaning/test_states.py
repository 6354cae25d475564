"""What is asked is read in no state; shares lie in each other; pages are raw with all that they show."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.bench.cleaning.states import (
    HELD_OUT,
    STATES,
    Choice,
    choose,
    cut,
    in_share,
    read_passages,
    read_state,
    write_states,
)
from chatwright.core.progress import Silent
from chatwright.corpus.collection.parts import read_drops
from chatwright.corpus.contamination import Asked
from chatwright.pipeline import collection
from chatwright.pipeline.job import Job
from chatwright.recipe import Recipe
from tests.bench.cleaning.sources import recipe_values, write_sources


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    root = tmp_path_factory.mktemp("sources")
    write_sources(root)
    made = Job(Recipe.model_validate(recipe_values(root)), root / "run", lambda name: nullcontext(Silent()))
    collection.deduplicate(made)
    return made


@pytest.fixture(scope="module")
def stages(job: Job) -> dict[str, Path]:
    return {name: job.done[name].folder for name in ("collect", "judge", "deduplicate")}


@pytest.fixture(scope="module")
def choice(job: Job, stages: dict[str, Path]) -> Choice:
    return choose(stages, job.recipe.text, job.recipe.collection.contamination, Silent())


@pytest.fixture(scope="module")
def written(job: Job, stages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("states")
    figures = write_states(stages, folder, job.recipe.text, job.recipe.collection.contamination, Silent())
    assert figures["raw_characters"] > figures["cleaned_characters"] > figures["deduplicated_characters"]
    assert figures["held_out_documents"] > 2 and figures["like_held_out"] > 0
    return folder


def _document(passage: dict[str, str]) -> str:
    return passage["id"].rpartition("-")[0]


@pytest.mark.slow
def test_what_is_held_out_is_read_in_no_state(choice: Choice, stages: dict[str, Path], written: Path) -> None:
    asked = {_document(passage) for passage in read_passages(written, HELD_OUT)}
    assert asked == set(choice.held_out)
    assert {choice.held_out[name] for name in asked} == {"en", "zh"}
    copies = {row["id"] for table in read_drops([stages["deduplicate"]]) for row in table.to_pylist()}
    assert copies & choice.excluded, "the sources hold copies of what is held out"
    for state in STATES:
        read = {_document(passage) for passage in read_passages(written, state)}
        assert read and not read & choice.excluded


@pytest.mark.slow
def test_nothing_that_is_read_shares_a_run_of_words_with_what_is_held_out(written: Path) -> None:
    held_out = Asked.of((passage["text"] for passage in read_passages(written, HELD_OUT)), 13, 8)
    for state in STATES:
        assert max(held_out.share(passage["text"]) for passage in read_passages(written, state)) == 0


@pytest.mark.slow
def test_what_is_held_out_stays_in_every_state(choice: Choice, stages: dict[str, Path]) -> None:
    for state in STATES:
        assert set(choice.held_out) <= {document["id"] for document in read_state(stages, state)}


@pytest.mark.slow
def test_states_lose_documents_on_the_way(written: Path) -> None:
    raw, cleaned, deduplicated = ({_document(each) for each in read_passages(written, state)} for state in STATES)
    assert deduplicated < cleaned < raw


@pytest.mark.slow
def test_raw_pages_have_what_cleaning_takes_off(written: Path) -> None:
    raw, cleaned = ("\n".join(each["text"] for each in read_passages(written, state)) for state in STATES[:2])
    assert "Subscribe now" in raw and "Subscribe now" not in cleaned
    assert "tracker" not in raw, "scripts are nothing that a page shows"


def test_copies_are_sampled_with_what_they_are_copies_of() -> None:
    choice = Choice({}, frozenset(), {f"copy-{number}": f"text-{number}" for number in range(100)}, 0.5)
    reads = [choice.reads(f"text-{number}") for number in range(100)]
    assert 20 < sum(reads) < 80
    assert reads == [choice.reads(f"copy-{number}") for number in range(100)]


@given(st.text(alphabet="ab \n", max_size=300), st.integers(1, 40))
def test_cut_text_is_whole_and_short(text: str, characters: int) -> None:
    pieces = list(cut(text, characters))
    assert all(piece.strip() for piece in pieces)
    assert all(len(piece) <= 2 * characters for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@given(st.text(), st.integers(0, 2**62), st.floats(0, 1), st.floats(0, 1))
def test_shares_lie_in_each_other(name: str, seed: int, one: float, other: float) -> None:
    assert in_share(name, 1.0, seed)
    if in_share(name, min(one, other), seed):
        assert in_share(name, max(one, other), seed)


def test_a_share_is_as_large_as_it_says() -> None:
    names = [f"{number:016x}-0" for number in range(4_000)]
    for part in (1 / 8, 1 / 4, 1 / 2):
        assert sum(in_share(name, part, seed=1) for name in names) / len(names) == pytest.approx(part, abs=0.03)
    assert {name for name in names if in_share(name, 0.5, 1)} != {name for name in names if in_share(name, 0.5, 2)}

from __future__ import annotations

from pathlib import Path

import pytest

from chatwright.cli.stages import Options, resolve
from chatwright.core.errors import RecipeError, UsageError


def test_the_default_recipe_is_the_documentation_of_python() -> None:
    assert resolve(None, Options()).name == "python-docs"


def test_a_folder_names_its_run_unless_a_name_is_set(tmp_path: Path) -> None:
    docs = tmp_path / "my hand book"
    docs.mkdir()
    recipe = resolve(None, Options(docs=str(docs)))
    assert recipe.name == "docs-my-hand-book" and recipe.corpus.docs == str(docs)
    assert resolve(None, Options(docs=str(docs), sets=["name=mine"])).name == "mine"
    assert resolve("tiny", Options(docs=str(docs))).name == "tiny"


def test_minutes_and_sets_reach_the_recipe() -> None:
    recipe = resolve("tiny", Options(minutes=3, sets=["train.learning_rate=0.5"]))
    assert (recipe.plan.minutes, recipe.train.learning_rate) == (3, 0.5)


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(RecipeError) as told:
        resolve("tiny", Options(minutes=-1, sets=["train.lerning_rate=1", "nonsense"]))
    assert len(told.value.problems) == 3


def test_a_docs_folder_has_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("none", "file"):
        with pytest.raises(UsageError, match="folder"):
            resolve(None, Options(docs=str(tmp_path / name)))


def test_public_data_is_what_was_named_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATWRIGHT_DATA", str(tmp_path / "variable"))
    name = "translate-multi30k"
    assert resolve(name, Options()).pairs.data == str(tmp_path / "variable")
    assert resolve(name, Options(sets=[f"pairs.data={tmp_path}/set"])).pairs.data == f"{tmp_path}/set"
    assert resolve(name, Options(data=f"{tmp_path}/x/../option")).pairs.data == f"{tmp_path}/option"
    assert resolve("tiny", Options()).pairs.data is None
    with pytest.raises(UsageError, match="no folder of documentation"):
        resolve(name, Options(docs=str(tmp_path)))


def test_a_model_or_a_file_means_the_recipe_for_instructions(tmp_path: Path) -> None:
    file = tmp_path / "talks.jsonl"
    file.write_text("")
    recipe = resolve(None, Options(base="gpt2", files=[file], lora=8))
    assert (recipe.name, recipe.base, recipe.lora.rank) == ("instruct", "gpt2", 8)
    assert recipe.messages.files == (str(file),) and not recipe.messages.names
    assert resolve("instruct", Options()).messages.names
    with pytest.raises(UsageError, match="no conversations of others"):
        resolve("tiny", Options(base="gpt2"))
    for options in (Options(lora=8), Options(sets=["lora.rank=8"])):
        with pytest.raises(UsageError, match="--from MODEL"):
            resolve("instruct", options)
    with pytest.raises(UsageError, match="no conversations of others"):
        resolve("tiny", Options(sets=["base=gpt2"]))


@pytest.mark.parametrize(
    ("recipe", "section"),
    [("translate-multi30k", "pairs"), ("classify-surge", "labels"), ("dialogue", "messages"), ("gpt2-story", "text")],
)
def test_every_story_of_public_data_finds_it(
    recipe: str, section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATWRIGHT_DATA", str(tmp_path))
    assert getattr(resolve(recipe, Options()), section).data == str(tmp_path)
    books = resolve("gpt2-story", Options(docs=str(tmp_path)))
    assert books.text.docs == str(tmp_path) and not books.text.names

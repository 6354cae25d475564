from __future__ import annotations

from pathlib import Path

import pytest

from chatwright.cli.stages import resolve
from chatwright.core.errors import RecipeError, UsageError


def test_the_default_recipe_is_the_documentation_of_python() -> None:
    assert resolve(None, None, None, []).name == "python-docs"


def test_a_folder_names_its_run_unless_a_name_is_set(tmp_path: Path) -> None:
    docs = tmp_path / "my hand book"
    docs.mkdir()
    recipe = resolve(None, str(docs), None, [])
    assert recipe.name == "docs-my-hand-book" and recipe.corpus.docs == str(docs)
    assert resolve(None, str(docs), None, ["name=mine"]).name == "mine"
    assert resolve("tiny", str(docs), None, []).name == "tiny"


def test_minutes_and_sets_reach_the_recipe() -> None:
    recipe = resolve("tiny", None, 3, ["train.learning_rate=0.5"])
    assert (recipe.plan.minutes, recipe.train.learning_rate) == (3, 0.5)


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(RecipeError) as told:
        resolve("tiny", None, -1, ["train.lerning_rate=1", "nonsense"])
    assert len(told.value.problems) == 3


def test_a_docs_folder_has_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("none", "file"):
        with pytest.raises(UsageError, match="folder"):
            resolve(None, str(tmp_path / name), None, [])


def test_public_data_is_what_was_named_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATWRIGHT_DATA", str(tmp_path / "variable"))
    name = "translate-multi30k"
    assert resolve(name, None, None, []).pairs.data == str(tmp_path / "variable")
    assert resolve(name, None, None, [f"pairs.data={tmp_path}/set"]).pairs.data == f"{tmp_path}/set"
    assert resolve(name, None, None, [], f"{tmp_path}/x/../option").pairs.data == f"{tmp_path}/option"
    assert resolve("tiny", None, None, []).pairs.data is None
    with pytest.raises(UsageError, match="no folder of documentation"):
        resolve(name, str(tmp_path), None, [])

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chatwright.core.errors import RecipeError, UsageError
from chatwright.recipe import load_recipe, shipped_recipes


def test_every_shipped_recipe_is_valid() -> None:
    assert {"python-docs", "docs", "tiny"} <= set(shipped_recipes())
    for name in shipped_recipes():
        assert load_recipe(name).name == name


def test_overrides_and_options_change_settings() -> None:
    recipe = load_recipe("tiny", ["train.learning_rate=0.5", "corpus.source=folder"], {"plan.minutes": 3.0})
    assert recipe.train.learning_rate == 0.5 and recipe.corpus.source == "folder" and recipe.plan.minutes == 3.0
    assert load_recipe("tiny", [], {"plan.minutes": None}).plan.minutes == load_recipe("tiny").plan.minutes


def test_all_mistakes_are_reported_together_with_place_and_nearest_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nsede = 3\n[train]\nlearning_rte = 0.1\nclip = "much"\n[plan]\nminutes = -1\n')
    with pytest.raises(RecipeError) as caught:
        load_recipe(str(path), ["nonsense", "plan.widht=3"])
    message = str(caught.value)
    for part in ("sede", "'seed'", "train.learning_rte", "'learning_rate'", "train.clip", "'much'", "plan.minutes"):
        assert part in message
    assert "nonsense" in message and "'width'" in message and message.startswith(str(path))
    assert len(caught.value.problems) == 6


def test_a_recipe_extends_another(tmp_path: Path) -> None:
    mine, more = tmp_path / "mine.toml", tmp_path / "more.toml"
    mine.write_text('extends = "blimp-masked"\nname = "mine"\n[plan]\nminutes = 7\n')
    more.write_text('extends = "mine.toml"\nname = "more"\n[text]\nnames = ["gutenberg"]\n')
    recipe, below = load_recipe(str(more), ["plan.depth=3"]), load_recipe("blimp-masked")
    assert (recipe.name, recipe.plan.minutes, recipe.plan.depth, recipe.plan.width) == ("more", 7, 3, below.plan.width)
    assert recipe.text.names == ("gutenberg",) and recipe.text.objective == "masked"
    assert recipe.masking == below.masking and recipe.title == below.title
    mine.write_text('extends = "more.toml"\nname = "mine"\n')
    with pytest.raises(UsageError, match="in a circle"):
        load_recipe(str(more))
    (tmp_path / "more").mkdir()
    more, mine = tmp_path / "more" / "one.toml", tmp_path / "two.toml"
    more.write_text('extends = "../two.toml"\nname = "one"\n')
    mine.write_text('extends = "more/one.toml"\nname = "two"\n')
    with pytest.raises(UsageError, match="in a circle"):
        load_recipe(str(mine))
    mine.write_text('extends = 3\nname = "mine"\n')
    with pytest.raises(RecipeError, match="3, not a recipe"):
        load_recipe(str(mine))
    mine.write_text('extends = "blimb"\nname = "mine"\n')
    with pytest.raises(UsageError, match="did you mean 'blimp'"):
        load_recipe(str(mine))


def test_tasks_are_for_what_can_be_asked_them() -> None:
    assert load_recipe("instruct", ['evaluate.tasks=["piqa"]']).evaluate.tasks == ("piqa",)
    with pytest.raises(RecipeError, match="stories 'text' and 'messages'"):
        load_recipe("python-docs", ['evaluate.tasks=["piqa"]'])
    with pytest.raises(RecipeError, match="leave out arc-challenge, piqa"):
        load_recipe("blimp-masked", ['evaluate.tasks=["blimp", "piqa", "arc-challenge"]'])
    with pytest.raises(RecipeError, match=r"evaluate\.tasks"):
        load_recipe("blimp", ['evaluate.tasks=["grammar"]'])


def test_finetuning_has_rates_of_its_own_where_it_is_a_stage_of_its_own() -> None:
    recipe = load_recipe("summarize-dialogsum", ["finetune.rate_share=0.5", "train.learning_rate=0.01"])
    going_on = recipe.finetune.of(recipe.train)
    assert (going_on.learning_rate, going_on.adam_learning_rate) == (0.005, recipe.train.adam_learning_rate / 2)
    rates = recipe.train.model_dump(include={"learning_rate", "adam_learning_rate"})
    assert going_on.model_copy(update=rates) == recipe.train
    more = load_recipe("qa-cmrc-zh", ["finetune.dropout=0.4"])
    assert more.finetune.of(more.train).dropout == 0.4 != recipe.train.dropout == going_on.dropout
    assert load_recipe("instruct", ["finetune.rate_share=0.5"], {"base": "gpt2"}).finetune.rate_share == 0.5
    for name, setting in (("instruct", "dropout"), ("classify-surge", "rate_share"), ("python-docs", "dropout")):
        with pytest.raises(RecipeError, match=r"are for pairs, and for messages on a base"):
            load_recipe(name, [f"finetune.{setting}=0.5"])
    with pytest.raises(RecipeError, match="most_pair_epochs is for pairs"):
        load_recipe("instruct", ["finetune.most_pair_epochs=3"])
    without = ["plan.denoise_share=0", "pairs.texts=[]", "denoising.sentence_share=0"]
    assert load_recipe("summarize-csl-zh", without).plan.denoise_share == 0


def test_a_section_that_is_a_value_and_broken_toml_are_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="not a section"):
        load_recipe("tiny", ["name.more=1"])
    path = tmp_path / "broken.toml"
    path.write_text("name = ")
    with pytest.raises(RecipeError, match="syntax"):
        load_recipe(str(path))
    with pytest.raises(UsageError, match="cannot be read"):
        load_recipe(str(tmp_path / "none.toml"))
    with pytest.raises(UsageError, match="did you mean 'python-docs'"):
        load_recipe("python-doc")


@pytest.mark.parametrize("module", ["chatwright", "chatwright.recipe", "chatwright.cli.app"])
def test_settings_and_the_door_load_nothing_heavy(module: str) -> None:
    heavy = "{'torch', 'transformers', 'matplotlib', 'pyarrow', 'tokenizers', 'numpy'}"
    code = f"import sys, {module}; found = {heavy} & set(sys.modules); assert not found, found"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_help_loads_no_torch() -> None:
    code = (
        "import sys\nfrom chatwright.cli.app import main\nsys.argv = ['chatwright', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\nassert 'torch' not in sys.modules"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert "doctor" in shown and "corpus" in shown


@pytest.mark.parametrize("number", ["inf", "nan"])
def test_numbers_that_are_not_finite_are_refused(number: str) -> None:
    with pytest.raises(RecipeError, match="max_file_megabytes"):
        load_recipe("python-docs", [f"corpus.max_file_megabytes={number}"])

"""The whole bench on a small corpus: every training is done once, its figures become rows, charts and conditions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chatwright.bench.cleaning.grid import SEEDS, SHARES, TRAININGS
from chatwright.bench.cleaning.run import measure_cleaning
from chatwright.bench.cleaning.states import STATES
from chatwright.bench.cleaning.writing import repeated_grams
from chatwright.cli.bench import bench
from chatwright.cli.stages import Options
from chatwright.core.errors import UsageError
from chatwright.core.files import read_json
from chatwright.core.progress import Progress, Silent
from chatwright.recipe import Recipe
from tests.bench.cleaning.sources import recipe_values, write_sources


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    root = tmp_path_factory.mktemp("sources")
    write_sources(root)
    return Recipe.model_validate(recipe_values(root))


class StoppedInTheMiddleError(Exception):
    pass


@pytest.mark.slow
def test_every_training_is_done_once_and_told(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("loop", "machine"):  # eighteen times nothing that is asked here
        monkeypatch.setattr(f"chatwright.train.{module}.measure_peak", lambda dtype: 1e9)
    shown = list[str]()

    @contextmanager
    def stopping(name: str) -> Iterator[Progress]:
        shown.append(name)
        if len([each for each in shown if each in {training.name for training in TRAININGS}]) == 4:
            raise StoppedInTheMiddleError
        yield Silent()

    @contextmanager
    def show(name: str) -> Iterator[Progress]:
        shown.append(name)
        yield Silent()

    with pytest.raises(StoppedInTheMiddleError):
        measure_cleaning(recipe, tmp_path, stopping)
    done, shown = shown[:-1], list[str]()
    measured = measure_cleaning(recipe, tmp_path, show)
    assert not set(done) & set(shown) and set(done) | set(shown) >= {training.name for training in TRAININGS}
    shown = []
    assert measure_cleaning(recipe, tmp_path, show) == measured and not shown

    run = tmp_path / "cleaning-mine"
    manifests = {training: read_json(run / training.name / "manifest.json") for training in TRAININGS}
    assert len({manifest["figures"]["steps"] for manifest in manifests.values()}) == 1
    assert not list(run.glob("*/*.safetensors"))
    rows = {name: len(np.load(next((run / "tokens").glob(f"{name}*ids*.npy")))) for name in ("raw", "deduplicated")}
    assert rows["raw"] > rows["deduplicated"]

    told = {row["name"]: row for row in measured.rows}
    reads = [*STATES, *(f"{part} of the deduplicated text" for part in SHARES)]
    for label in ("held-out text", "held-out text, en", "held-out text, zh", "repeated 4-grams, greedy"):
        assert all(told[f"{label}: {each}"]["n"] == len(SEEDS) for each in reads), label
    by_hand = [manifests[t]["figures"]["scores"]["bits_per_byte"] for t in TRAININGS if t.reads == "raw"]
    assert told["held-out text: raw"]["value"] == pytest.approx(sum(by_hand) / len(by_hand))
    assert told["held-out text: raw"]["low"] < min(by_hand) and max(by_hand) < told["held-out text: raw"]["high"]
    assert told["held-out text: cleaned less raw"]["value"] == pytest.approx(
        told["held-out text: cleaned"]["value"] - told["held-out text: raw"]["value"]
    )
    assert 0 < told["held-out text: raw"]["value"] < 12
    assert len(measured.charts) == 6 and all(
        len(line["points"]) == len(chart["places"]) for chart in measured.charts for line in chart["lines"]
    )
    assert measured.conditions["seeds"] == 3 and json.dumps(measured.conditions)


def test_a_recipe_without_sources_is_told(tmp_path: Path) -> None:
    plain = Recipe.model_validate({"name": "mine", "story": "text"})
    with pytest.raises(UsageError, match="no sources"):
        measure_cleaning(plain, tmp_path, lambda name: nullcontext(Silent()))


@pytest.mark.parametrize("options", [{"minutes": 3.0}, {"sets": ["seed=2"]}])
def test_other_benches_take_no_recipe(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no recipe of yours"):
        bench("startup", str(tmp_path), Options(**options), None, as_json=True)


def test_repeated_grams_by_hand() -> None:
    assert repeated_grams([[1, 2, 3, 4]]) == 0 == repeated_grams([[1, 2, 3], []])
    assert repeated_grams([[7] * 7]) == pytest.approx(3 / 4)  # four 4-grams, all the same
    assert repeated_grams([[1, 2, 3, 4, 1, 2, 3, 4], [1, 2, 3, 4]]) == pytest.approx(1 / 6)  # each text by itself

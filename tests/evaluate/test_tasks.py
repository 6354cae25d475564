"""Public tasks, asked of any model: what is right counts, and two models are compared item by item."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from chatwright.core.errors import DataError, UsageError
from chatwright.core.progress import Progress, Silent
from chatwright.corpus.choice_sets import CHOICE_SETS
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.evaluate.tasks import TASKS, check_task_files, check_tasks, compare, run_task
from chatwright.generate.settings import GenerateSettings


class Fake:
    """Holds what contains `likes` likeliest, and writes each source as it is, or `says`."""

    def __init__(self, likes: str, says: str | None = None) -> None:
        self.likes, self.says = likes, says

    def likelihoods(self, prompts: Sequence[str], continuations: Sequence[str]) -> NDArray[np.float64]:
        assert all(prompts)
        return self.sentences(continuations)

    def sentences(self, texts: Sequence[str]) -> NDArray[np.float64]:
        return np.array([-1.0 if self.likes in text else -9.0 for text in texts])

    def write(self, sources: Sequence[str], settings: GenerateSettings, progress: Progress) -> list[str]:
        return [source if self.says is None else self.says for source in sources]


SETTINGS, GREEDY = EvaluateSettings(bootstrap_samples=200), GenerateSettings()


def piqa(folder: Path) -> Path:
    (folder / "piqa").mkdir()
    rows = [
        {"goal": "Sit", "sol1": "on a chair", "sol2": "on a fire"},
        {"goal": "Eat", "sol1": "fire", "sol2": "a chair"},
    ]
    (folder / "piqa" / "valid.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "piqa" / "valid-labels.lst").write_text("0\n1\n")
    return folder


def test_the_right_candidate_counts_where_it_is_likeliest(tmp_path: Path) -> None:
    data = piqa(tmp_path)
    good = run_task("piqa", Fake("chair"), data, SETTINGS, GREEDY, None, Silent())
    bad = run_task("piqa", Fake("fire"), data, SETTINGS, GREEDY, None, Silent())
    assert good.figures["accuracy"]["value"] == 1 and bad.figures["accuracy"]["value"] == 0
    assert good.figures["chance"] == 0.5 and good.figures["n"] == 2
    assert good.texts == [("Sit", " on a chair"), ("Eat", " a chair")]  # as texts may hold them, without the prompt
    assert compare(good, bad, SETTINGS, 1)["accuracy"]["value"] == 1
    assert run_task("piqa", Fake("chair"), data, SETTINGS, GREEDY, 1, Silent()).figures["n"] == 1
    (data / "piqa" / "valid-labels.lst").write_text("0\n")
    with pytest.raises(DataError, match="2 questions, 1 labels"):
        run_task("piqa", Fake("chair"), data, SETTINGS, GREEDY, None, Silent())


def test_translations_are_compared_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "multi30k").mkdir()
    for name in ("train", "val", "test_2016_flickr"):
        for side, lines in (
            ("en", ["a man runs fast", "a dog sleeps here"]),
            ("de", ["a man runs fast", "ein Hund schläft"]),
        ):
            data = gzip.compress("".join(f"{line}\n" for line in lines).encode())
            (tmp_path / "multi30k" / f"{name}.{side}.gz").write_bytes(data)
    same = run_task("multi30k", Fake(""), tmp_path, SETTINGS, GREEDY, None, Silent())
    wrong = run_task("multi30k", Fake("", "nothing of it"), tmp_path, SETTINGS, GREEDY, None, Silent())
    assert same.figures["bleu"]["value"] > wrong.figures["bleu"]["value"] == 0
    difference = compare(same, wrong, SETTINGS, 1)["bleu"]
    assert difference["value"] == pytest.approx(same.figures["bleu"]["value"])


def test_tasks_that_cannot_be_asked_are_told_before_any_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not known: nonsense(?s:.)*blimp"):
        check_tasks(["piqa", "nonsense"])
    with pytest.raises(UsageError, match="CHATWRIGHT_DATA"):
        check_task_files(["piqa"], None)
    with pytest.raises(UsageError, match="these files of piqa"):
        check_task_files(["piqa"], str(tmp_path))


def test_all_tasks_are_there(data_folder: Path) -> None:
    check_tasks(TASKS)
    check_task_files(TASKS, str(data_folder))


@pytest.mark.parametrize(("name", "count"), [("piqa", 1838), ("arc-challenge", 140), ("cmmlu", 2480), ("mmlu", 2600)])
def test_the_public_choices_are_read(data_folder: Path, name: str, count: int) -> None:
    items = list(CHOICE_SETS[name].read(data_folder / CHOICE_SETS[name].folder))
    assert len(items) >= count
    assert all(0 <= item.right < len(item.candidates) >= 2 for item in items)

"""Public tasks, asked of any model: what is right counts, and two models are compared item by item."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from chatwright.core.errors import ArtifactError, DataError, UsageError
from chatwright.core.progress import Progress, Silent
from chatwright.corpus.choice_sets import CHOICE_SETS
from chatwright.corpus.labels import labelled_rows
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.settings import LabelSettings
from chatwright.evaluate.outcome import Talk, compare
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.evaluate.tasks import TASKS, check_task_files, check_tasks, run_task
from chatwright.generate.settings import GenerateSettings
from tests.public_data import public_data


class Fake:
    """Holds what contains `likes` likeliest; texts name their labels.

    It writes each source as it is, or what it `says` of all or of each.
    """

    def __init__(self, likes: str, says: str | Mapping[str, str] | None = None, labels: tuple[str, ...] = ()) -> None:
        self.likes, self.says, self.labels = likes, says, labels

    def likelihoods(self, prompts: Sequence[str], continuations: Sequence[str]) -> NDArray[np.float64]:
        assert all(prompts)
        return self.sentences(continuations)

    def sentences(self, texts: Sequence[str]) -> NDArray[np.float64]:
        return np.array([-1.0 if self.likes in text else -9.0 for text in texts])

    def classify(self, texts: Sequence[str], *, cut: bool) -> list[dict[str, float]]:
        """The label that a text names, if it is the first by a hair."""
        assert cut  # texts of data sets may be longer than the context
        return [
            {label: 1.0 - at / 9 if label in text else 0.0 for at, label in enumerate(self.labels)} for text in texts
        ]

    def replies(self, talks: Sequence[Talk], texts: Sequence[str]) -> NDArray[np.float64]:
        """Likely where the reply repeats what it likes of the last word that was said."""
        both = zip(talks, texts, strict=True)
        named = [talk[-1]["content"].split()[-1].strip("?") in text.split() for talk, text in both]
        return np.where(named, -1.0, -9.0) if self.likes else np.zeros(len(texts))

    def write(self, sources: Sequence[str], settings: GenerateSettings, progress: Progress) -> list[str]:
        if isinstance(self.says, Mapping):
            return [self.says[source] for source in sources]
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


def test_a_tie_is_lost(tmp_path: Path) -> None:
    data = piqa(tmp_path)
    for name in ("sol1", "sol2"):
        rows = [{"goal": "Sit", "sol1": "here", "sol2": "down"}]
        (data / "piqa" / "valid.jsonl").write_text(json.dumps({**rows[0], name: "down" if name == "sol1" else "here"}))
        (data / "piqa" / "valid-labels.lst").write_text("0\n")
        same = run_task("piqa", Fake("nothing of it"), data, SETTINGS, GREEDY, None, Silent())
        assert same.figures["accuracy"]["value"] == same.figures["accuracy_per_byte"]["value"] == 0


def captions(folder: Path) -> Path:
    """Captions in the published layout; of the last the source is missing."""
    (folder / "multi30k").mkdir()
    for name in ("train", "val", "test_2016_flickr"):
        for side, lines in (
            ("en", ["a man runs fast", "a dog sleeps here", " "]),
            ("de", ["a man runs fast", "ein Hund schläft", "nichts"]),
        ):
            data = gzip.compress("".join(f"{line}\n" for line in lines).encode())
            (folder / "multi30k" / f"{name}.{side}.gz").write_bytes(data)
    return folder


def test_translations_are_compared_as_a_whole(tmp_path: Path) -> None:
    captions(tmp_path)
    same = run_task("multi30k", Fake(""), tmp_path, SETTINGS, GREEDY, None, Silent())
    wrong = run_task("multi30k", Fake("", "nothing of it"), tmp_path, SETTINGS, GREEDY, None, Silent())
    assert same.figures["bleu"]["value"] > wrong.figures["bleu"]["value"] == 0
    assert same.figures["n"] == 2  # a pair without a source is not asked
    assert same.figures["not_asked"] == "pairs without a source or a target: 1"
    assert same.signatures["generation"] == "greedy|max_new_tokens:160"
    turned = run_task("multi30k-de-en", Fake(""), tmp_path, SETTINGS, GREEDY, None, Silent())
    assert turned.texts == [(target, source) for source, target in same.texts]
    difference = compare(same, wrong, SETTINGS, 1)["bleu"]
    assert difference["value"] == pytest.approx(same.figures["bleu"]["value"])


@pytest.mark.parametrize(
    ("name", "most", "figures"),
    [
        ("dialogsum", 2, ("rouge_1", "rouge_2", "rouge_l")),
        ("csl-title-zh", 18, ("rouge_1", "rouge_2", "rouge_l")),
        ("cmrc2018", 28, ("exact_match", "token_f1")),
        ("tatoeba-en-zh", 40, ("bleu", "chrf")),
        ("tatoeba-zh-en", 40, ("bleu", "chrf")),
    ],
)
def test_what_is_written_is_scored_against_the_targets(
    name: str, most: int, figures: tuple[str, ...], tmp_path: Path
) -> None:
    data = public_data(tmp_path)

    wrong = run_task(name, Fake("", "?!"), data, SETTINGS, GREEDY, None, Silent())
    targets = {text[0]: text[-1] for text in wrong.texts}
    right = run_task(name, Fake("", targets), data, SETTINGS, GREEDY, None, Silent())
    assert 0 < right.figures["n"] == len(right.texts) <= most
    for figure in figures:
        full = 100 if figure in ("bleu", "chrf") else 1
        assert right.figures[figure]["value"] == pytest.approx(full) and wrong.figures[figure]["value"] < 0.02 * full
    assert set(figures) <= right.items.keys() and right.signatures["generation"].startswith("greedy")


def cold(folder: Path) -> Path:
    (folder / "cold-zh").mkdir()
    rows = [("offensive", 1), ("clean", 0), ("offensive, clean", 0), ("nothing", 0)]
    dev = "TEXT,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows)
    (folder / "cold-zh" / "dev.csv").write_text(dev)
    (folder / "cold-zh" / "train.csv.gz").write_bytes(gzip.compress(b"TEXT,label\nlearnt,1\n"))
    return folder


def test_a_classifier_is_asked_the_published_test(tmp_path: Path) -> None:
    data, sure = cold(tmp_path), Fake("", labels=("offensive", "clean", "another"))
    good = run_task("cold-zh", sure, data, SETTINGS, GREEDY, None, Silent())
    assert good.figures["n"] == 4 and good.figures["accuracy"]["value"] == 0.75
    assert good.figures["auroc"]["value"] == pytest.approx((1 + 0.5 + 1) / 3)
    assert good.figures["macro_f1"]["value"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    how = "a classifier's probabilities (of a text beyond the context its beginning)"
    assert f"{how}|published test" in good.signatures["accuracy"]
    never = Fake("", labels=("clean", "offensive"))
    worse = compare(good, run_task("cold-zh", never, data, SETTINGS, GREEDY, None, Silent()), SETTINGS, 1)
    assert set(worse) == {"accuracy", "macro_f1", "auroc"} and worse["accuracy"]["unit"] == "0 to 1"
    with pytest.raises(ArtifactError, match="does not know the labels clean: it has offensive"):
        run_task("cold-zh", Fake("", labels=("offensive",)), data, SETTINGS, GREEDY, None, Silent())


def test_where_no_test_is_published_the_first_fold_is_asked(tmp_path: Path) -> None:
    (tmp_path / "surge-toxicity").mkdir()
    rows = [(f"{label} number {at}", label) for label in ("Toxic", "Not Toxic") for at in range(50)]
    lines = "".join(f"{text},{label}\n" for text, label in rows)
    (tmp_path / "surge-toxicity" / "toxicity_en.csv").write_text(f"text,is_toxic\n{lines}")
    sure = Fake("", labels=("Not Toxic", "Toxic"))
    found = run_task("surge-toxicity", sure, tmp_path, SETTINGS, GREEDY, None, Silent())
    assert found.figures["n"] == 20 and found.figures["auroc"]["value"] == 0.5  # "Not Toxic" names both
    assert "first of 5 folds: no test is published" in found.signatures["auroc"]
    settings = LabelSettings.model_validate({"name": "surge-toxicity", "data": str(tmp_path)})
    kept = {row["text"] for row in labelled_rows(settings, Ledger()) if row["fold"] == 0}
    assert {text for (text,) in found.texts} == kept  # what the recipe's model beside its report has not learnt
    some = run_task("surge-toxicity", sure, tmp_path, SETTINGS, GREEDY, 12, Silent())
    assert some.figures["n"] == 12 and 0 < some.items["auroc"][:, 0].sum() < 12  # drawn, not the first of a sorted file


def test_a_decoder_is_asked_for_the_names_of_labels(tmp_path: Path) -> None:
    said = run_task("cold-zh", Fake("offensive"), cold(tmp_path), SETTINGS, GREEDY, None, Silent())
    assert said.figures["accuracy"]["value"] == 0.25 and said.figures["auroc"]["value"] == 0.5
    assert "zero-shot" in said.signatures["accuracy"] and said.texts[0] == ("offensive",)


def test_the_reply_that_was_given_is_found_among_others(tmp_path: Path) -> None:
    (tmp_path / "xdailydialog").mkdir()
    talks = [f"Where is number {at}? __eou__ Over there, see {at} __eou__\n" for at in range(400)]
    (tmp_path / "xdailydialog" / "en_dev_human.txt").write_text("".join(talks))
    asked = Fake("number")
    found = run_task("everyday-en", asked, tmp_path, SETTINGS, GREEDY, None, Silent())
    assert found.figures["accuracy"]["value"] == 1 and found.figures["chance"] == pytest.approx(0.1)
    assert 15 < found.figures["n"] < 60 and len(found.texts) == len(found.items["accuracy"]) == found.figures["n"]
    # the logarithm of one answer is -1, of others -9; Fake's are about as long as these
    assert found.figures["bits_per_byte"]["value"] == pytest.approx(
        found.figures["n"] / math.log(2) / sum(len(text[-1].encode()) for text in found.texts)
    )
    lost = run_task("everyday-en", Fake(""), tmp_path, SETTINGS, GREEDY, None, Silent())
    assert lost.figures["accuracy"]["value"] == 0
    some = run_task("everyday-en", asked, tmp_path, SETTINGS, GREEDY, 1, Silent()).figures
    assert some["n"] == 1 and some["chance"] == pytest.approx(0.1)


def test_answers_to_instructions_are_foreseen(tmp_path: Path) -> None:
    (tmp_path / "dolly-nocontext").mkdir()
    rows = [{"instruction": f"Say {at}", "response": f"It is {at} é"} for at in range(500)]
    packed = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
    (tmp_path / "dolly-nocontext" / "dolly_first6400_instruction_response.jsonl.gz").write_bytes(packed)
    well, badly = (run_task("dolly", Fake(likes), tmp_path, SETTINGS, GREEDY, None, Silent()) for likes in ("x", ""))
    assert 3 < well.figures["n"] < 30 and len(well.texts) == well.figures["n"]
    size = sum(len(text[-1].encode()) for text in well.texts)
    assert well.figures["bits_per_byte"]["value"] == pytest.approx(well.figures["n"] / math.log(2) / size)
    assert badly.figures["bits_per_byte"]["value"] == 0  # it holds everything certain
    assert compare(well, badly, SETTINGS, 1)["bits_per_byte"]["low"] > 0
    assert run_task("dolly", Fake("x"), tmp_path, SETTINGS, GREEDY, 2, Silent()).figures["n"] == 2


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

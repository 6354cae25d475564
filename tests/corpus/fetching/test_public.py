"""Public data sets by name: from a server that has them in the layouts of the hub, to what the readers read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chatwright.core.errors import UsageError
from chatwright.core.files import read_json
from chatwright.core.progress import Progress, Silent
from chatwright.corpus.choice_sets import CHOICE_SETS
from chatwright.corpus.fetching import public
from chatwright.corpus.fetching.public import HOMES, missing_sets
from chatwright.corpus.label_sets import LABEL_SETS
from chatwright.corpus.message_sets import MESSAGE_SETS
from chatwright.corpus.pair_sets import PAIR_SETS, Found
from chatwright.corpus.public import read_json_lines, read_lines
from chatwright.corpus.settings import PairSettings
from tests.hub import REVISION, serving

_SQUAD = {"text": ["巴黎", "在巴黎"], "answer_start": [0, 0]}
ALPACA = {"instruction": "Add.", "input": "1 and 2", "output": "3", "text": "all of it"}
DOLLY = {"instruction": "Who?", "response": "She.", "category": "open_qa"}
BLIMP = {"sentence_good": "She sings.", "sentence_bad": "She sing.", "UID": "one", "one_prefix_method": True}
CMMLU = {"Question": "几?", "A": "一", "B": "二, 三", "C": "四", "D": "五", "Answer": "B"}
MMLU = {"question": "Which?", "subject": "astronomy", "choices": ["w", "x", "y", "z"], "answer": 2}
PIQA = {"goal": "Cut bread", "sol1": "with a knife", "sol2": "with a spoon", "label": 0}
ARC = {
    "id": "1",
    "question": "What is wet?",
    "choices": {"text": ["sand", "rain"], "label": ["A", "B"]},
    "answerKey": "B",
}

# Files of each data set of the hub: JSON Lines, CSV or parquet, by their names.
SETS: dict[str, dict[str, list[dict[str, Any]]]] = {
    "bentrevett/multi30k": {
        "train.jsonl": [{"en": "A dog.", "de": "Ein Hund."}, {"en": "Two\nmen.", "de": "Zwei Männer."}],
        "val.jsonl": [{"en": "A cat.", "de": "Eine Katze."}],
        "test.jsonl": [{"en": "A bird.", "de": "Ein Vogel."}],
    },
    "sentence-transformers/parallel-sentences-tatoeba": {
        "en-zh/train-00000-of-00001.parquet": [{"english": f"Hello {at}.", "non_english": "你好。"} for at in range(9)],
        "en-zh/dev-00000-of-00001.parquet": [{"english": "Bye.", "non_english": "再见。"}],
        "en-de/train-00000-of-00001.parquet": [{"english": "Hello.", "non_english": "Hallo."}],
    },
    "knkarthick/dialogsum": {
        f"{split}.csv": [{"id": "1", "dialogue": f"#A#: Hi, {split}.\n#B#: Oh.", "summary": "They met.", "topic": "t"}]
        for split in ("train", "validation", "test")
    },
    "hfl/cmrc2018": {
        f"data/{split}-00000-of-00001.parquet": [
            {"id": f"{at}", "context": f"{split}: 巴黎是首都。", "question": f"问{at}?", "answers": _SQUAD}
            for at in range(2)
        ]
        for split in ("train", "validation", "test")
    },
    "tdavidson/hate_speech_offensive": {
        "data/train-00000-of-00001.parquet": [{"count": 3, "class": 1, "tweet": 'so, "bad"\nyou'}]
    },
    "thu-coai/cold": {
        "train.csv": [{"": 0, "split": "train", "topic": "race", "label": 1, "TEXT": "坏, 话"}],
        "dev.csv": [{"": 0, "split": "dev", "topic": "race", "label": 0, "TEXT": "好话"}],
        "test.csv": [{"": 0, "split": "test", "topic": "race", "label": 0, "fine-grained-label": 3, "TEXT": "别看"}],
    },
    "tatsu-lab/alpaca": {"data/train-00000-of-00001-a09b74b3ef9c3b56.parquet": [ALPACA]},
    "databricks/databricks-dolly-15k": {
        "databricks-dolly-15k.jsonl": [{**DOLLY, "context": ""}, {**DOLLY, "context": "A passage."}]
    },
    "Salesforce/wikitext": {
        f"wikitext-2-{version}/train-00000-of-00001.parquet": [{"text": ""}, {"text": f" = {version} = \n"}]
        for version in ("v1", "raw-v1")
    },
    "nyu-mll/blimp": {f"{name}/train-00000-of-00001.parquet": [BLIMP] for name in ("adjunct_island", "wh_island")},
    "baber/piqa": {f"piqa_{split}.parquet": [PIQA] for split in ("train", "validation", "test")},
    "allenai/ai2_arc": {f"ARC-{name}/validation-00000-of-00001.parquet": [ARC] for name in ("Challenge", "Easy")},
    "haonan-li/cmmlu": {
        f"{name}/{split}-00000-of-00001.parquet": [CMMLU] for name in ("anatomy", "art") for split in ("dev", "test")
    },
    "cais/mmlu": {f"{name}/test-00000-of-00001.parquet": [MMLU] for name in ("all", "astronomy", "virology")},
}


def write_set(root: Path, files: dict[str, list[dict[str, Any]]]) -> Path:
    """A data set with these files; where they lie in several folders, its card names each as a subset."""
    for name, rows in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist(rows)
        if path.suffix == ".parquet":
            pq.write_table(table, path)
        elif path.suffix == ".csv":
            table.to_pandas().to_csv(path, index=False)
        else:
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    folders = sorted({name.split("/")[0] for name in files if "/" in name and not name.startswith("data/")})
    card = ["---", "license: cc0-1.0"]
    if folders:
        card.append("configs:")
    for folder in folders:
        card += [f"- config_name: {folder}", "  data_files:"]
        for name in files:
            if name.startswith(f"{folder}/"):
                split = name.split("/")[1].split("-")[0]
                card += [f"  - split: {split}", f"    path: {folder}/{split}-*"]
    (root / "README.md").write_text("\n".join([*card, "---", "# A data set", ""]))
    return root


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("hub")
    with serving({name: write_set(root / name, files) for name, files in SETS.items()}) as (address, _):
        yield address


_SCRIPT = """
import pathlib, sys
from chatwright.core.errors import ChatwrightError
from chatwright.core.progress import Silent
from chatwright.corpus.fetching.public import fetch_sets
if __name__ == "__main__":
    try:
        fetch_sets(pathlib.Path(sys.argv[1]), sys.argv[2:], Silent())
    except ChatwrightError as error:
        print(type(error).__name__, error)
"""


def environment(endpoint: str, root: Path) -> dict[str, str]:
    told = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(root / "home"), "HF_HUB_DISABLE_XET": "1"}
    for name in ("HF_HUB_OFFLINE", "CHATWRIGHT_DATA"):
        told.pop(name, None)
    return {**told, "XDG_CACHE_HOME": str(root / "cache")}


def fetched(endpoint: str, root: Path, *names: str) -> str:
    (root / "fetch.py").write_text(_SCRIPT, encoding="utf-8")
    command = [sys.executable, str(root / "fetch.py"), str(root / "data"), *names]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=300, env=environment(endpoint, root)
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_every_set_of_the_hub_comes_as_its_reader_wants_it(hub: str, tmp_path: Path) -> None:
    assert fetched(hub, tmp_path, *HOMES) == ""
    data = tmp_path / "data"
    assert {path.name for path in data.iterdir()} == set(HOMES)
    assert read_json(data / "piqa" / "from-hub.json") == {"baber/piqa": REVISION}

    def pairs(name: str, **settings: Any) -> list[Found]:
        return list(PAIR_SETS[name].read(data, PairSettings.model_validate({"name": name, **settings})))

    assert pairs("multi30k") == [
        Found("train", "A dog.", "Ein Hund."),
        Found("train", "Two men.", "Zwei Männer."),
        Found("validation", "A cat.", "Eine Katze."),
        Found("test", "A bird.", "Ein Vogel."),
    ]
    assert [pair[1:3] for pair in pairs("tatoeba-en-zh", source="zh", target="en")] == [
        ("你好。", f"Hello {at}.") for at in range(9)
    ]
    assert [(pair.source, pair.target) for pair in pairs("dialogsum")] == [
        (f"#A#: Hi, {split}.\n#B#: Oh.", "They met.") for split in ("train", "validation")
    ]
    answered = pairs("cmrc2018", source="zh", target="zh")
    assert [pair.source for pair in answered] == [
        f"问{at}?\n{split}: 巴黎是首都。" for split in ("validation", "test") for at in range(2)
    ]
    assert {(pair.target, pair.others) for pair in answered} == {("巴黎", ("在巴黎",))}
    labelled = {
        name: [row for file in LABEL_SETS[name].files for row in LABEL_SETS[name].read(data / file)]
        for name in ("davidson-hate", "cold-zh")
    }
    assert labelled["davidson-hate"] == [("", 'so, "bad"\nyou', "offensive")]
    assert labelled["cold-zh"] == [("train", "坏, 话", "offensive"), ("test", "好话", "clean")]
    said = {
        name: [talk for file in MESSAGE_SETS[name].files for talk in MESSAGE_SETS[name].read(data / file)]
        for name in ("alpaca-en", "dolly")
    }
    assert [turn["content"] for turn in said["alpaca-en"][0]] == ["Add.\n\n1 and 2", "3"]
    assert [[turn["content"] for turn in talk] for talk in said["dolly"]] == [["Who?", "She."]] * 2
    assert read_lines(data / "wikitext-2" / "train.txt.gz") == ["", " = v1 = "]
    assert sorted(path.name for path in (data / "blimp").glob("*.gz")) == [
        "adjunct_island.jsonl.gz",
        "wh_island.jsonl.gz",
    ]
    grammar = list(read_json_lines(data / "blimp" / "wh_island.jsonl.gz", ("sentence_good", "sentence_bad")))
    assert grammar == [{"sentence_good": "She sings.", "sentence_bad": "She sing."}]
    asked = {name: list(each.read(data / each.folder)) for name, each in CHOICE_SETS.items()}
    assert [(each.candidates, each.right) for each in asked["piqa"]] == [((" with a knife", " with a spoon"), 0)]
    assert [(each.candidates, each.right) for each in asked["arc-challenge"]] == [((" sand", " rain"), 1)]
    assert [(each.group, each.candidates[1], each.right) for each in asked["cmmlu"]] == [
        (name, "二, 三", 1) for name in ("anatomy", "art")
    ]
    assert [(each.group, each.candidates, each.right) for each in asked["mmlu"]] == [
        (name, (" w", " x", " y", " z"), 2) for name in ("astronomy", "virology")
    ]


@pytest.mark.slow
def test_a_recipe_without_a_folder_fetches_what_it_reads_once(hub: str, tmp_path: Path) -> None:
    rows = [{"en": f"Dog {at}.", "de": f"Hund {at}."} for at in range(40)]
    files = {f"{name}.jsonl": rows[at * 10 : at * 10 + 10] for at, name in enumerate(("train", "val", "test"))}

    def corpus(endpoint: str, recipe: str, out: str) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            "-m",
            "chatwright",
            "corpus",
            "build",
            recipe,
            "--out",
            str(tmp_path / out),
            "--json",
        ]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=300, env=environment(endpoint, tmp_path)
        )

    with serving({"bentrevett/multi30k": write_set(tmp_path / "set", files)}) as (address, _):
        first = corpus(address, "translate-multi30k", "one")
        assert first.returncode == 0, first.stderr
        assert json.loads(first.stdout)["figures"]["train_pairs"] == 10 and "data done" in first.stderr
    nowhere = "http://127.0.0.1:9"
    again = corpus(nowhere, "translate-multi30k", "two")
    assert again.returncode == 0 and json.loads(again.stdout)["figures"] == json.loads(first.stdout)["figures"]
    offline = corpus(nowhere, "classify-cold-zh", "three")
    assert offline.returncode == 1 and "cannot be reached" in offline.stderr and "--data DIR" in offline.stderr
    nobody = corpus(address, "classify-surge", "four")
    assert nobody.returncode == 2 and "not on the hub" in nobody.stderr and "surge-toxicity" in nobody.stderr
    assert "Traceback" not in offline.stderr + nobody.stderr
    assert [path.name for path in (tmp_path / "cache" / "chatwright" / "data").iterdir()] == ["multi30k"]


@pytest.mark.slow
def test_rows_of_another_form_leave_nothing(tmp_path: Path) -> None:
    rows = {"train.jsonl": [{"english": "A dog.", "german": "Ein Hund."}]}
    with serving({"bentrevett/multi30k": write_set(tmp_path / "set", rows)}) as (address, _):
        told = fetched(address, tmp_path, "multi30k")
    assert "DataError" in told and "another form than they had: KeyError 'en'" in told and "--data DIR" in told
    assert not list((tmp_path / "data").iterdir())


def test_another_process_may_be_quicker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(folder: Path, name: str, progress: Progress) -> dict[str, str]:
        (folder / "mine").touch()
        (tmp_path / name).mkdir()
        (tmp_path / name / "theirs").touch()
        return {}

    monkeypatch.setattr(public, "_fetch", fetch)
    public.fetch_sets(tmp_path, ["piqa"], Silent())
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["piqa", "theirs"]


def test_sets_without_a_home_are_told_together(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not on the hub.*: gutenberg, xdailydialog"):
        missing_sets(tmp_path, ["gutenberg", "piqa", "xdailydialog"])
    for name in ("gutenberg", "xdailydialog"):
        (tmp_path / name).mkdir()
    assert missing_sets(tmp_path, ["gutenberg", "piqa", "piqa", "xdailydialog"]) == ["piqa"]

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from chatwright.bench.corpus import rival
from chatwright.bench.corpus.rival import Round, Turn, check_rival, measure_rival, rival_rows, run_rival
from chatwright.core.errors import DataError, UsageError
from tests.bench.corpus.test_suite import asked

# Stands for the Python of the other environment: keeps every second document of what it is told to read.
KEEPS_HALF = """
import json, sys
from pathlib import Path
if sys.argv[2] == "-c":
    sys.exit()
told = json.loads(sys.argv[3])
assert Path(sys.argv[2]).name == "datatrove_rival.py" and Path(told["model"]).exists()
lines = [line for path in sorted(Path(told["documents"]).glob("*.jsonl")) for line in path.open(encoding="utf-8")]
dropped = [json.dumps({**json.loads(line), "metadata": {}}) + "\\n" for line in lines[1::2]]
for name, rows in (("unique", lines[::2]), ("dropped/c4", dropped)):
    folder = Path(told["folder"]) / name
    folder.mkdir(parents=True)
    (folder / "00000.jsonl").write_text("".join(rows), encoding="utf-8")
print("something else")
print(json.dumps({"seconds": 100.0}))
"""


def other_python(folder: Path, script: str) -> str:
    file = folder / "python"
    file.write_text(f"#!{sys.executable}\n{script}", encoding="utf-8")
    os.chmod(file, 0o755)
    return str(file)


def test_rounds_make_rows() -> None:
    ours = Turn(
        2.0, frozenset({"000001", "000002again", "000004"}), {"000002": "nearly the same text", "000003": "words"}
    )
    dropped = {"000001": "short", "000004": "copies", "000004again": "short", "000002again": "copies"}
    turns = [Round(ours, Turn(each, frozenset({"000002", "000003"}), dropped)) for each in (9.0, 20.0, 12.0)]
    rows = {row["name"]: row for row in rival_rows("English", 60, 1.0, turns)}
    assert rows["English documents, against datatrove"]["value"] == 6
    assert rows["English documents, against datatrove"]["holds"]
    assert rows["English documents"]["value"] == 30 and rows["English documents, datatrove"]["value"] == 5
    assert rows["English documents: kept by both, of those that either keeps"]["value"] == pytest.approx(1 / 4)
    alone = {name.split(": dropped ")[1]: row["value"] for name, row in rows.items() if ": dropped " in name}
    assert alone == {"here alone, words": 1, "by datatrove alone, short": 2}
    assert not rival_rows("English", 60, 1.0, turns[:1])[0]["holds"]


def test_what_the_rival_lacks_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such Python"):
        check_rival(str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match=r"(?s)No module named 'datatrove'.*pip install 'datatrove\["):
        check_rival(sys.executable)


def test_a_rival_that_fails_is_told(tmp_path: Path) -> None:
    python = other_python(tmp_path, "raise SystemExit('out of paper')")
    with pytest.raises(DataError, match="out of paper"):
        run_rival(tmp_path, python, "en")


def test_the_script_needs_nothing_of_ours() -> None:
    text = rival._SCRIPT.read_text(encoding="utf-8")
    assert "chatwright" not in [word for line in text.splitlines() if "import " in line for word in line.split()]
    compile(text, rival._SCRIPT.name, "exec")


@pytest.mark.slow
def test_both_are_told_the_same_documents(data_folder: Path, tmp_path: Path) -> None:
    python = other_python(tmp_path, KEEPS_HALF)
    rows = measure_rival(asked(tmp_path, data_folder, rival=python), rounds=1, most=100)
    values = {row["name"]: row["value"] for row in rows}
    assert values["English documents: kept by datatrove"] == pytest.approx(0.5, abs=0.01)
    assert values["English documents: kept"] > 0.8 and values["Chinese documents: kept"] > 0.8
    only_there = "English documents: dropped by datatrove alone, c4"
    assert values[only_there] > 30 and next(name for name in values if "datatrove alone" in name) == only_there
    assert not [name for name in values if "not told" in name]
    assert values["English documents, datatrove"] == pytest.approx(1.05)  # 100 and every twentieth again, in 100 s
    assert json.dumps(rows) and not (tmp_path / "rival").exists()

"""Reading modules in child processes: whatever a module does, the others are read."""

import time
from pathlib import Path

import pytest

from chatwright.core.progress import Silent
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.library import library_modules, read_library

NAUGHTY = {
    "naughty_prints": 'import sys\nprint("{}" * 1000)\nsys.stderr.write("noise")\n\ndef f():\n    "Does a thing."\n',
    "naughty_asks": "input()\n",
    "naughty_exits": "raise SystemExit(0)\n",
    "naughty_dies": "import os\nos._exit(3)\n",
    "naughty_fails": "1 / 0\n",
    "naughty_hangs": "import time\ntime.sleep(60)\n",
    "good": 'def g(a, b=object(), *, c={1, 2}):\n    "Does another thing."\n',
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict], Ledger, float]:
    folder = tmp_path_factory.mktemp("modules")
    for name, source in NAUGHTY.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    ledger, started = Ledger(), time.monotonic()
    records = read_library(sorted(NAUGHTY), seconds=1.5, ledger=ledger, progress=Silent(), search=[str(folder)])
    return {record["module"]: record for record in records}, ledger, time.monotonic() - started


def test_each_failure_costs_one_ledger_line(outcome: tuple[dict[str, dict], Ledger, float]) -> None:
    records, ledger, _ = outcome
    assert set(records) == {"good", "naughty_prints"}
    [entry] = ledger.entries()
    assert entry["count"] == 5
    assert {example["where"] for example in entry["examples"]} == set(NAUGHTY) - set(records)


def test_a_hanging_module_is_given_up(outcome: tuple[dict[str, dict], Ledger, float]) -> None:
    assert outcome[2] < 20


def test_defaults_that_differ_between_runs_are_left_out(outcome: tuple[dict[str, dict], Ledger, float]) -> None:
    [g] = outcome[0]["good"]["objects"]
    assert g["signature"] == "(a, b=..., *, c=...)"


def test_reading_is_deterministic() -> None:
    modules = ["json", "shutil", "textwrap", "collections", "os.path", "enum"]
    first, second = (read_library(modules, seconds=20, ledger=Ledger(), progress=Silent()) for _ in range(2))
    assert first == second
    assert [record["module"] for record in first] == sorted(modules)


def test_the_rule_of_modules() -> None:
    names = library_modules()
    assert {"os.path", "json.decoder", "xml.etree.ElementTree", "builtins"} <= set(names)
    assert not {"antigravity", "this", "test", "idlelib", "posixpath", "unittest.__main__"} & set(names)
    assert not [name for name in names if any(part.startswith("_") for part in name.split("."))]
    assert {name.partition(".")[0] for name in library_modules(["json"])} == {"json"}


def test_the_worker_does_not_write_beside_the_modules(tmp_path: Path) -> None:
    (tmp_path / "fresh_module.py").write_text('"Does nothing much."\n', encoding="utf-8")
    read_library(["fresh_module"], seconds=20, ledger=Ledger(), progress=Silent(), search=[str(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == ["fresh_module.py"]

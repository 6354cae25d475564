"""Bad input at its real size: a line in the ledger each, nothing else lost, and bounded memory."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatwright.corpus.collection.parts import read_drops, read_parts
from tests.corpus.collection.hostile import GOOD, good, write_hostile

_MOST_MEMORY = 512 * 2**20  # bytes beyond what a small good file takes
_CHANGED = "file changed while it was read"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc"),
]


def collected(data: Path, folder: Path) -> int:
    """Collect a folder in a process of its own; its peak memory in bytes."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.corpus.collection.hostile", str(data), str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Rows are appended to the file as long as the block goes on."""
    done = threading.Event()

    def append() -> None:
        with path.open("a", encoding="utf-8", buffering=1) as file:
            while not done.wait(0.002):
                file.write('{"text": "more"}\n')

    thread = threading.Thread(target=append)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """A folder for gigabytes, which are gone at once."""
    yield tmp_path
    for path in tmp_path.iterdir():
        shutil.rmtree(path)


def test_bad_input_costs_a_line_and_bounded_memory(scratch: Path) -> None:
    small, bad = scratch / "small", scratch / "bad"
    small.mkdir()
    (small / "a.txt").write_text(good(0), encoding="utf-8")
    rules = write_hostile(bad) | {"changing.jsonl": _CHANGED}
    base = collected(small, scratch / "collected-small")
    with changing(bad / "changing.jsonl"):
        peak = collected(bad, scratch / "collected")
    rows = [row for table in read_drops([scratch / "collected"]) for row in table.to_pylist()]
    told = {row["origin"]: row["rule"] for row in rows}
    cut = [origin for origin, rule in told.items() if rule == "truncated gzip"]
    assert len(cut) == 1 and cut[0].startswith("cut.jsonl.gz")
    extra = {"bomb.warc.gz#1": "no record", cut[0]: "truncated gzip"}  # the beginning of a bomb is no record either
    assert told == rules | extra and len(rows) == len(told)
    found = Counter[str]()
    for table in read_parts(scratch / "collected", ["origin", "content"]):
        for origin, content in zip(table["origin"].to_pylist(), table["content"].to_pylist(), strict=True):
            found[content.decode() if content.startswith(b"Good document") else origin.split("#")[0]] += 1
    changed, rows_before_the_cut = found.pop("changing.jsonl"), found.pop("cut.jsonl.gz")
    assert changed >= 20_000 and 1_400 < rows_before_the_cut < 1_600
    (some,) = (text for text in found if text.startswith(good(9)))  # it goes on, with a character that is broken
    assert "caf\u00e9s" in some
    assert found.pop(some) == 1
    assert found == {good(number): 1 for number in range(GOOD) if number != 9}
    assert peak <= base + _MOST_MEMORY, f"{peak / 2**20:.0f} MiB, {base / 2**20:.0f} for a small file"

"""Bad input at its real size: a line in the ledger each, nothing else lost, bounded memory; no text takes for ever."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatwright.corpus.clean import clean_text
from chatwright.corpus.collection.parts import read_drops, read_parts
from chatwright.corpus.judging.language import language_of
from chatwright.corpus.judging.measures import measure
from chatwright.corpus.private.replace import find_private
from chatwright.corpus.texts import passages
from chatwright.corpus.web.main_text import main_text
from tests.corpus.collection.hostile import GOOD, good, write_hostile

_MOST_MEMORY = 512 * 2**20  # bytes beyond what a small good file takes

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
    rules = write_hostile(bad)
    base = collected(small, scratch / "collected-small")
    with changing(bad / "changing.jsonl"):
        peak = collected(bad, scratch / "collected")
    rows = [row for table in read_drops([scratch / "collected"]) for row in table.to_pylist()]
    told = {row["origin"]: row["rule"] for row in rows}
    assert told == rules and len(rows) == len(told)
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


UNITS = (
    "a", " ", "\n", "a@", "a@a.", "(", "([{", "<", "<div>", "<table><tr><td>", "<a href='x'>", "&", "1", "1.", "(1",
    "+1 ", "DE89 ", ":", "ab:", "http://a:", "-----BEGIN PRIVATE KEY-----\n", "\u200b", "\u00c3\u00a9", "a\u0301",
    " \n", "\u5b57",
)  # fmt: skip
WORK: dict[str, Callable[[str], object]] = {
    "clean_text": clean_text,
    "find_private": find_private,
    "language_of": lambda text: language_of(text, ""),
    "measure": lambda text: measure([text], "en"),
    "main_text": lambda text: main_text(text.encode()),
    "passages": lambda text: list(passages(text, 4_000)),
}


@pytest.mark.parametrize("name", WORK)
def test_time_grows_no_faster_than_a_text_of_one_thing_over_and_over(name: str) -> None:
    work = WORK[name]
    for unit in UNITS:
        once, four = (_seconds(work, unit * (size // len(unit))) for size in (100_000, 400_000))
        assert four <= 8 * once + 0.3, f"{unit!r}: {once:.3f} s, four times as long {four:.3f} s"


def _seconds(work: Callable[[str], object], text: str) -> float:
    begun = time.perf_counter()
    work(text)
    return time.perf_counter() - begun

"""Work is spread over processes: all of it is done once, an error costs what stands behind it, and a stop stops all."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatwright.core.errors import DataError
from chatwright.corpus.engine import ProcessDiedError, spread
from chatwright.corpus.settings import EngineSettings

TWO = EngineSettings(threads=2)


def note(items: Sequence[int], folder: Path) -> None:
    for item in items:
        (folder / f"{item}-{os.getpid()}").touch(exist_ok=False)


def note_until(items: Sequence[int], folder: Path, last: int, dies: bool) -> None:
    for item in items:
        if item == last and dies:
            os._exit(3)
        if item == last:
            raise DataError("no", where="here", remedy="none")
        note([item], folder)


def sleep(items: Sequence[int], folder: Path) -> None:
    note(items, folder)
    time.sleep(60)


def noted(folder: Path) -> list[int]:
    return sorted(int(path.name.split("-")[0]) for path in folder.iterdir())


def test_every_item_is_done_once_by_as_many_processes_as_asked_for(tmp_path: Path) -> None:
    spread(TWO, note, list(range(7)), tmp_path, sizes=[1] * 7, waiting=lambda: None)
    assert noted(tmp_path) == list(range(7))
    assert len({path.name.split("-")[1] for path in tmp_path.iterdir()}) == 2
    spread(TWO, note, [], tmp_path, sizes=[], waiting=lambda: None)


def test_work_is_shared_out_by_size(tmp_path: Path) -> None:
    spread(TWO, note, [0, 1, 2, 3], tmp_path, sizes=[3, 1, 1, 1], waiting=lambda: None)
    by_process = {name.split("-")[1]: [] for name in os.listdir(tmp_path)}
    for item in noted(tmp_path):
        by_process[next(tmp_path.glob(f"{item}-*")).name.split("-")[1]].append(item)
    assert sorted(by_process.values()) == [[0], [1, 2, 3]]


@pytest.mark.parametrize(("dies", "error"), [(False, DataError), (True, ProcessDiedError)])
def test_an_error_costs_what_stands_behind_it_in_its_process(
    tmp_path: Path, dies: bool, error: type[Exception]
) -> None:
    with pytest.raises(error):
        spread(TWO, note_until, list(range(7)), tmp_path, 2, dies, sizes=[1] * 7, waiting=lambda: None)
    assert noted(tmp_path) == [0, 1, 3, 5]


def test_a_stop_ends_every_process(tmp_path: Path) -> None:
    def stop() -> None:
        if len(noted(tmp_path)) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spread(TWO, sleep, [0, 1], tmp_path, sizes=[1, 1], waiting=stop)
    for path in tmp_path.iterdir():
        assert not Path(f"/proc/{path.name.split('-')[1]}").exists()

"""Work is spread over processes: all of it is done once, an error costs what stands behind it, and a stop stops all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatwright.core.errors import DataError
from chatwright.corpus.engine import spread
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


def test_an_error_costs_what_stands_behind_it_in_its_process(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        spread(TWO, note_until, list(range(7)), tmp_path, 2, False, sizes=[1] * 7, waiting=lambda: None)
    assert noted(tmp_path) == [0, 1, 3, 5]


def test_the_items_of_a_process_that_dies_are_told(tmp_path: Path) -> None:
    died = spread(TWO, note_until, list(range(7)), tmp_path, 2, True, sizes=[1] * 7, waiting=lambda: None)
    assert died == [[0, 2, 4, 6]] and noted(tmp_path) == [0, 1, 3, 5]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a group")
def test_ctrl_c_is_for_the_parent_alone(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys, time\n"
        "def sleep(items, folder):\n"
        "    time.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    from chatwright.corpus.engine import spread\n"
        "    from chatwright.corpus.settings import EngineSettings\n"
        "    print('ready', flush=True)\n"
        "    spread(EngineSettings(threads=2), sleep, [0, 1], '', sizes=[1, 1], waiting=lambda: None)\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script)], start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(0.3)  # the processes are starting
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert told.count("Traceback") == 1 and "KeyboardInterrupt" in told


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a thread")
def test_the_first_process_hears_no_ctrl_c_either(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import signal\n"
        "from chatwright.corpus.engine import run_apart\n"
        "def deaf():\n"
        "    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])\n"
        "if __name__ == '__main__':\n"
        "    print(run_apart(deaf), run_apart(deaf), deaf())\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout == "True True False\n"


def test_a_stop_ends_every_process(tmp_path: Path) -> None:
    def stop() -> None:
        if len(noted(tmp_path)) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spread(TWO, sleep, [0, 1], tmp_path, sizes=[1, 1], waiting=stop)
    for path in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.name.split("-")[1]), 0)

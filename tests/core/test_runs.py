from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatwright.core.errors import ArtifactError, UsageError
from chatwright.core.runs import locked, newest_run


def finished(runs: Path, name: str, when: int, *stages: str) -> None:
    for stage in stages:
        (runs / name / stage).mkdir(parents=True)
        manifest = runs / name / stage / "manifest.json"
        manifest.write_text("{}")
        os.utime(manifest, (when, when))


def test_the_newest_run_is_the_one_that_finished_last(tmp_path: Path) -> None:
    finished(tmp_path, "older", 1, "chat", "finetune")
    finished(tmp_path, "newer", 2, "finetune")
    assert newest_run("finetune", tmp_path).name == "newer"
    assert newest_run("finetune", tmp_path, beside=("chat",)).name == "older"  # a translator has no chat
    with pytest.raises(UsageError, match="no run yet"):
        newest_run("evaluate", tmp_path)


def test_a_run_folder_is_for_one_process_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path / "run"), pytest.raises(ArtifactError, match="another process"), locked(tmp_path / "run"):
        pass
    with pytest.raises(PermissionError, match="mine"), locked(tmp_path / "run"):
        raise PermissionError("mine")  # what happens inside is not about the folder
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="run folder"), locked(tmp_path / "file"):
        pass

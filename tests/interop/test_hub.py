"""The hub: a server on the loopback with the hub's layout stands for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatwright import load
from chatwright.core.errors import UsageError
from chatwright.interop.hub import find_model
from tests.hub import serving

_PICKLE = "pytorch_model.bin"


@pytest.fixture
def hub(gpt2_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    held = tmp_path_factory.mktemp("hub") / "gpt2"  # not where commands run: they would take it for their model
    shutil.copytree(gpt2_folder, held)
    (held / _PICKLE).write_bytes(b"a pickle that nobody fetches")
    with serving(models={"gpt2": held}) as (address, asked):
        yield address
    assert not [path for path in asked if _PICKLE in path]


def generate(endpoint: str, home: Path, name: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chatwright", "generate", name, "Once upon a time", "--max-length", "50"]
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    environment.pop("HF_HUB_OFFLINE", None)
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=120, env=environment, cwd=home.parent
    )


@pytest.mark.slow
def test_a_hub_name_is_fetched_once_and_gives_what_its_folder_gives(
    hub: str, gpt2_folder: Path, tmp_path: Path
) -> None:
    done = generate(hub, tmp_path / "home", "gpt2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip("\n") == load(gpt2_folder).generate("Once upon a time", max_length=50).rstrip("\n")
    assert not list((tmp_path / "home").rglob("*.bin"))
    again = generate("http://127.0.0.1:9", tmp_path / "home", "gpt2")  # nobody listens there
    assert again.stdout == done.stdout


@pytest.mark.slow
def test_what_cannot_be_fetched_is_told_with_the_folder_form(hub: str, tmp_path: Path) -> None:
    missing = generate(hub, tmp_path / "home", "no-such-model")
    assert missing.returncode == 2 and "no model on the hub" in missing.stderr and "config.json" in missing.stderr
    unreachable = generate("http://127.0.0.1:9", tmp_path / "home", "gpt2")
    assert unreachable.returncode == 2 and "cannot be reached" in unreachable.stderr
    assert "remedy: name a folder" in unreachable.stderr and "Traceback" not in unreachable.stderr


def test_what_is_no_name_is_told_at_once() -> None:
    for place in ("../nowhere", "a/b/c", "", "two words"):
        with pytest.raises(UsageError, match="no hub name"):
            find_model(place)


def test_a_folder_is_itself(gpt2_folder: Path) -> None:
    assert find_model(str(gpt2_folder)) == gpt2_folder

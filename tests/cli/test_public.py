"""Where public data sets are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatwright.cli.public import own_folder
from chatwright.cli.stages import Options, resolve
from chatwright.core.errors import UsageError


def test_a_named_folder_comes_first_then_the_variable_then_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CHATWRIGHT_DATA", "/there")
    assert resolve("classify-cold-zh", Options(data="/here")).labels.data == "/here"
    assert resolve("classify-cold-zh", Options()).labels.data == "/there"
    monkeypatch.delenv("CHATWRIGHT_DATA")
    assert resolve("classify-cold-zh", Options()).labels.data == str(tmp_path / "chatwright" / "data")
    assert resolve("web-zh-en", Options()).text.data is None  # its sources are its own
    assert resolve("instruct", Options(files=[tmp_path / "talks.jsonl"])).messages.data is None


def test_only_an_absolute_cache_counts_and_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "caches")
    assert own_folder() == Path.home() / ".cache" / "chatwright" / "data"

    def nobody() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", nobody)
    with pytest.raises(UsageError, match="--data DIR"):
        own_folder()

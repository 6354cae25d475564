from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatwright.cli.talk import generation_settings, read_conversations
from chatwright.core.errors import RecipeError, UsageError


def line(*roles: str) -> str:
    return json.dumps({"messages": [{"role": role, "content": "hello"} for role in roles]})


def test_conversations_are_read_a_line_each(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    path.write_text(f"{line('user')}\n\n{line('user', 'assistant', 'user')}\n")
    assert [len(messages) for messages in read_conversations(path)] == [1, 3]


def test_all_broken_lines_are_told_together(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    path.write_text(f"nonsense\n{line('user')}\n{line('user', 'assistant')}\n[]\n{line('robot')}\n")
    with pytest.raises(UsageError) as told:
        read_conversations(path)
    assert all(f"line {number}" in str(told.value) for number in (1, 3, 4, 5))
    assert "line 2" not in str(told.value)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read"):
        read_conversations(path)


def test_options_are_checked_together() -> None:
    assert generation_settings({"temperature": 0.5, "seed": None}).temperature == 0.5
    with pytest.raises(RecipeError) as told:
        generation_settings({"temperature": -1, "top_p": 2})
    assert {problem.where for problem in told.value.problems} == {"--temperature", "--top-p"}
    with pytest.raises(RecipeError, match="beams exclude"):
        generation_settings({"beams": 3, "temperature": 0.5})
    with pytest.raises(RecipeError, match="candidates are drawn"):
        generation_settings({"candidates": 3})

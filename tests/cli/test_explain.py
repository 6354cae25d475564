"""`chatwright explain`: what it prints, and the picture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatwright.cli.explain import explain_text
from tests.interop.conftest import make_gpt2

TEXT = "a model $$ once $x^ said"  # no formula, whatever the axes' library thinks


def test_every_token_has_its_likeliest_next_ones_and_every_head_a_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, picture = str(make_gpt2(tmp_path / "gpt2")), tmp_path / "pictures" / "attention.png"
    explain_text(folder, TEXT, picture, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert "".join(told["tokens"]) == TEXT and picture.read_bytes().startswith(b"\x89PNG")
    assert [len(each) for each in told["likely"]] == [5] * len(told["tokens"])
    assert [attention["name"] for attention in told["attention"]] == ["block 1", "block 2", "block 3"]
    for attention in told["attention"]:
        for head in attention["shares"]:
            assert [sum(row) for row in head] == pytest.approx([1.0] * len(told["tokens"]), abs=1e-4)
    explain_text(folder, TEXT, picture, as_json=False)
    shown = capsys.readouterr().out
    likeliest, chance = told["likely"][0][0]
    assert "what it holds likely" in shown and f"{chance:.0%}" in shown and likeliest.strip() in shown

"""`chatwright explain`: what it prints, and the picture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from chatwright.cli.explain import _figure, explain_text, maps
from chatwright.generate.explain import Explanation, Look
from tests.interop.conftest import make_gpt2
from tests.interop.test_folders import own_folder

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
    assert shown.count("head 4") == 3 and "block 3" in shown
    likeliest, chance = told["likely"][0][0]
    assert "what it holds likely" in shown and f"{chance:.0%}" in shown and likeliest.strip() in shown


def test_a_map_has_a_row_for_each_that_looks_and_shades_by_the_share() -> None:
    shares = torch.tensor([[[1.0, 0.0], [0.25, 0.75]], [[0.5, 0.5], [0.04, 0.96]]])
    told = Explanation(["a\n", " 你"], [[("x", 1.0)]] * 2, [Look("block 1", shares, ["a\n", " 你"], ["a\n", " 你"])])
    assert "\n".join(maps(told, 60)).splitlines()[2:] == [
        "block 1     " + "  head" + "  head",
        "a⏎          " + "  ██  " + "  ▓▓▓▓",
        "·你         " + "  ▒▒██" + "    ██",
    ]
    assert "\n".join(maps(told, 20)).count("block 1") == 2  # one head beside the names
    assert "2 tokens are too many for this terminal" in "\n".join(maps(told, 15))


def test_the_picture_holds_every_share_and_the_likeliest_tokens() -> None:
    names, shares = ["a", "b"], torch.tensor([[[1.0, 0.0], [0.25, 0.75]], [[0.5, 0.5], [0.04, 0.96]]])
    looks = [Look("block 1", shares, names, names), Look("block 2", shares.flip(0)[:1], names, names)]
    likely = [[("x", 0.7), ("y", 0.3)], [("z", 0.6), ("你", 0.4)]]
    places = [place for place in _figure(Explanation(names, likely, looks)).axes if place.axison]
    assert [place.get_title() for place in places] == [
        "block 1, head 1",
        "block 1, head 2",
        "block 2, head 1",
        "what it holds likely at each place",
    ]
    drawn = [place.images[0].get_array().tolist() for place in places]
    assert drawn == [shares[0].tolist(), shares[1].tolist(), shares[1].tolist(), [[0.7, 0.3], [0.6, 0.4]]]
    assert [text.get_text() for text in places[-1].texts] == ["x 70%", "y 30%", "z 60%", "你 40%"]
    assert [label.get_text() for label in places[0].get_yticklabels()] == names


@pytest.mark.parametrize("shape", ["T5", "ModernBert"])
def test_the_other_families_are_drawn_too(shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    explain_text(str(own_folder(tmp_path / "own", shape)), "你好 does it", tmp_path / "map.png", as_json=False)
    shown = capsys.readouterr().out
    assert shown.count("head 4") == (6 if shape == "T5" else 2)
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")

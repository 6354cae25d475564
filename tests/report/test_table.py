"""The table of runs that a document keeps: rows of earlier runs stay, seeds of a recipe are summed up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatwright.core.errors import UsageError
from chatwright.report.table import runs_table
from tests.report.conftest import make_run

_HEAD = (
    "| recipe | seed | what | score | interval | baseline | gate | aim | parameters | minutes | share of peak | peak |"
)


def _row(recipe: str, seed: int, what: str, score: str) -> str:
    return f"| {recipe} | {seed} | {what} | {score} | 1 to 2 | – | – | – | 4.7 M | 26.2 | 9.5% | a processor |"


def test_seeds_of_a_recipe_stand_together_and_are_summed_up() -> None:
    earlier = [
        _row("one", 1, "BLEU (`translation.bleu`)", "39.8"),
        _row("one", 1, "Right (`right.share`)", "33.2%"),
        _row("two", 1, "Gain (`gain`)", "-0.064"),
        _row("one", 10, "BLEU (`translation.bleu`, tok:none\\|lc)", "40.25"),
        _row("one", 2, "BLEU (`translation.bleu`)", "38.1"),
        _row("one", 2, "Right (`right.share`)", "30%"),
        _row("two", 1, "ROUGE-L (`rouge_l`, tok:words\\|case:lc)", "0.30"),
        _row("two", 2, "ROUGE-L (`rouge_l`, tok:words\\|case:lc)", "0.40"),
        _row("two", 2, "Gain (`gain`)", "not measured"),
    ]
    made = runs_table([], "\n".join([_HEAD, "| --- |" + " --- |" * 11, *earlier]))
    body, _, summed = made.partition("\n\n")
    order = [line.split(" | ")[:2] for line in body.splitlines()[2:]]
    assert (
        order == [["| one", seed] for seed in ("1", "1", "2", "2", "10")] + [["| two", "1"]] * 2 + [["| two", "2"]] * 2
    )
    assert summed.splitlines() == [
        "| recipe | seeds | what | mean | least | most |",
        "| --- | --- | --- | --- | --- | --- |",
        "| one | 1, 2, 10 | BLEU (`translation.bleu`) | 39.38 | 38.10 | 40.25 |",
        "| one | 1, 2 | Right (`right.share`) | 31.6% | 30.0% | 33.2% |",
        "| two | 1, 2 | ROUGE-L (`rouge_l`, tok:words\\|case:lc) | 0.35 | 0.30 | 0.40 |",
    ]
    assert runs_table([], made) == made  # what was summed up is made anew, not read


def test_one_seed_is_not_summed_up_and_a_broken_row_is_told() -> None:
    table = runs_table([], _row("one", 1, "BLEU (`translation.bleu`)", "39.8"))
    assert "mean" not in table and "39.8" in table
    with pytest.raises(UsageError, match="a row has 3 cells, not 12"):
        runs_table([], "| one | 1 | BLEU |")


def test_each_bleu_has_its_own_signature(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    figures = {name: {"value": 40.0, "unit": "0 to 100"} for name in ("bleu", "bleu_detokenised", "bleu_gain")}
    told = {"bleu_detokenised": "BLEU|tok:13a", "bleu": "BLEU|tok:none", "baseline": "the nearest"}
    scores = {"tasks": {"translation": figures}, "signatures": told}
    (run / "evaluate" / "scores.json").write_text(json.dumps(scores))
    shown = runs_table([run])
    assert "(`translation.bleu`, BLEU\\|tok:none)" in shown
    assert "BLEU of running text (`translation.bleu_detokenised`, BLEU\\|tok:13a)" in shown

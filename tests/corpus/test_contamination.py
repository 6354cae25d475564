from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chatwright.corpus.contamination import Asked

QUESTION = "Which of the two rivers that meet below the old mill was the first to be given a bridge of stone?"
SHORT = "The mill has never had a miller."
HAN = "旁边有两个孩子在放风筝，风筝飞得很高，他们笑得很开心。"
ASKED = Asked.of([QUESTION, SHORT, HAN, "Who knows?"], words=13, least=6)


def test_a_text_that_holds_a_question_is_found_whatever_its_case_and_punctuation() -> None:
    around = "Nobody in the village could say. {} It was asked every year, and every year it was forgotten again."
    assert ASKED.share(around.format(QUESTION)) == pytest.approx(21 / (21 + 6 + 12))
    assert ASKED.share(around.format(QUESTION.upper().replace(" ", "\n").rstrip("?"))) > 0.5
    assert ASKED.share(around.format("The mill, has never had: a miller!")) == pytest.approx(7 / 25)
    assert ASKED.share(f"他说：{HAN}") > 0.8
    mixed = Asked.of(["A股市场在2008年下跌了百分之六十五的原因是什么？"], words=13, least=6)
    assert mixed.share("有人问：A股市场在2008年下跌了百分之六十五的原因是什么？没有人回答。") > 0.5


def test_less_than_a_run_is_no_question() -> None:
    assert ASKED.share(" ".join(QUESTION.split()[:12])) == 0
    assert ASKED.share("Who knows?") == 0  # too short to be no chance
    assert ASKED.share("The mill has never had a bridge.") == 0
    assert ASKED.share("") == 0


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    ASKED.save(tmp_path / "asked.npz")
    again = Asked.load(tmp_path / "asked.npz")
    assert again.runs.keys() == ASKED.runs.keys()
    assert all(np.array_equal(again.runs[long], runs) for long, runs in ASKED.runs.items())


def test_hashes_are_the_same_in_every_process() -> None:
    assert ASKED.runs[7].tolist() == Asked.of([SHORT], 13, 6).runs[7].tolist() == [SHORT_HASH]


SHORT_HASH = 13552304523186341339  # of another process, on another day

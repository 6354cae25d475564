import json
from typing import Any

import pytest

from chatwright.core.errors import DataError
from chatwright.evaluate.questions import TAUGHT_TASKS, judge_answers, summarise
from chatwright.evaluate.settings import EvaluateSettings

SETTINGS = EvaluateSettings(bootstrap_samples=200)
REFUSAL = "I do not know that name."


def row(task: str, expected: str, answer: str, baseline: str | None = None) -> dict[str, Any]:
    name = f"{task}-{expected}"
    return {"id": name, "task": task, "expected": expected, "answer": answer, "baseline": baseline}


def scored(rows: list[dict[str, Any]], settings: EvaluateSettings, seed: int) -> dict[str, Any]:
    return summarise(judge_answers(rows, settings), settings, seed)


def rows() -> list[dict[str, Any]]:
    right = [f"Return the value number {i} of it." for i in range(8)]
    lead = "This function was added long ago"
    return [
        *[row("what", text, text) for text in right],
        row("what", "Close the file now.", REFUSAL),
        row("what", "Open one file and read all lines of it.", "Open one  file and read all lines."),
        row("follow-up", "It is a function.", "It is a class."),
        *[row("unknown", REFUSAL, REFUSAL) for _ in range(3)],
        row("unknown", REFUSAL, "Return the value."),
        *[row("summary", f"Parse a date {i}.", f"Parse a date {i % 5}.", f"{lead} {i}.") for i in range(12)],
    ]


def test_every_figure_has_its_interval_and_unit() -> None:
    scores = scored(rows(), SETTINGS, seed=1)
    assert set(scores["tasks"]) == {"what", "follow-up", "unknown", "summary"}
    for task in scores["tasks"].values():
        for name, figure in task.items():
            if name != "n":
                assert figure["low"] <= figure["value"] <= figure["high"], name
                assert set(figure) == {"value", "low", "high", "n", "unit", "method"}
                assert figure["n"] == task["n"]
    assert set(scores["signatures"]) >= {"exact_match", "token_f1", "rouge_l", "bleu", "chrf"}
    assert json.loads(json.dumps(scores)) == scores


def test_shares_by_hand() -> None:
    scores = scored(rows(), SETTINGS, seed=1)
    what = scores["tasks"]["what"]
    assert what["exact_match"]["value"] == pytest.approx(8 / 10)
    assert what["near_exact"]["value"] == pytest.approx(9 / 10)
    assert what["declined"]["value"] == pytest.approx(1 / 10)
    assert scores["tasks"]["unknown"]["declined"]["value"] == pytest.approx(3 / 4)
    assert scores["overall"]["wrongly_declined"]["value"] == pytest.approx(1 / 11)
    assert scores["overall"]["n"] == len(rows())


@pytest.mark.parametrize("task", TAUGHT_TASKS)
def test_declining_what_was_taught_is_wrong_in_every_task(task: str) -> None:
    asked = [row(task, "os.nice", REFUSAL), row(task, "os.name", "os.name"), row("unknown", REFUSAL, REFUSAL)]
    assert scored(asked, SETTINGS, seed=1)["overall"]["wrongly_declined"]["value"] == 0.5


def test_declining_what_was_not_taught_is_not_wrong() -> None:
    asked = [row("what", "os.nice", "os.nice")]
    asked += [row(task, "os.name", REFUSAL) for task in ("unknown", "held-out", "summary", "small-talk")]
    scores = scored(asked, SETTINGS, seed=1)
    assert scores["overall"]["wrongly_declined"]["value"] == 0
    assert scores["tasks"]["held-out"]["declined"]["value"] == 1


def test_without_made_up_names_declines_are_no_score() -> None:
    known = [each for each in rows() if each["task"] != "unknown"]
    assert "wrongly_declined" not in scored(known, SETTINGS, seed=1)["overall"]


def test_copying_the_name_earns_nothing() -> None:
    wrong, right = judge_answers(
        [
            row("what", "os.nice: Be kinder.", "os.nice: Shut down."),
            row("what", "os.nice: Be kind.", "os.nice: Be kind."),
        ],
        SETTINGS,
    )
    assert (wrong["rouge_l"], wrong["token_f1"]) == (0.0, 0.0)
    assert right["exact"] and right["rouge_l"] == 1.0
    (other,) = judge_answers([row("what", "os.nice: Be kind.", "os.name: Be kind.")], SETTINGS)
    assert not other["exact"] and 0 < other["rouge_l"] < 1


def test_summaries_are_compared_with_their_baseline_in_pairs() -> None:
    summary = scored(rows(), SETTINGS, seed=1)["tasks"]["summary"]
    gain = summary["rouge_l_gain"]
    assert gain["value"] == pytest.approx(summary["rouge_l"]["value"] - summary["baseline_rouge_l"]["value"])
    assert gain["low"] > 0


def test_scores_depend_on_the_seed_in_their_bounds_only() -> None:
    first, again, other = (scored(rows(), SETTINGS, seed=seed) for seed in (1, 1, 2))
    assert first == again
    gain, other_gain = (scores["tasks"]["summary"]["rouge_l_gain"] for scores in (first, other))
    assert gain["value"] == other_gain["value"]
    assert (gain["low"], gain["high"]) != (other_gain["low"], other_gain["high"])


def test_order_of_tasks_changes_no_score() -> None:
    forwards, backwards = (scored(each, SETTINGS, seed=1) for each in (rows(), rows()[::-1]))
    for task, scores in forwards["tasks"].items():
        for name, figure in scores.items():
            if name != "n":
                assert figure["value"] == pytest.approx(backwards["tasks"][task][name]["value"])


def test_chinese_is_counted_in_characters() -> None:
    settings = EvaluateSettings(unit="characters", bootstrap_samples=200)
    scores = scored([row("what", "打开一个文件并读取", "打开一个文件")], settings, seed=0)
    assert scores["tasks"]["what"]["rouge_l"]["value"] == pytest.approx(2 * 6 / (6 + 9))
    assert "tok:zh" in scores["signatures"]["bleu"]
    assert "tok:characters" in scores["signatures"]["rouge_l"]


def test_exact_answers_without_letters_are_near_exact() -> None:
    scores = scored([row("what", "...", "...")], SETTINGS, seed=0)
    assert scores["tasks"]["what"]["near_exact"]["value"] == 1.0


def test_no_answers_is_told() -> None:
    with pytest.raises(DataError):
        scored([], SETTINGS, seed=0)


def test_what_the_weights_alone_would_have_scored() -> None:
    invented = "os.nice: Return the value."
    checked = [
        {**row("unknown", REFUSAL, REFUSAL), "draft": invented},
        {**row("unknown", REFUSAL, REFUSAL), "draft": REFUSAL},
        {**row("what", "os.nice: Be kind.", "os.nice: Be kind."), "draft": REFUSAL},
        {**row("what", "os.nice: Be kind.", REFUSAL), "draft": "os.name: Be kind."},
    ]
    scores = scored(checked, SETTINGS, seed=1)
    assert scores["tasks"]["unknown"]["declined"]["value"] == 1.0
    alone = scores["alone"]
    assert alone["unknown"]["declined"]["value"] == 0.5
    assert alone["what"]["exact_match"]["value"] == 0.0
    assert scores["overall"]["wrongly_declined"]["value"] == alone["overall"]["wrongly_declined"]["value"] == 0.5
    assert scored(rows(), SETTINGS, seed=1)["alone"] == {}

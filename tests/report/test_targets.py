import pytest

from chatwright.report.scores import Score
from chatwright.report.targets import PYTHON_DOCS, Target, Verdict, judge, targets_for


def scores(**changed: float | None) -> dict[str, Score]:
    """Scores that meet every gate and aim, but for those changed; None takes one away."""
    values: dict[str, float | None] = {
        "run.minutes": 9.0,
        "facts.covered": 4100,
        "what.exact_match": 0.99,
        "outside.near_exact": 0.97,
        "which.exact_match": 0.93,
        "follow-up.exact_match": 0.96,
        "unknown.declined": 0.995,
        "overall.wrongly_declined": 0.005,
        "summary.rouge_l_gain": 0.05,
        "start.help_seconds": 0.2,
        "train.peak_share": 0.6,
        **{name.replace("__", "."): value for name, value in changed.items()},
    }
    return {
        name: Score(name, value, "", low=value - 0.01, high=value + 0.01)
        for name, value in values.items()
        if value is not None
    }


def verdicts(**changed: float | None) -> dict[str, Verdict]:
    return {verdict.target.name: verdict for verdict in judge(PYTHON_DOCS, scores(**changed))}


def test_all_met() -> None:
    for verdict in verdicts().values():
        assert verdict.gate_holds is (None if verdict.target.gate is None else True)
        assert verdict.aim_holds is True


def test_a_bound_itself_is_enough_and_less_is_not() -> None:
    assert verdicts(what__exact_match=0.95)["what.exact_match"].gate_holds is True
    assert verdicts(what__exact_match=0.95)["what.exact_match"].aim_holds is False
    assert verdicts(what__exact_match=0.9499)["what.exact_match"].gate_holds is False


def test_at_most_is_judged_the_other_way() -> None:
    assert verdicts(run__minutes=12.0)["run.minutes"].gate_holds is True
    assert verdicts(run__minutes=12.1)["run.minutes"].gate_holds is False
    assert verdicts(run__minutes=11.0)["run.minutes"].aim_holds is False


def test_a_gain_counts_by_its_lower_bound() -> None:
    assert verdicts(summary__rouge_l_gain=0.02)["summary.rouge_l_gain"].aim_holds is True
    assert verdicts(summary__rouge_l_gain=0.01)["summary.rouge_l_gain"].aim_holds is False  # it ends at 0


@pytest.mark.parametrize("name", ["what__exact_match", "run__minutes", "overall__wrongly_declined"])
@pytest.mark.parametrize("value", [None, 0.5])
def test_facts_count_only_where_the_other_gates_hold(name: str, value: float | None) -> None:
    spoilt = 50.0 if name == "run__minutes" and value else value
    facts = verdicts(**{name: spoilt})["facts.covered"]
    assert facts.gate_holds is False
    assert facts.aim_holds is False
    assert facts.spoiled_by == (name.replace("__", "."),)


def test_facts_need_the_gates_of_others_not_their_aims() -> None:
    assert verdicts(which__exact_match=0.85)["facts.covered"].gate_holds is True


def test_what_was_not_measured_is_not_judged() -> None:
    verdict = verdicts(train__peak_share=None)["train.peak_share"]
    assert verdict.score is None
    assert verdict.gate_holds is None
    assert verdict.aim_holds is None


def test_only_the_default_recipe_is_judged() -> None:
    assert targets_for("python-docs", "python-docs") == PYTHON_DOCS
    assert targets_for("python-docs", "folder") == ()
    assert targets_for("my-notes", "python-docs") == ()


def test_limits_in_words() -> None:
    target = Target("x", "x", "at most", 0.02, 0.01)
    assert target.limit(target.gate) == "at most 0.02"
    assert target.limit(None) is None
    assert Target("x", "x", "above", None, 0, "low").limit(0) == "lower bound above 0"

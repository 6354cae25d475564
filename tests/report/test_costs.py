from pathlib import Path

import pytest

from chatwright.report.costs import run_cost
from chatwright.report.record import RunRecord, read_run
from chatwright.report.scores import collect_scores


@pytest.fixture(scope="module")
def record(run: Path) -> RunRecord:
    return read_run(run)


def test_time_adds_up(record: RunRecord) -> None:
    cost = run_cost(record, watts=60.0)
    assert cost.seconds == pytest.approx(sum(stage.seconds for stage in cost.stages))
    assert sum(stage.share for stage in cost.stages) == pytest.approx(1.0)
    assert [stage.stage for stage in cost.stages] == list(record.manifests)


def test_an_interrupted_training_counts_all_its_time(record: RunRecord) -> None:
    stages = {stage.stage: stage for stage in run_cost(record, watts=60.0).stages}
    assert record.manifests["finetune"].seconds < 60  # the last part of it
    assert stages["finetune"].seconds == pytest.approx(371.0)
    assert stages["finetune"].expected == 360.0
    assert stages["corpus"].expected is None


def test_energy_is_power_times_time(record: RunRecord) -> None:
    one, two = (run_cost(record, watts=watts) for watts in (50.0, 100.0))
    assert one.watt_hours == pytest.approx(50.0 * one.seconds / 3600)
    assert two.watt_hours == pytest.approx(2 * one.watt_hours)


def test_peak_share_weighs_stages_by_time(record: RunRecord) -> None:
    cost = run_cost(record, watts=60.0)
    assert cost.peak_share == pytest.approx((0.57 * 88 + 0.53 * 371) / (88 + 371))
    assert cost.flops is not None
    assert cost.peak_share == pytest.approx(cost.flops / 6.1e11 / (88 + 371))


def test_scores_are_flat_and_keep_their_intervals(record: RunRecord) -> None:
    scores = collect_scores(record, run_cost(record, watts=60.0))
    assert scores["what.exact_match"].n == 1000
    assert scores["what.exact_match"].low == record.scores["tasks"]["what"]["exact_match"]["low"]
    assert scores["language.bits_per_byte"].value == 1.31
    assert scores["facts.covered"].value == 2912
    assert "what.n" not in scores
    assert not any(name.startswith(("tasks", "signatures")) for name in scores)


def test_bare_numbers_of_an_evaluation_are_scores_too(record: RunRecord) -> None:
    plain = RunRecord(record.manifests, record.plan, [], {"perplexity": 12.5, "fast": True}, [], {}, {})
    scores = collect_scores(plain, run_cost(plain, watts=60.0))
    assert scores["perplexity"].value == 12.5
    assert scores["perplexity"].interval == ""
    assert "fast" not in scores

from __future__ import annotations

import json
from pathlib import Path

from chatwright.core.files import json_text, read_json, write_json
from chatwright.core.metrics import MetricLog, read_metrics


def test_what_is_no_number_becomes_null(tmp_path: Path) -> None:
    value = {"loss": float("nan"), "rows": [(1.5, float("inf")), "NaN"], "deep": {"low": -float("inf"), "n": 3}}
    expected = {"loss": None, "rows": [[1.5, None], "NaN"], "deep": {"low": None, "n": 3}}
    assert json.loads(json_text(value)) == expected
    write_json(tmp_path / "x.json", value)
    assert read_json(tmp_path / "x.json") == expected
    MetricLog(tmp_path / "log.jsonl").write(**value)
    assert read_metrics(tmp_path / "log.jsonl") == [expected]

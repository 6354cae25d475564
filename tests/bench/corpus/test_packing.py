from __future__ import annotations

from pathlib import Path

import pytest

from chatwright.bench.corpus.packing import measure_packing, packing_rows
from chatwright.bench.corpus.runners import measure_runners
from tests.bench.corpus.test_suite import asked


def test_rounds_make_rows() -> None:
    share, speed = packing_rows(30.0, [10.0, 20.0, 10.0], [9.5, 30.0, 8.0])
    assert share["value"] == pytest.approx(0.95) and share["holds"] and speed["value"] == 3
    assert not packing_rows(30.0, [10.0], [8.0])[0]["holds"]


@pytest.mark.slow
def test_packing_is_measured(data_folder: Path, tmp_path: Path) -> None:
    share, speed = measure_packing(asked(tmp_path, data_folder), rounds=1, most=40)
    assert share["value"] > 0 and speed["value"] > 0 and not (tmp_path / "packing").exists()


@pytest.mark.slow
def test_runners_are_compared(data_folder: Path, tmp_path: Path) -> None:
    same, kept = measure_runners(asked(tmp_path, data_folder), most=40)
    assert same["holds"] and 0 < kept["value"] < 80

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from chatwright.bench.asked import Asked
from chatwright.bench.corpus.suite import PARTS, measure_corpus
from chatwright.cli.bench import bench
from chatwright.cli.stages import Options
from chatwright.core.errors import UsageError
from chatwright.core.progress import Silent


def asked(folder: Path, data: Path, *only: str, rival: str | None = None) -> Asked:
    return Asked(folder, str(data), lambda _: nullcontext(Silent()), only, rival)


@pytest.mark.slow
def test_a_corpus_keeps_its_targets(data_folder: Path, tmp_path: Path) -> None:
    rows = measure_corpus(asked(tmp_path, data_folder, "copies", "private", "chinese", "core"))
    judged = [row for row in rows if row["target"] and "/s of one core" not in row["unit"]]
    assert len(judged) == 9 and all(row["holds"] for row in judged), rows
    assert sum(row["unit"] == "MB/s of one core" for row in rows) == 3


def test_missing_data_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"wikitext-2/train\.txt\.gz"):
        measure_corpus(asked(tmp_path, tmp_path))


def test_a_rival_that_is_asked_for_has_to_be_named(data_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--rival PYTHON"):
        measure_corpus(asked(tmp_path, data_folder, "rival"))


@pytest.mark.parametrize(
    ("name", "only", "rival", "told"),
    [
        ("corpus", "growth,speed of light", None, "speed of light"),
        ("startup", "growth", None, "no parts"),
        ("startup", None, "python3", "no rival"),
        ("nothing", None, None, "no such bench"),
    ],
)
def test_what_a_bench_does_not_know_is_told(
    name: str, only: str | None, rival: str | None, told: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=told):
        bench(name, str(tmp_path), Options(), None, only, rival, False)
    assert not list(tmp_path.iterdir())


def test_every_part_says_what_it_is() -> None:
    assert all(part.__doc__ for part in PARTS.values())

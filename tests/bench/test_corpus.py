from __future__ import annotations

from pathlib import Path

import pytest

from chatwright.bench.corpus import measure_corpus
from chatwright.core.errors import UsageError


@pytest.mark.slow
def test_a_corpus_keeps_its_targets(data_folder: Path) -> None:
    rows = measure_corpus(str(data_folder))
    judged = [row for row in rows if row["target"] and "/s of one core" not in row["unit"]]
    assert len(judged) == 11 and all(row["holds"] for row in judged), rows


def test_missing_data_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"wikitext-2/train\.txt\.gz"):
        measure_corpus(str(tmp_path))

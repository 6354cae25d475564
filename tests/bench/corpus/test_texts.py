from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from chatwright.bench.corpus import texts
from chatwright.bench.corpus.texts import write_slices
from chatwright.core.progress import Silent

PAGE = r""".\" a comment
.TH LADDER 1 "2020"
.SH NAME
ladder \- climbs \fBhigher\fR
.PP
It does not\&.
"""
MODULE = '''def climb():
    """Climb a ladder: {long}

    Without falling.
    """
    return {{}}
'''


def test_slices_are_full_and_share_no_text(data_folder: Path, tmp_path: Path) -> None:
    found = write_slices(tmp_path / "slices", str(data_folder), 3, 0.1, Silent())
    rows = [[json.loads(line) for line in path.read_text("utf-8").splitlines()] for path in found]
    every = [row["text"] for each in rows for row in each]
    assert len(found) == 3 and len(set(every)) == len(every)
    assert len({row["id"] for each in rows for row in each}) == len(every)
    assert all(0.1e6 <= sum(len(row["text"].encode()) for row in each) < 0.2e6 for each in rows)
    before = [path.stat().st_mtime_ns for path in found]
    assert [path.stat().st_mtime_ns for path in write_slices(found[0].parent, None, 3, 0.1, Silent())] == before


def test_own_files_are_read_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_MANUALS", str(tmp_path))
    (tmp_path / "ladder.1.gz").write_bytes(gzip.compress(PAGE.encode()))
    (tmp_path / "module.py").write_text(MODULE.format(long="very " * 50), encoding="utf-8")
    (tmp_path / "broken.gz").write_bytes(b"no gzip")
    (page,) = texts._read_own(str(tmp_path / "ladder.1.gz"))
    assert page.split("\n")[1:] == ["NAME", "ladder - climbs higher", "It does not.", ""]
    (told,) = texts._read_own(str(tmp_path / "module.py"))
    assert told.startswith("Climb a ladder: very") and told.endswith("\n\nWithout falling.")
    assert list(texts._read_own(str(tmp_path / "broken.gz"))) == []


def test_long_texts_are_cut_without_a_loss() -> None:
    whole = "\n\n".join(f"Paragraph {number} " + "word " * 200 for number in range(100))
    pieces = list(texts._pieces(whole))
    assert len(pieces) > 1 and "\n\n".join(pieces) == whole and max(map(len, pieces)) < 25_000

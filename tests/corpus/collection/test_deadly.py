"""Documents that end the process which reads them cost a line of the ledger each, and nothing else."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from chatwright.core.progress import Silent
from chatwright.corpus.collection import documents
from chatwright.corpus.collection.deadly import spared
from chatwright.corpus.collection.mapping import map_parts
from chatwright.corpus.collection.parts import ABOUT, DROPS, FOUND, read_drops, read_parts, write_part
from chatwright.corpus.engine import run_apart
from chatwright.corpus.settings import EngineSettings

DEATH = b"this one kills"


def extract(formats: Sequence[str], contents: Sequence[bytes], *others: Sequence[str]) -> dict[str, list[Any]]:
    """Reads documents until one ends the process, as a crash in a library would."""
    if DEATH in contents:
        os.kill(os.getpid(), signal.SIGKILL)
    return documents.extract(formats, contents, *others)  # type: ignore[arg-type]


def fails(formats: Sequence[str], *others: Any) -> dict[str, list[Any]]:
    raise ValueError("an error of the work's own")


def write(folder: Path, deadly: dict[int, tuple[int, ...]]) -> None:
    folder.mkdir()
    for number, places in deadly.items():
        rows = [
            dict.fromkeys(("source", "origin", "charset", *ABOUT), "")
            | {"id": f"{number}-{place}", "format": "text", "content": DEATH if place in places else b"plain text"}
            for place in range(8)
        ]
        write_part(folder, number, pa.Table.from_pylist(rows, schema=FOUND), pa.Table.from_pylist([], schema=DROPS))


def mapped(before: Path, folder: Path, work: Any, **engine: Any) -> None:
    folder.mkdir(exist_ok=True)
    map_parts(
        before,
        folder,
        "extract",
        work,
        reads=("format", "content", "charset", "title", "date", "language"),
        makes=dict.fromkeys(("text", "title", "date", "language", "format"), pa.large_string()),
        options={},
        engine=EngineSettings(**engine),
        progress=Silent(),
        spare=spared,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "deadly"),
    [
        ({"threads": 1}, {0: (), 1: (3, 7)}),
        ({"threads": 2}, {0: (), 1: (3, 7), 2: (0,), 3: (), 4: (5,)}),
        ({"runner": "ray"}, {0: (), 1: (4,)}),
    ],
    ids=["one process", "two", "ray"],
)
def test_deadly_documents_cost_a_line_each(
    tmp_path: Path, engine: dict[str, Any], deadly: dict[int, tuple[int, ...]]
) -> None:
    write(tmp_path / "before", deadly)
    run_apart(partial(mapped, tmp_path / "before", tmp_path / "after", extract, **engine))  # Ray ends with it
    drops = [(row["id"], row["rule"]) for table in read_drops([tmp_path / "after"]) for row in table.to_pylist()]
    gone = [f"{number}-{place}" for number, places in deadly.items() for place in places]
    assert drops == [(each, "reading it ends the process") for each in gone]
    kept = [name for table in read_parts(tmp_path / "after", ["id"]) for name in table["id"].to_pylist()]
    assert len(kept) == 8 * len(deadly) - len(gone) and not {*kept} & {*gone}
    assert not (tmp_path / "after" / "spared").exists()


@pytest.mark.slow
def test_an_error_of_the_work_itself_is_told(tmp_path: Path) -> None:
    write(tmp_path / "before", {0: ()})
    with pytest.raises(RuntimeError, match="an error of the work's own"):
        mapped(tmp_path / "before", tmp_path / "after", fails, threads=1)

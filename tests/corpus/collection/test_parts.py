"""Parts are worked on in batches that are small in rows and bytes, and come out with the columns they should have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from chatwright.core.progress import Silent
from chatwright.corpus.collection import parts
from chatwright.corpus.collection.mapping import map_parts
from chatwright.corpus.collection.parts import ABOUT, DROPS, Made, read_drops, read_parts, write_part
from chatwright.corpus.settings import EngineSettings

TEXT = pa.large_string()
ROWS = pa.schema([(name, TEXT) for name in ("id", "source", "origin", *ABOUT, "text", "unasked")])


def upper(texts: Sequence[str], *, most: int) -> Made:
    """Capitals; batches of more than `most` bytes are refused unless one text has them all."""
    assert len(texts) == 1 or sum(map(len, texts)) <= most
    rules = ["short" if len(text) < 3 else None for text in texts]
    nothing = [None] * len(texts)
    return {
        "text": [text.upper() for text in texts],
        "size": [len(texts)] * len(texts),
        "rule": rules,
        "value": [float(len(text)) for text in texts],
        "limit": nothing,
        "why": ["" for _ in texts],
    }


def written(folder: Path, texts: Sequence[Sequence[str]]) -> Path:
    folder.mkdir()
    for number, each in enumerate(texts):
        rows = [{name: f"{name}{number}{at}" for name in ROWS.names} | {"text": text} for at, text in enumerate(each)]
        write_part(folder, number, pa.Table.from_pylist(rows, schema=ROWS), DROPS.empty_table())
    return folder


def mapped(before: Path, folder: Path, most: int) -> pa.Table:
    folder.mkdir(exist_ok=True)
    map_parts(
        before,
        folder,
        "stage",
        upper,
        reads=("text",),
        makes={"text": TEXT, "size": pa.int64()},
        options={"most": most},
        engine=EngineSettings(threads=2),
        progress=Silent(),
    )
    return pa.concat_tables(read_parts(folder))


def test_each_text_stays_in_order_or_is_a_drop_and_other_columns_go(tmp_path: Path) -> None:
    before = written(tmp_path / "before", [["one", "ab", "two"], [], ["three"]])
    table = mapped(before, tmp_path / "after", 100)
    assert table["text"].to_pylist() == ["ONE", "TWO", "THREE"]
    assert table["id"].to_pylist() == ["id00", "id02", "id20"] and table["title"].to_pylist()[0] == "title00"
    assert table.schema.names == ["id", "source", "origin", *ABOUT, "text", "size"]
    drops = pa.concat_tables(read_drops([tmp_path / "after"])).to_pylist()
    assert [(drop["id"], drop["stage"], drop["rule"], drop["value"]) for drop in drops] == [
        ("id01", "stage", "short", 2.0)
    ]
    assert drops[0]["excerpt"] == "AB" and drops[0]["language"] == "language01"


@pytest.mark.parametrize("long", [parts._BYTES // 3, 2 * parts._BYTES])
def test_long_texts_are_not_worked_on_together(tmp_path: Path, long: int) -> None:
    texts = ["x" * long] * 7 + ["short"] * 600
    table = mapped(written(tmp_path / "before", [texts]), tmp_path / "after", parts._BYTES)
    assert table["text"].to_pylist() == [text.upper() for text in texts]
    assert max(table["size"].to_pylist()) <= parts._READ_ROWS


def test_a_part_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    before, after = written(tmp_path / "before", [["one"], ["two"]]), tmp_path / "after"
    mapped(before, after, 100)
    first = parts.part_file(after, 0)
    left, made = first.stat().st_mtime_ns, parts.part_file(after, 1)
    content = made.read_bytes()
    made.unlink()
    mapped(before, after, 100)
    assert first.stat().st_mtime_ns == left and made.read_bytes() == content

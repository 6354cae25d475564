"""Data sets of the hub: streamed in its layout, from a folder and from a server that stands for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chatwright.core.errors import DataError, UsageError
from chatwright.core.files import hash_file, read_json
from chatwright.corpus.fetching import rows as rows_module
from chatwright.corpus.fetching.rows import Rows, fetch_rows, read_rows, row_count, row_files
from chatwright.corpus.fetching.settings import FetchSettings
from chatwright.corpus.readers.found import Failed, Found
from chatwright.corpus.readers.settings import Columns, Limits
from tests.hub import REVISION, serving

_CARD = """---
license: cc0-1.0
configs:
- config_name: 20231101.zh
  data_files:
  - split: train
    path: 20231101.zh/train-*
- config_name: other
  data_files: other/*.parquet
---
# A data set
"""


def write_set(root: Path, shards: int = 3, count: int = 700) -> Path:
    """A data set as the hub lays them out: a card that names the files of each subset."""
    folder = root / "20231101.zh"
    folder.mkdir(parents=True)
    for shard in range(shards):
        numbers = range(shard * count, (shard + 1) * count)
        table = pa.table(
            {
                "title": [f"Title {number}" for number in numbers],
                "url": [f"https://zh.wikipedia.example/{number}" for number in numbers],
                "text": [f"text {number}" if number % 100 else None for number in numbers],
                "picture": [b"\x89PNG"] * count,
            }
        )
        pq.write_table(table, folder / f"train-{shard:05}-of-{shards:05}.parquet", row_group_size=250)
    (root / "other").mkdir()
    pq.write_table(pa.table({"label": [1, 2]}), root / "other" / "a.parquet")
    (root / "README.md").write_text(_CARD, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("sets") / "wikipedia")


def of(folder: Path, subset: str = "20231101.zh", split: str = "train", rows: int = 10_000) -> Rows:
    return Rows("key", "wikipedia", subset, split, rows, "", Columns(), str(folder))


def fetched(store: Path, source: Rows, earlier: Path | None = None) -> list[Found | Failed]:
    fetch_rows(store, earlier, source, FetchSettings(), _nobody)
    return [
        found
        for path in row_files(store, source.key)
        for found in read_rows(path, "wikipedia/20231101.zh/train", Limits(), source.columns)
    ]


def _nobody(rows: int) -> None:
    """Whom nothing is told."""


def hashes(store: Path) -> dict[str, str]:
    return {path.name: hash_file(path) for path in store.rglob("*.parquet")}


@pytest.mark.slow
def test_rows_come_in_order_as_many_as_are_asked_for(here: Path, tmp_path: Path) -> None:
    found = fetched(tmp_path, of(here, rows=1_234))
    assert [each.origin for each in found] == [f"wikipedia/20231101.zh/train#{number + 1}" for number in range(1_234)]
    assert [each.offset for each in found] == list(range(1_234))
    assert [each.rule for each in found if isinstance(each, Failed)] == ["row has no text column"] * 13
    kept = [each for each in found if isinstance(each, Found)]
    assert all(each.text == f"text {each.offset}" and each.title == f"Title {each.offset}" for each in kept)
    assert kept[0].url == "https://zh.wikipedia.example/1"
    assert row_count(tmp_path, "key") == 1_234
    assert "picture" not in pq.read_schema(row_files(tmp_path, "key")[0]).names


def _stopping(place: Path, source: Rows, revision: str, files: int) -> None:
    """Stream until so many files are written, then die as a killed process does."""
    written = 0
    real = rows_module.write_json

    def write_json(path: Path, value: Any) -> None:
        nonlocal written
        if (written := written + 1) == files:
            os._exit(9)  # the file is there, its state is not
        real(path, value)

    rows_module._FILE_ROWS, rows_module.write_json = 500, write_json
    rows_module._stream(place, source, revision)


def _small_files(place: Path, source: Rows, revision: str) -> dict[str, str]:
    rows_module._FILE_ROWS = 500
    return rows_module._stream(place, source, revision)


@pytest.mark.slow
def test_stopped_half_way_it_goes_on_to_the_same_files(here: Path, tmp_path: Path) -> None:
    source = of(here, rows=1_900)
    whole, half = tmp_path / "whole", tmp_path / "half"
    for place in (whole, half):
        place.mkdir()
    assert rows_module.run_apart(_small_files, whole, source, "") == {}
    for files in (2, 1, 2):
        with pytest.raises(rows_module.ProcessDiedError):
            rows_module.run_apart(_stopping, half, source, "", files)
    assert 0 < len(hashes(half)) < len(hashes(whole)) == 4
    assert rows_module.run_apart(_small_files, half, source, "") == {}
    assert hashes(half) == hashes(whole)


@pytest.mark.slow
def test_what_was_fetched_is_taken_over_until_it_changes(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", shards=1, count=5)
    first = fetched(tmp_path / "one", of(folder))
    when = read_json(row_files(tmp_path / "one", "key")[-1])["fetched"]
    fetch_rows(tmp_path / "two", tmp_path / "one", of(folder), FetchSettings(), _nobody)
    assert read_json(row_files(tmp_path / "two", "key")[-1])["fetched"] == when
    (folder / "20231101.zh" / "train-00000-of-00001.parquet").unlink()
    pq.write_table(pa.table({"text": ["new"]}), folder / "20231101.zh" / "train-0.parquet")
    again = fetched(tmp_path / "three", of(folder), earlier=tmp_path / "two")
    assert len(first) == 5 and [each.text for each in again if isinstance(each, Found)] == ["new"]


@pytest.mark.slow
def test_a_broken_shard_costs_what_comes_after_it_and_is_told(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", shards=2, count=600)
    shard = folder / "20231101.zh" / "train-00001-of-00002.parquet"
    shard.write_bytes(shard.read_bytes()[:-200])
    found = fetched(tmp_path / "store", of(folder))
    assert isinstance(found[-1], Failed) and found[-1].rule == "data set that cannot be read on"
    assert len(found) >= 500 + 1 and all(each.offset == place for place, each in enumerate(found[:-1]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("subset", "split", "told"),
    [
        ("20231101.xx", "train", "20231101.xx"),
        ("20231101.zh", "test", "test"),
        ("other", "train", "none of its columns is known to hold text: label"),
    ],
)
def test_what_a_data_set_has_not_is_told(here: Path, tmp_path: Path, subset: str, split: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as error:
        fetched(tmp_path, of(here, subset, split))
    assert "dataset = wikipedia" in str(error.value) and "remedy" in str(error.value)


def test_what_is_no_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no hub name"):
        fetched(tmp_path, Rows("key", "../nowhere", "", "train", 1, "", Columns()))


@pytest.mark.slow
def test_code_and_pickles_are_not_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "set.py").write_text(
        "import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n", encoding="utf-8"
    )
    (folder / "train.pkl").write_bytes(b"cos\nsystem\n(S'touch ran'\ntR.")
    with pytest.raises(UsageError):
        fetched(tmp_path / "store", of(folder, subset=""))
    assert not list(tmp_path.rglob("ran"))


@pytest.fixture
def hub(here: Path) -> Iterator[tuple[str, list[str]]]:
    with serving({"wikimedia/wikipedia": here}) as served:
        yield served


_SCRIPT = """
import json, pathlib, sys
from chatwright.core.errors import ChatwrightError
from chatwright.corpus.fetching.rows import Rows, fetch_rows, row_files
from chatwright.corpus.fetching.settings import FetchSettings
from chatwright.corpus.readers.settings import Columns
if __name__ == "__main__":
    store, name = pathlib.Path(sys.argv[1]), sys.argv[2]
    source = Rows("key", name, "20231101.zh", "train", 800, "", Columns())
    try:
        fetch_rows(store, None, source, FetchSettings(), lambda count: None)
    except ChatwrightError as error:
        print(type(error).__name__, error)
"""


def streamed(endpoint: str, root: Path, name: str) -> str:
    script = root / "stream.py"
    script.write_text(_SCRIPT, encoding="utf-8")
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(root / "home"), "HF_HUB_DISABLE_XET": "1"}
    environment.pop("HF_HUB_OFFLINE", None)
    done = subprocess.run(
        [sys.executable, str(script), str(root / "store"), name],
        check=False, capture_output=True, text=True, timeout=180, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_hub_name_is_streamed_at_its_commit(hub: tuple[str, list[str]], here: Path, tmp_path: Path) -> None:
    endpoint, asked = hub
    assert streamed(endpoint, tmp_path, "wikimedia/wikipedia") == ""
    files = row_files(tmp_path / "store", "key")
    assert read_json(files[-1])["revision"] == REVISION and not read_json(files[-1])["rule"]
    fetch_rows(tmp_path / "local", None, of(here, rows=800), FetchSettings(), _nobody)
    assert [hash_file(path) for path in files[:-1]] == [
        hash_file(path) for path in row_files(tmp_path / "local", "key")[:-1]
    ]
    contents = [path for path in asked if ".parquet" in path]
    assert contents and all(f"/resolve/{REVISION}/" in path for path in contents)
    assert not any("train-00002" in path and path.startswith("GET") for path in contents)  # no row of it is asked for


@pytest.mark.slow
def test_a_hub_that_cannot_be_had_is_told(hub: tuple[str, list[str]], tmp_path: Path) -> None:
    assert "UsageError" in (told := streamed(hub[0], tmp_path, "no-such/set")) and "no data set on the hub" in told
    assert "DataError" in (told := streamed("http://127.0.0.1:9", tmp_path, "wikimedia/wikipedia"))
    assert "cannot be reached" in told and "run the same command again" in told


def test_errors_cross_processes() -> None:
    with pytest.raises(DataError, match="cannot be reached"):
        rows_module.run_apart(_raise)


def _raise() -> None:
    raise rows_module._unreachable(Rows("key", "a/b", "", "train", 1, "", Columns()), "no route")

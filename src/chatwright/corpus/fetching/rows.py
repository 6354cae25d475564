"""Data sets of the hub, streamed by name through the `datasets` library; their rows are kept as parquet files."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from chatwright.core.errors import DataError, UsageError
from chatwright.core.files import hash_file, read_json, replacing, write_json
from chatwright.corpus.engine import ProcessDiedError, run_apart
from chatwright.corpus.fetching.settings import FetchSettings
from chatwright.corpus.fetching.store import now
from chatwright.corpus.readers.columns import has_text, wanted
from chatwright.corpus.readers.found import Failed, Found
from chatwright.corpus.readers.read import read_file
from chatwright.corpus.readers.settings import Columns, Limits

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_DATA_ONLY = frozenset({"parquet", "json", "csv", "text", "arrow"})  # loaders that read rows and run nothing
_BATCH_ROWS = 500
_FILE_ROWS = 5_000  # more are not read twice when a stage was stopped
_FILE_BYTES = 64 * 10**6
_STATE, _END = "state.json", "end.json"
_NUMBER = re.compile(r"#(\d+)$")


@dataclass(frozen=True)
class Rows:
    """What a source names: the first rows of a split of a data set. `folder` is where it lies, if that is here."""

    key: str  # its name in the store
    dataset: str
    subset: str
    split: str
    rows: int
    revision: str
    columns: Columns
    folder: str = ""

    def files(self) -> dict[str, str]:
        """Hashes of its files, where it lies here."""
        if not self.folder:
            return {}
        root = Path(self.folder)
        paths = sorted(path for path in root.rglob("*") if path.is_file())
        return {path.relative_to(root).as_posix(): hash_file(path) for path in paths}


def fetch_rows(
    folder: Path, earlier: Path | None, source: Rows, settings: FetchSettings, tell: Callable[[int], None]
) -> None:
    """Have the rows of a data set in a folder of their own; `tell` hears how many there are.

    What lies there already is not fetched again, nor what lies in `earlier` since the time that is set, or of the
    same revision. `UsageError` where there is no such data set, `DataError` where the hub cannot be reached.
    """
    place = _place(folder, source.key)
    place.mkdir(parents=True, exist_ok=True)
    if (place / _END).exists():
        return
    files, revision = source.files(), ""
    if earlier is not None and (end := _end(kept := _place(earlier, source.key))) is not None and not end["rule"]:
        fresh = settings.since is None or datetime.fromisoformat(end["fetched"]) >= settings.since
        revision = "" if fresh else commit_of(source)
        if end["files"] == files and (fresh or (revision and end["revision"] == revision)):
            shutil.copytree(kept, place, dirs_exist_ok=True)
            return
    revision = _begun_revision(place) or revision or commit_of(source)
    end = {"files": files, "fetched": now(), "revision": revision, "rule": "", "why": ""}
    try:
        end |= run_apart(_stream, place, source, revision, waiting=lambda: tell(_count(place)))
    except ProcessDiedError:
        end["rule"] = "reading it ends the process"
    (place / _STATE).unlink(missing_ok=True)
    write_json(place / _END, end)


def _place(folder: Path, key: str) -> Path:
    return folder / f"rows-{key}"


def row_files(folder: Path, key: str) -> list[Path]:
    """The files of a data set, and what says how it ended."""
    place = _place(folder, key)
    return [*sorted(place.glob("*.parquet")), place / _END]


def row_count(folder: Path, key: str) -> int:
    """How many rows of a data set there are."""
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(path).num_rows for path in row_files(folder, key)[:-1])


def read_rows(path: Path, title: str, limits: Limits, columns: Columns) -> Iterator[Found | Failed]:
    """The documents of such a file, with `title` in their origins; rows are numbered from 1 over all files."""
    if path.name == _END:
        if (end := read_json(path))["rule"]:
            yield Failed(title, 0, end["rule"], end["why"])
        return
    first = int(path.stem)
    for found in read_file(path, title, limits, columns):
        number = _NUMBER.search(found.origin)
        origin = f"{title}#{first + int(number[1])}" if number else found.origin
        yield replace(found, origin=origin, offset=first + found.offset)


def _end(place: Path) -> dict[str, Any] | None:
    path = place / _END
    return read_json(path) if path.exists() else None


def _count(place: Path) -> int:
    names = [int(path.stem) for path in place.glob("[0-9]*.parquet")]
    return max(names, default=0)


def _begun_revision(place: Path) -> str:
    """The commit that an interrupted fetching has begun to read."""
    return str(read_json(place / _STATE)["revision"]) if (place / _STATE).exists() else ""


def commit_of(source: Rows) -> str:
    """The commit that the hub has under this revision; "" of a folder."""
    if source.folder:
        return ""
    if not _HUB_NAME.fullmatch(source.dataset):
        raise _no_set(source, "there is no such folder, and it is no hub name")
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        return str(HfApi().dataset_info(source.dataset, revision=source.revision or None).sha or "")
    except GatedRepoError:
        raise _no_set(source, "the hub gives this data set only to accounts that have asked for it") from None
    except RevisionNotFoundError:
        raise _no_set(source, f"the hub has no revision {source.revision!r} of it") from None
    except RepositoryNotFoundError:
        raise _no_set(source, "there is no folder and no data set on the hub of this name") from None
    except HfHubHTTPError as error:
        raise _unreachable(source, str(error).splitlines()[0]) from None
    except Exception as error:
        if not _is_network(error):
            raise
        raise _unreachable(source, str(error)[:300]) from None


def _no_set(source: Rows, what: str) -> UsageError:
    return UsageError(
        what,
        where=f"dataset = {source.dataset}",
        remedy="name a data set of the hub (such as wikimedia/wikipedia), or a folder in its layout below --data DIR",
    )


def _unreachable(source: Rows, why: str) -> DataError:
    return DataError(
        f"the hub cannot be reached: {why}",
        where=f"dataset = {source.dataset}",
        remedy="run the same command again when it can; it goes on where it stopped",
    )


def _is_network(error: BaseException) -> bool:
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    kinds = (ConnectionError, TimeoutError, httpx2.TransportError, HfHubHTTPError, OfflineModeIsEnabled)
    return isinstance(error, kinds)


def _stream(place: Path, source: Rows, revision: str) -> dict[str, str]:
    """Write the rows that are not there yet; what kept them from coming, if anything did."""
    try:
        rows = _opened(source, revision)
        begun: dict[str, Any] = {"rows": 0, "stream": None}
        state = read_json(place / _STATE) if (place / _STATE).exists() else begun
        if state["stream"] is not None:
            rows.load_state_dict(state["stream"])
        for path in place.glob("[0-9]*.parquet"):  # of a file that was written before its state
            if int(path.stem) >= state["rows"]:
                path.unlink()
        _write(place, rows, state["rows"], source, revision)
    except (UsageError, DataError):
        raise
    except Exception as error:  # what lies on the hub is other people's: broken files are no mistake of the user's
        if _is_network(error):
            raise _unreachable(source, str(error)[:300]) from None
        return {"rule": "data set that cannot be read on", "why": f"{type(error).__name__}: {error}"[:300]}
    return {}


def every_row(source: Rows) -> Iterator[dict[str, Any]]:
    """All rows of the split that is named, as mappings, of the commit that `revision` is."""
    return _told(source, lambda: iter(_loaded(source, source.revision)))


def subsets(source: Rows) -> list[str]:
    """The names of a data set's subsets, at the commit that `revision` is."""
    names = library(source.dataset).get_dataset_config_names
    return list(_told(source, lambda: iter(names(source.dataset, revision=source.revision))))


def _told(source: Rows, begin: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """What comes, and what keeps it from coming as an error of ours."""
    try:
        yield from begin()
    except (UsageError, DataError):
        raise
    except Exception as error:
        if _is_network(error):
            raise _unreachable(source, str(error)[:300]) from None
        raise DataError(
            f"the data set cannot be read: {type(error).__name__}: {str(error)[:300]}",
            where=f"dataset = {source.dataset}",
            remedy="name a folder that holds it: --data DIR",
        ) from None


def library(dataset: str) -> Any:
    """The library `datasets`; `UsageError` where it is not installed."""
    try:
        import datasets
    except ImportError:
        raise UsageError(
            "data sets of the hub need the library `datasets`",
            where=f"dataset = {dataset}",
            remedy="install it: pip install 'chatwright[hub]'",
        ) from None
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)  # what goes wrong is told by its error
    return datasets


def _loaded(source: Rows, revision: str) -> Any:
    """The data set as a stream of rows; nothing but its data is loaded."""
    import pyarrow as pa

    datasets = library(source.dataset)
    place, subset = source.folder or source.dataset, source.subset or None
    try:
        stream = datasets.load_dataset(place, subset, split=source.split, streaming=True, revision=revision or None)
    except (ValueError, FileNotFoundError, RuntimeError) as error:  # no such subset, split or file; a script
        if isinstance(error, pa.ArrowException):
            raise
        raise _no_set(source, str(error).splitlines()[0][:300]) from None
    if stream.info.builder_name not in _DATA_ONLY:
        raise _no_set(source, f"it is no table of rows but {stream.info.builder_name}")
    return stream


def _opened(source: Rows, revision: str) -> Any:
    """The data set as a stream of Arrow tables, where a column holds text."""
    stream = _loaded(source, revision)
    names = list(stream.features or ())
    if names and not has_text(names, source.columns):
        raise UsageError(
            f"none of its columns is known to hold text: {', '.join(names)[:200]}",
            where=f"dataset = {source.dataset}",
            remedy='name the one that does: columns = { text = "…" }',
        )
    return stream.with_format("arrow")


def _write(place: Path, rows: Any, first: int, source: Rows, revision: str) -> None:
    """Files named by their first row (from 0), each followed by the state in which the stream goes on."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    held, batches, size = 0, list[Any](), 0

    def write() -> None:
        nonlocal held, batches, size, first
        table = pa.concat_tables(batches, promote_options="permissive")
        with replacing(place / f"{first:012}.parquet") as aside:
            pq.write_table(table, aside, compression="zstd")
        first += held
        write_json(place / _STATE, {"rows": first, "stream": rows.state_dict(), "revision": revision})
        held, batches, size = 0, [], 0

    if first >= source.rows:
        return
    try:
        for batch in rows.iter(batch_size=min(_BATCH_ROWS, source.rows)):
            batch = batch.slice(0, source.rows - first - held)
            held += len(batch)
            batches.append(batch.select(wanted(batch.column_names, source.columns)))
            size += batches[-1].nbytes
            if held >= _FILE_ROWS or size >= _FILE_BYTES:
                write()
            if first + held >= source.rows:
                break
    except Exception as error:
        if not _is_network(error) and batches:  # what came before a broken file is kept
            write()
        raise
    if batches:
        write()

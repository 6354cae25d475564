"""Parts: a stage's documents in files of about one size, worked on one after the other and never twice.

A stage's folder holds `part-00000.parquet` … with what stays and `dropped-00000.parquet` … with what went and why. A
part that is there is whole, so a stage that was stopped goes on with the next one.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chatwright.core.files import replacing
from chatwright.core.progress import Progress
from chatwright.corpus.collection.slices import slices
from chatwright.corpus.engine import ProcessDiedError, spread
from chatwright.corpus.private.replace import replace_private
from chatwright.corpus.settings import EngineSettings

ABOUT = ("title", "url", "date", "language", "license")
_ABOUT_FIELDS = [pa.field(name, pa.large_string(), nullable=False) for name in ABOUT]
_WHERE = [pa.field(name, pa.large_string(), nullable=False) for name in ("id", "source", "origin")]

FOUND = pa.schema(  # as it was found, not yet read as text
    [
        *_WHERE,
        pa.field("format", pa.large_string(), nullable=False),
        pa.field("content", pa.large_binary(), nullable=False),
        pa.field("charset", pa.large_string(), nullable=False),
        *_ABOUT_FIELDS,
    ]
)
DROPS = pa.schema(
    [
        *_WHERE,
        pa.field("stage", pa.large_string(), nullable=False),
        pa.field("rule", pa.large_string(), nullable=False),
        pa.field("value", pa.float64()),  # what was measured, where the rule measures
        pa.field("limit", pa.float64()),
        pa.field("why", pa.large_string(), nullable=False),
        pa.field("kept", pa.large_string()),  # of a copy: the id of the one that stays
        pa.field("excerpt", pa.large_string(), nullable=False),
        pa.field("language", pa.large_string()),  # where it is known by then
    ]
)
CUT = pa.list_(pa.struct([pa.field("kind", pa.large_string()), pa.field("line", pa.large_string())]))
EXCERPT = 300  # characters
SAME, NEARLY = "the same text again", "nearly the same text"  # the rules of copies

_BEYOND = 100  # characters behind an excerpt that are looked at, so that no address is cut before it is found
_KEPT = ("id", "source", "origin", *ABOUT, "text", "quality")  # columns that a stage hands on if it makes no others
_JUDGED = [
    pa.field("rule", pa.large_string()),
    pa.field("value", pa.float64()),
    pa.field("limit", pa.float64()),
    pa.field("why", pa.large_string()),
]
_BATCH = 256  # documents that are worked on together
_GROUP_BYTES = 8_000_000  # rows that are written together
_NUMBER = re.compile(r"part-(\d+)\.parquet")

Made = dict[str, Any]  # columns: lists, or arrays of pyarrow
Work = Callable[..., Made]  # columns of a batch, in the order in which the stage names them, to new columns
Spare = Callable[[Path, Path, Sequence[int], Work, Sequence[str], Mapping[str, Any]], bool]


def part_numbers(folder: Path) -> list[int]:
    """The numbers of a stage's parts, in order."""
    return sorted(int(found[1]) for path in folder.iterdir() if (found := _NUMBER.fullmatch(path.name)))


def part_file(folder: Path, number: int) -> Path:
    """What stays of a part."""
    return folder / f"part-{number:05}.parquet"


def dropped_file(folder: Path, number: int) -> Path:
    """What went from a part."""
    return folder / f"dropped-{number:05}.parquet"


@contextmanager
def writing(folder: Path, number: int, schema: pa.Schema) -> Iterator[tuple[_Rows, _Rows]]:
    """Where what stays of a part, with this `schema`, and what goes are written, a table after the other.

    What stays comes last to its place, since a part that is there counts as done.
    """
    with (
        replacing(part_file(folder, number)) as kept,
        replacing(dropped_file(folder, number)) as dropped,
        _Rows(kept, schema) as stays,
        _Rows(dropped, DROPS) as goes,
    ):
        yield stays, goes


def write_part(folder: Path, number: int, kept: pa.Table, dropped: pa.Table) -> None:
    """Write a part that is in memory."""
    with writing(folder, number, kept.schema) as (stays, goes):
        stays.write(kept)
        goes.write(dropped)


class _Rows:
    """Rows on their way into a file, in groups of about one size."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._schema, self._held, self._bytes = schema, list[pa.Table](), 0

    def write(self, table: pa.Table) -> None:
        """Take these rows."""
        self._held.append(table)
        self._bytes += table.nbytes
        if self._bytes >= _GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.concat_tables([self._schema.empty_table(), *self._held]))
        self._held, self._bytes = [], 0

    def __enter__(self) -> _Rows:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._held:
            self._flush()
        self._writer.close()


def read_parts(folder: Path, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """What stays of each part, in order."""
    for number in part_numbers(folder):
        yield pq.read_table(part_file(folder, number), columns=columns)


def read_drops(folders: Iterable[Path]) -> Iterator[pa.Table]:
    """What went, of each part of these stages."""
    for folder in folders:
        for number in part_numbers(folder):
            yield pq.read_table(dropped_file(folder, number))


def read_cut(folders: Iterable[Path]) -> Iterator[list[dict[str, Any]]]:
    """The lines that went from documents, of each part of these stages: id, origin, kind, line."""
    for folder in folders:
        for number in part_numbers(folder):
            if "cut" not in pq.read_schema(part_file(folder, number)).names:
                continue
            table = pq.read_table(part_file(folder, number), columns=["id", "origin", "cut"])
            yield [
                {"id": row["id"], "origin": row["origin"], **line}
                for row in table.filter(pc.greater(pc.list_value_length(table["cut"]), 0)).to_pylist()
                for line in row["cut"]
            ]


def map_parts(
    before: Path,
    folder: Path,
    stage: str,
    work: Work,
    *,
    reads: Sequence[str],
    makes: Mapping[str, pa.DataType],
    options: Mapping[str, Any],
    engine: EngineSettings,
    progress: Progress,
    spare: Spare | None = None,
) -> None:
    """Do `work` on every part of `before` that is not done yet.

    `work(*columns, **options)` gets the columns it `reads` as lists and returns those it `makes`, and besides them
    `rule` (null: the text stays), `value`, `limit` and `why`. Of the others those about the document stay as they are.

    Where a process dies, `spare` writes parts that are survived (`deadly.spared`).
    """
    numbers, aside = part_numbers(before), folder / "spared"

    def left() -> list[int]:
        return [number for number in numbers if not part_file(folder, number).exists()]

    def tell() -> None:
        done = len(numbers) - len(left())
        progress.update(done / max(1, len(numbers)), f"{done} of {len(numbers)} parts")

    told = (folder, stage, work, reads, dict(makes), dict(options))
    tell()
    while some := left():
        try:
            sizes = [part_file(before, number).stat().st_size for number in some]
            spread(engine, _map_parts, some, before, *told, sizes=sizes, waiting=tell)
        except (ProcessDiedError, RuntimeError):  # a cluster tells the death of a process as an error of its own
            first = left()[:1]  # each process goes through its parts in order, so it died of this one or a later one
            if spare is None or not spare(before, aside, first, work, reads, options):
                raise
            spread(engine, _map_parts, first, aside, *told, sizes=[1], waiting=tell)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _map_parts(numbers: Sequence[int], before: Path, folder: Path, *told: Any) -> None:
    for number in numbers:
        with pq.ParquetFile(part_file(before, number)) as file:
            _map_part(file, folder, number, *told)


def _map_part(
    file: pq.ParquetFile,
    folder: Path,
    number: int,
    stage: str,
    work: Work,
    reads: Sequence[str],
    makes: Mapping[str, pa.DataType],
    options: Mapping[str, Any],
) -> None:
    before = file.schema_arrow
    rest = [name for name in _KEPT if name in before.names and name not in makes]
    stays = pa.schema([*(before.field(name) for name in rest), *(pa.field(*made) for made in makes.items())])
    judged = pa.schema([*stays, *_JUDGED])
    with writing(folder, number, stays) as (kept, dropped):
        rows = file.iter_batches(_BATCH, columns=list(dict.fromkeys([*rest, *reads])))
        for few in (few for batch in rows for few in slices(pa.Table.from_batches([batch]))):
            found = work(*(few[name].to_pylist() for name in reads), **options)
            columns = [few[field.name] if field.name in rest else found[field.name] for field in judged]
            arrays = [
                pa.array(each, field.type) if isinstance(each, list) else each
                for each, field in zip(columns, judged, strict=True)
            ]
            table = pa.Table.from_arrays(arrays, schema=judged)
            kept.write(table.filter(table["rule"].is_null()).select(stays.names))
            dropped.write(drop_table(table.filter(table["rule"].is_valid()), stage))


def drop_table(goes: pa.Table, stage: str, kept: Sequence[str | None] | None = None) -> pa.Table:
    """The drops of a stage out of rows with `rule`, `value`, `limit`, `why`, and a text for its excerpt."""
    texts = goes["text"].to_pylist() if "text" in goes.column_names else [""] * len(goes)
    columns = {
        **{name: goes[name] for name in ("id", "source", "origin")},
        "stage": [stage] * len(goes),
        **{name: goes[name] for name in ("rule", "value", "limit", "why")},
        "kept": kept or [None] * len(goes),
        "excerpt": [excerpt(text or "") for text in texts],
        "language": goes["language"] if "language" in goes.column_names else [None] * len(goes),
    }
    arrays = [
        pa.array(column, field.type) if isinstance(column, list) else column.combine_chunks().cast(field.type)
        for field in DROPS
        for column in [columns[field.name]]
    ]
    return pa.Table.from_arrays(arrays, schema=DROPS)


def excerpt(text: str) -> str:
    """How a text begins, with placeholders for personal data."""
    return replace_private(text[: EXCERPT + _BEYOND])[0][:EXCERPT]

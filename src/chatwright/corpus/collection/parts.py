"""Parts: a stage's documents in files of about one size, worked on one after the other and never twice.

A stage's folder holds `part-00000.parquet` … with what stays and `dropped-00000.parquet` … with what went and why. A
part that is there is whole, so a stage that was stopped goes on with the next one.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chatwright.core.files import replacing
from chatwright.core.progress import Progress
from chatwright.corpus.engine import ProcessDiedError, engaged, start
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
_BATCH = 256  # documents that are worked on together, on one core
_PARTS_A_PROCESS = 8  # the engine gives no memory back, so its process is replaced now and then
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


def write_part(folder: Path, number: int, kept: pa.Table, dropped: pa.Table) -> None:
    """Write a part; what stays comes last, since a part that is there counts as done."""
    for path, table in ((dropped_file(folder, number), dropped), (part_file(folder, number), kept)):
        with replacing(path) as aside:
            pq.write_table(table, aside, compression="zstd")


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
    aside = folder / "spared"
    numbers = part_numbers(before)
    left = [number for number in numbers if not part_file(folder, number).exists()]
    for at in range(0, len(left), _PARTS_A_PROCESS):
        done = len(numbers) - len(left) + at
        progress.update(done / len(numbers), f"part {done + 1} of {len(numbers)}")
        some = left[at : at + _PARTS_A_PROCESS]
        told = (stage, work, reads, dict(makes), dict(options))
        try:
            engaged(engine, _map_some, before, folder, some, *told)
        except (ProcessDiedError, RuntimeError):  # the engine's word for a process of its own that died
            some = [number for number in some if not part_file(folder, number).exists()]
            if spare is None or not spare(before, aside, some, work, reads, options):
                raise
            engaged(engine, _map_some, aside, folder, some, *told)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _map_some(
    before: Path,
    folder: Path,
    numbers: Sequence[int],
    stage: str,
    work: Work,
    reads: Sequence[str],
    makes: dict[str, pa.DataType],
    options: dict[str, Any],
    engine: EngineSettings,
) -> None:
    daft = start(engine)
    judged = {"rule": pa.large_string(), "value": pa.float64(), "limit": pa.float64(), "why": pa.large_string()}
    made = pa.struct([pa.field(name, kind) for name, kind in {**makes, **judged}.items()])

    def on_batch(*columns: Any) -> pa.Array:
        found = work(*(column.to_pylist() for column in columns), **options)
        cells = ((found[field.name], field.type) for field in made)
        arrays = [each if isinstance(each, pa.Array) else pa.array(each, kind) for each, kind in cells]
        return pa.StructArray.from_arrays(arrays, fields=list(made))

    kind = daft.DataType.from_arrow_type(made)
    apply = daft.func.batch(return_dtype=kind, unnest=True, use_process=True, batch_size=_BATCH)(on_batch)
    for number in numbers:
        frame = daft.read_parquet(str(part_file(before, number)))
        rest = [name for name in ("id", "source", "origin", *ABOUT, "text", "quality") if name in frame.column_names]
        rest = [name for name in rest if name not in makes]
        table = frame.into_batches(_BATCH).select(*rest, apply(*(daft.col(name) for name in reads))).to_arrow()
        kept = table.filter(table["rule"].is_null()).drop_columns(list(judged))
        write_part(folder, number, kept, drop_table(table.filter(table["rule"].is_valid()), stage))


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

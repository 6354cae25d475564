"""The bench command: measure, print one table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chatwright.bench import registry
from chatwright.bench.asked import Asked
from chatwright.bench.measured import Measured
from chatwright.cli.display import print_json, show
from chatwright.cli.public import named_folder
from chatwright.cli.stages import Options, resolve
from chatwright.core.errors import StoppedError, UsageError
from chatwright.core.files import replacing, write_json
from chatwright.core.runs import BENCHES
from chatwright.report.charts import write_charts


def bench(
    name: str,
    out: str | None,
    options: Options,
    recipe: str | None,
    only: str | None,
    rival: str | None,
    as_json: bool,
) -> None:
    """Run one bench, or parts of it, or all that take minutes; keep and print their rows with the conditions."""
    names = [key for key, entry in registry.BENCHES.items() if entry.in_all] if name == "all" else [name]
    unknown = [each for each in names if each not in registry.BENCHES]
    if unknown:
        raise UsageError("there is no such bench", where=name, remedy=f"one of all, {', '.join(registry.BENCHES)}")
    parts = _parts(name, only, rival)
    folder, rows = Path(out) if out else BENCHES, list[dict[str, Any]]()
    if folder.exists() and not folder.is_dir():
        raise UsageError("is not a folder", where=out or str(folder), remedy="choose another with --out")
    asked = Asked(folder, named_folder(options.data), show, parts, rival)
    for each in names:
        measured = _measure(each, asked, options, recipe)
        conditions = {**registry.conditions(), **measured.conditions}
        kept = {"rows": measured.rows, "conditions": conditions}
        folder.mkdir(parents=True, exist_ok=True)
        file = f"{'-'.join((each, *parts))}.json"  # parts are kept apart from the whole
        write_json(folder / file, {**kept, "charts": measured.charts} if measured.charts else kept)
        rows += measured.rows
    if as_json:
        print_json({"rows": rows, "conditions": conditions})
        return
    table = Table(title=f"bench {name}", title_justify="left")
    for heading in ("name", "value", "unit", "target", "holds"):
        table.add_column(heading)
    for row in rows:
        holds = {True: "yes", False: "no", None: ""}[row["holds"]]
        between = f" [{row['low']:,.4g}, {row['high']:,.4g}]" if row.get("low") is not None else ""
        table.add_row(row["name"], escape(f"{row['value']:,.4g}{between}"), row["unit"], row["target"] or "", holds)
    console = Console()
    console.print(table)
    console.print("  ".join(f"{key}: {value}" for key, value in conditions.items()), highlight=False, markup=False)
    for each in names:
        if (picture := folder / f"{each}.png").exists():
            console.print(f"picture  {picture}", soft_wrap=True, markup=False, highlight=False)


def _parts(name: str, only: str | None, rival: str | None) -> tuple[str, ...]:
    """The parts that are asked for; `UsageError` where the bench has no such part, or none at all."""
    entry = registry.BENCHES.get(name)
    known = entry.parts if isinstance(entry, registry.Bench) else ()
    if rival is not None and "rival" not in known:
        raise UsageError("this bench has no rival", where=f"{name} --rival", remedy="leave it out")
    parts = tuple(part.strip() for part in only.split(",")) if only is not None else ()
    if unknown := [part for part in parts if part not in known]:
        remedy = f"some of {', '.join(known)}" if known else "leave it out: this bench has no parts"
        raise UsageError(f"there is no such part: {', '.join(unknown)}", where=f"{name} --only", remedy=remedy)
    return parts


def _measure(name: str, asked: Asked, options: Options, recipe: str | None) -> Measured:
    """What one bench measures; its charts are drawn beside its rows."""
    entry = registry.BENCHES[name]
    if isinstance(entry, registry.Bench):
        unread = {"--recipe": recipe, "--minutes": options.minutes, "--set": options.sets}
        if told := [option for option, value in unread.items() if value]:
            raise UsageError(
                "this bench carries out no recipe of yours", where=f"{name} {', '.join(told)}", remedy="leave it out"
            )
        return Measured(entry.measure(asked))
    minutes = entry.minutes if options.minutes is None else options.minutes
    loaded = resolve(recipe or entry.recipe, replace(options, minutes=minutes))
    try:
        measured = entry.measure(loaded, asked.folder, asked.show)
    except KeyboardInterrupt:
        raise StoppedError("stopped", where=str(asked.folder), remedy="the same command goes on where it was") from None
    if measured.charts:
        with replacing(asked.folder / f"{name}.png") as aside:
            write_charts(aside, measured.charts)
    return measured

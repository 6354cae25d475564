"""The bench command: measure, print one table."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chatwright.bench import registry
from chatwright.bench.measured import Measured
from chatwright.cli.display import print_json, show
from chatwright.cli.stages import DATA_VARIABLE, Options, resolve
from chatwright.core.errors import StoppedError, UsageError
from chatwright.core.files import replacing, write_json
from chatwright.core.runs import BENCHES
from chatwright.report.charts import write_charts


def bench(name: str, out: str | None, options: Options, recipe: str | None, as_json: bool) -> None:
    """Run one bench, or all that take minutes; keep and print their rows with the conditions."""
    names = [key for key, entry in registry.BENCHES.items() if entry.in_all] if name == "all" else [name]
    unknown = [each for each in names if each not in registry.BENCHES]
    if unknown:
        raise UsageError("there is no such bench", where=name, remedy=f"one of all, {', '.join(registry.BENCHES)}")
    folder, rows = Path(out) if out else BENCHES, list[dict[str, Any]]()
    if folder.exists() and not folder.is_dir():
        raise UsageError("is not a folder", where=out or str(folder), remedy="choose another with --out")
    for each in names:
        measured = _measure(each, folder, options, recipe)
        conditions = {**registry.conditions(), **measured.conditions}
        kept = {"rows": measured.rows, "conditions": conditions}
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / f"{each}.json", {**kept, "charts": measured.charts} if measured.charts else kept)
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


def _measure(name: str, folder: Path, options: Options, recipe: str | None) -> Measured:
    """What one bench measures; its charts are drawn beside its rows."""
    entry = registry.BENCHES[name]
    if isinstance(entry, registry.Bench):
        unread = {"--recipe": recipe, "--minutes": options.minutes, "--set": options.sets}
        if told := [option for option, value in unread.items() if value]:
            raise UsageError(
                "this bench carries out no recipe of yours", where=f"{name} {', '.join(told)}", remedy="leave it out"
            )
        return Measured(entry.measure(folder, options.data or os.environ.get(DATA_VARIABLE)))
    minutes = entry.minutes if options.minutes is None else options.minutes
    loaded = resolve(recipe or entry.recipe, replace(options, minutes=minutes))
    try:
        measured = entry.measure(loaded, folder, show)
    except KeyboardInterrupt:
        raise StoppedError("stopped", where=str(folder), remedy="the same command goes on where it was") from None
    if measured.charts:
        with replacing(folder / f"{name}.png") as aside:
            write_charts(aside, measured.charts)
    return measured

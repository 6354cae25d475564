"""The bench command: measure, print one table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from chatwright.bench import registry
from chatwright.cli.display import print_json
from chatwright.cli.stages import DATA_VARIABLE
from chatwright.core.errors import UsageError
from chatwright.core.files import write_json
from chatwright.core.runs import BENCHES


def bench(name: str, out: str | None, data: str | None, as_json: bool) -> None:
    """Run one bench, or all that take minutes; keep and print their rows with the conditions."""
    names = [key for key, entry in registry.BENCHES.items() if entry.in_all] if name == "all" else [name]
    unknown = [each for each in names if each not in registry.BENCHES]
    if unknown:
        raise UsageError("there is no such bench", where=name, remedy=f"one of all, {', '.join(registry.BENCHES)}")
    folder, rows = Path(out) if out else BENCHES, list[dict[str, Any]]()
    if folder.exists() and not folder.is_dir():
        raise UsageError("is not a folder", where=out or str(folder), remedy="choose another with --out")
    public = data or os.environ.get(DATA_VARIABLE)
    for each in names:
        measured, conditions = registry.BENCHES[each].measure(folder, public), registry.conditions()
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / f"{each}.json", {"rows": measured, "conditions": conditions})
        rows += measured
    if as_json:
        print_json({"rows": rows, "conditions": conditions})
        return
    table = Table(title=f"bench {name}", title_justify="left")
    for heading in ("name", "value", "unit", "target", "holds"):
        table.add_column(heading)
    for row in rows:
        holds = {True: "yes", False: "no", None: ""}[row["holds"]]
        table.add_row(row["name"], f"{row['value']:,.4g}", row["unit"], row["target"] or "", holds)
    console = Console()
    console.print(table)
    console.print("  ".join(f"{key}: {value}" for key, value in conditions.items()), highlight=False)

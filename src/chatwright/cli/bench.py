"""The bench command: measure, print one table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from chatwright.bench import registry
from chatwright.bench.measurement import Asked
from chatwright.cli.display import print_json, show
from chatwright.cli.stages import DATA_VARIABLE
from chatwright.core.errors import UsageError
from chatwright.core.files import write_json
from chatwright.core.runs import BENCHES


def bench(name: str, out: str | None, data: str | None, only: str | None, rival: str | None, as_json: bool) -> None:
    """Run one bench, or some parts of it, or all that take minutes; keep and print the rows with the conditions."""
    names = [key for key, entry in registry.BENCHES.items() if entry.in_all] if name == "all" else [name]
    unknown = [each for each in names if each not in registry.BENCHES]
    if unknown:
        raise UsageError("there is no such bench", where=name, remedy=f"one of all, {', '.join(registry.BENCHES)}")
    parts = _parts(name, only, rival)
    folder, rows = Path(out) if out else BENCHES, list[dict[str, Any]]()
    if folder.exists() and not folder.is_dir():
        raise UsageError("is not a folder", where=out or str(folder), remedy="choose another with --out")
    asked = Asked(folder, data or os.environ.get(DATA_VARIABLE), show, parts, rival)
    for each in names:
        measured, conditions = registry.BENCHES[each].measure(asked), registry.conditions()
        folder.mkdir(parents=True, exist_ok=True)
        file = f"{each}-{'-'.join(parts)}.json" if parts else f"{each}.json"  # some parts are not the whole
        write_json(folder / file, {"rows": measured, "conditions": conditions})
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


def _parts(name: str, only: str | None, rival: str | None) -> tuple[str, ...]:
    """The parts that are asked for; `UsageError` where the bench has no such part, or none at all."""
    known = registry.BENCHES[name].parts if name in registry.BENCHES else ()
    if rival is not None and "rival" not in known:
        raise UsageError("this bench has no rival", where=name, remedy="leave --rival out")
    parts = tuple(part.strip() for part in only.split(",")) if only is not None else ()
    if unknown := [part for part in parts if part not in known]:
        remedy = f"of {', '.join(known)}" if known else "leave --only out: this bench has no parts"
        raise UsageError(f"there is no such part: {', '.join(unknown)}", where=f"bench {name} --only", remedy=remedy)
    return parts

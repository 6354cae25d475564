"""Questions about a run's corpus: what was dropped, and why."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chatwright.cli.display import print_json
from chatwright.core.artifacts import open_artifact
from chatwright.core.errors import UsageError
from chatwright.core.files import read_json
from chatwright.core.runs import newest_run
from chatwright.corpus.tables import read_rows


def corpus_report(run: Path | None, as_json: bool) -> None:
    """Print the ledger and the figures of a run's corpus."""
    artifact = open_artifact((run or newest_run("corpus")) / "corpus")
    ledger = read_json(artifact.folder / "ledger.json")
    if as_json:
        print_json({"figures": artifact.figures, "ledger": ledger})
        return
    console = Console()
    table = Table(title=escape(f"dropped, by rule ({artifact.folder})"), title_justify="left")
    for heading in ("stage", "rule", "count", "for example"):
        table.add_column(heading)
    for entry in ledger:
        example = entry["examples"][0] if entry["examples"] else {"where": "", "why": ""}
        told = f"{example['where']} {example['why']}".strip()
        table.add_row(entry["stage"], entry["rule"], f"{entry['count']:,}", escape(told))
    console.print(table)
    for name, value in artifact.figures.items():
        if isinstance(value, int | float | str):
            console.print(f"{name.replace('_', ' ')}: {value}", markup=False, highlight=False, soft_wrap=True)


def _named(where: str, name: str) -> bool:
    """Is this the name, the path, or the heading of "path: heading"?"""
    return name in {where, where.partition(": ")[2], where.partition(": ")[0]}


def corpus_why(name: str, run: Path | None, as_json: bool) -> None:
    """Print what became of a document or fact."""
    artifact = open_artifact((run or newest_run("corpus")) / "corpus")
    found = []
    for table, keys in (
        ("documents", ("id", "title", "origin")),
        ("facts", ("id", "name")),
        ("pairs", ("id", "source")),
    ):
        if not (artifact.folder / f"{table}.parquet").exists():
            continue
        for row in read_rows(artifact.folder / f"{table}.parquet"):
            if name in {row[key] for key in keys}:
                found.append({"kept_in": table, **row})
    dropped = [row for row in read_rows(artifact.folder / "dropped.parquet") if _named(row["where"], name)]
    if not found and not dropped:
        raise UsageError(
            "nothing of that name was read", where=name, remedy="give a document's or fact's id, name, title or path"
        )
    if as_json:
        print_json({"kept": found, "dropped": dropped})
        return
    console = Console()
    for row in found:
        kind = row["kept_in"].removesuffix("s")
        console.print(f"kept as a {kind}, for {row['split']}: {row['id']}", markup=False, highlight=False)
        console.print(f"  {(row.get('summary') or row.get('text') or '')[:300]}", markup=False, highlight=False)
    for row in dropped:
        console.print(f"dropped by {row['stage']} / {row['rule']}: {row['why'] or 'see the rule'}", markup=False)

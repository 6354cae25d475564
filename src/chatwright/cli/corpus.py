"""Questions about a run's corpus: what was dropped, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
    if sources := artifact.figures.get("sources"):
        _show_sources(console, sources)
    for name, value in artifact.figures.items():
        if isinstance(value, int | float | str):
            console.print(f"{name.replace('_', ' ')}: {value}", markup=False, highlight=False, soft_wrap=True)


def _show_sources(console: Console, sources: dict[str, Any]) -> None:
    table = Table(title="what stays, by source", title_justify="left")
    for heading in ("source", "documents", "characters", "weight", "licences"):
        table.add_column(heading)
    for name, told in sources.items():
        licenses = ", ".join(f"{license or 'unknown'} ({count:,})" for license, count in told["licenses"].items())
        cells = [f"{told['documents']:,}", f"{told['characters']:,}", f"{told['weight']:g}", licenses]
        table.add_row(escape(name), *cells[:3], escape(licenses))
    console.print(table)


def _named(where: str, name: str) -> bool:
    """Is this the name, the path, or the heading of "path: heading"; or a file that holds what is meant?"""
    path, _, heading = where.partition(": ")
    return name in {where, heading, path, path.partition("#")[0], path.partition("!")[0]}


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
            document = row["id"].partition("-")[0]  # a passage's id begins with its document's
            if any(_named(str(row[key]), name) for key in keys) or name == document:
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

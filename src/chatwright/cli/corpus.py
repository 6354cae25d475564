"""Questions about a run's corpus: what was dropped, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chatwright.cli.display import print_json
from chatwright.core.artifacts import MANIFEST, open_artifact
from chatwright.core.errors import UsageError
from chatwright.core.files import read_json
from chatwright.core.runs import RUNS, newest_run
from chatwright.corpus.tables import read_rows
from chatwright.report.collected import CORPUS_PAGE, Collected, read_collected


def corpus_report(run: Path | None, as_json: bool) -> None:
    """Print the ledger and the figures of a run's corpus; of a collection, write its page too."""
    run = run or _newest()
    collected = read_collected(run)
    if collected and not collected.card:  # too little stayed to write a corpus of
        figures, ledger = dict[str, Any](), _ledger(collected)
    else:
        artifact = open_artifact(run / "corpus")
        figures, ledger = artifact.figures, read_json(artifact.folder / "ledger.json")
    page = _write_page(run, collected) if collected else None
    if as_json:
        print_json({"figures": figures, "ledger": ledger, "page": page and str(page)})
        return
    console = Console()
    table = Table(title=escape(f"dropped, by rule ({run})"), title_justify="left")
    for heading in ("stage", "rule", "count", "for example"):
        table.add_column(heading)
    for entry in ledger:
        example = entry["examples"][0] if entry["examples"] else {"where": "", "why": ""}
        told = f"{example['where']} {example['why']}".strip()
        table.add_row(entry["stage"], entry["rule"], f"{entry['count']:,}", escape(told))
    console.print(table)
    if sources := figures.get("sources"):
        _show_sources(console, sources)
    for name, value in figures.items():
        if isinstance(value, int | float | str):
            console.print(f"{name.replace('_', ' ')}: {value}", markup=False, highlight=False, soft_wrap=True)
    if collected and page:
        console.print(f"{collected.headline}\npage  {page}", markup=False, highlight=False, soft_wrap=True)


def _newest() -> Path:
    """The newest run with a corpus, or with a collection of which none was made."""
    stages = [stage for stage in ("collect", "corpus") if any(RUNS.glob(f"*/{stage}/{MANIFEST}"))]
    found = {newest_run(stage) / stage / MANIFEST for stage in stages or ["corpus"]}
    return max(found, key=lambda path: path.stat().st_mtime).parent.parent


def _ledger(collected: Collected) -> list[dict[str, Any]]:
    """What went, as the corpus would have told it."""
    return [
        {
            "stage": step.name,
            "rule": rule["rule"],
            "count": rule["count"],
            "examples": [
                {"where": f"{each['origin']}: {each['id']}", "why": each["why"] or each["excerpt"][:80]}
                for each in rule["examples"]
            ],
        }
        for step in collected.steps
        for rule in step.told["rules"]
    ]


def _write_page(run: Path, collected: Collected) -> Path:
    from chatwright.report.corpus_page import write_corpus_page

    page = run / CORPUS_PAGE
    try:
        write_corpus_page(page, collected)
    except OSError as error:
        raise UsageError(
            f"the page cannot be written: {error.strerror}", where=str(page), remedy="make the run folder writable"
        ) from None
    return page


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


_TABLES = {"documents": ("id", "title", "origin"), "facts": ("id", "name"), "pairs": ("id", "source")}


def _row_named(row: dict[str, Any], name: str) -> bool:
    return any(_named(str(row[key]), name) for key in _TABLES[row["kept_in"]])


def _kept_and_dropped(run: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows that a corpus holds, with the table they are kept in, and those of what went."""
    collected = read_collected(run)
    if collected and not collected.card:  # too little stayed to write a corpus of
        from chatwright.corpus.collection.parts import read_drops
        from chatwright.corpus.collection.release import told_drop

        drops = read_drops(run / step.name for step in collected.steps)
        return [], [told_drop(row) for table in drops for row in table.to_pylist()]
    folder = open_artifact(run / "corpus").folder
    tables = {table: folder / f"{table}.parquet" for table in _TABLES}
    kept = [{"kept_in": table, **row} for table, path in tables.items() if path.exists() for row in read_rows(path)]
    return kept, read_rows(folder / "dropped.parquet")


def corpus_why(name: str, run: Path | None, as_json: bool) -> None:
    """Print what became of a document or fact."""
    run = run or _newest()
    found, dropped = _kept_and_dropped(run)
    # a passage's id begins with its document's
    found = [row for row in found if row["id"].partition("-")[0] == name or _row_named(row, name)]
    dropped = [row for row in dropped if _named(row["where"], name)]
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

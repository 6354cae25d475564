"""One table of many runs, printed or put into a document."""

from __future__ import annotations

import sys
from pathlib import Path

from chatwright.core.errors import UsageError
from chatwright.core.files import replacing

_BEGIN, _END = "<!-- table: begin -->", "<!-- table: end -->"


def table(runs: list[Path], write: Path | None) -> None:
    """Print the table of these runs, or put it between the two marks of a Markdown file."""
    from chatwright.report.table import runs_table

    made = runs_table(runs)
    if write is None:
        sys.stdout.write(made)
        return
    try:
        text = write.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(write)) from None
    before, mark, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not mark or not end:
        raise UsageError(f"has no place for the table: {_BEGIN} … {_END}", where=str(write), remedy="put both marks in")
    with replacing(write) as aside:
        aside.write_text(f"{before}{_BEGIN}\n{made}{_END}{after}", encoding="utf-8")

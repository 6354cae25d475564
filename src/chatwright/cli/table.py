"""One table of many runs, printed or put into a document."""

from __future__ import annotations

import sys
from pathlib import Path

from chatwright.core.errors import UsageError
from chatwright.core.files import replacing

_BEGIN, _END = "<!-- table: begin -->", "<!-- table: end -->"


def table(runs: list[Path], write: Path | None, *, add: bool = False) -> None:
    """Print the table of these runs, or put it between the two marks of a Markdown file.

    With `add` the runs that stand there stay, but for those that are made again.
    """
    from chatwright.report.table import runs_table

    if write is None:
        if add:
            raise UsageError("there is no table to add to", where="--add", remedy="name its file: --write FILE")
        sys.stdout.write(runs_table(runs))
        return
    try:
        text = write.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(write)) from None
    before, mark, rest = text.partition(_BEGIN)
    earlier, end, after = rest.partition(_END)
    if not mark or not end:
        raise UsageError(f"has no place for the table: {_BEGIN} … {_END}", where=str(write), remedy="put both marks in")
    made = runs_table(runs, earlier if add else "")
    with replacing(write) as aside:
        aside.write_text(f"{before}{_BEGIN}\n{made}{_END}{after}", encoding="utf-8")

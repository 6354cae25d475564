"""What people see: progress on stderr, results on stdout, JSON where a script asked for it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from chatwright.core.files import json_text
from chatwright.core.progress import Progress

_LINE_EVERY_SECONDS = 10.0  # where stderr is a file, so that logs stay short


class _Bar:
    """One stage's bar in a terminal."""

    def __init__(self, bars: Bars, name: str) -> None:
        self._bars, self._task = bars, bars.add_task(name, total=1.0, words="")

    def update(self, share: float, words: str = "") -> None:
        self._bars.update(self._task, completed=share, words=words)


class _Lines:
    """One stage's progress as lines, at most one every ten seconds."""

    def __init__(self, name: str) -> None:
        self._name, self._told = name, time.monotonic()

    def update(self, share: float, words: str = "") -> None:
        if time.monotonic() - self._told >= _LINE_EVERY_SECONDS:
            self._told = time.monotonic()
            sys.stderr.write(f"{self._name:>10} {share:4.0%} {words}\n")
            sys.stderr.flush()


@contextmanager
def show(name: str) -> Iterator[Progress]:
    """Show a stage's progress: a bar in a terminal, a line now and then elsewhere."""
    started = time.monotonic()
    console = Console(stderr=True)
    if console.is_terminal:
        columns = (
            TextColumn("[bold]{task.description:>10}"),
            BarColumn(bar_width=28),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[words]}", style="dim"),
        )
        with Bars(*columns, console=console) as bars:
            bar = _Bar(bars, name)
            yield bar
            bar.update(1.0, "done")
    else:
        yield _Lines(name)
        sys.stderr.write(f"{name:>10} done in {time.monotonic() - started:.1f} s\n")


def print_json(value: Any) -> None:
    """Print one JSON value to stdout."""
    sys.stdout.write(json_text(value, indent=1) + "\n")


def show_signatures(console: Console, signatures: Mapping[str, str]) -> None:
    """Tell what each score depends on, a line each: a signature is quoted whole, so it is not broken."""
    for name, text in signatures.items():
        console.print(f"{name}: {text}", soft_wrap=True, markup=False, highlight=False, style="dim")

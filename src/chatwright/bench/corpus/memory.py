"""The most memory that work takes, in all of its processes together."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PROCESSES = Path("/proc")
_EVERY_SECONDS = 0.2


@dataclass
class Peak:
    """The most that was seen, in bytes; 0 where the system does not tell."""

    bytes: int = 0


@contextmanager
def watched() -> Iterator[Peak]:
    """Look at this process and those below it, again and again, while the work inside goes on."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        while not over.is_set():
            started = time.monotonic()
            peak.bytes = max(peak.bytes, memory_of(os.getpid()))
            over.wait(max(_EVERY_SECONDS, 10 * (time.monotonic() - started)))  # looking takes a tenth at most

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def memory_of(process: int) -> int:
    """Bytes of memory of a process and all below it; what several share counts once (Linux; elsewhere 0)."""
    total, left = 0, [process]
    while left:
        folder = _PROCESSES / str(left.pop())
        try:
            lines = (folder / "smaps_rollup").read_text().splitlines()
            total += next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
            for thread in (folder / "task").iterdir():
                left += map(int, (thread / "children").read_text().split())
        except OSError:  # it has just ended
            continue
    return total

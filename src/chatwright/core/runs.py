"""Run folders: where they are, which is the newest, and one process at a time in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from chatwright.core.errors import ArtifactError, UsageError

RUNS = Path("runs")
BENCHES = RUNS / "bench"  # NAME.json holds what `chatwright bench NAME` measured last


def newest_run(stage: str, runs: Path = RUNS, *, beside: Sequence[str] = ("",)) -> Path:
    """The run folder below `runs` that finished `stage` last, of those that hold one of `beside`.

    `UsageError` if none did.
    """
    found = [
        path
        for path in runs.glob(f"*/{stage}/manifest.json")
        if any((path.parent.parent / each).exists() for each in beside)
    ]
    newest = max(found, key=lambda path: path.stat().st_mtime, default=None)
    if newest is None:
        raise UsageError(
            f"there is no run yet that finished the stage {stage!r}",
            where=str(runs.resolve()),
            remedy="train one with `chatwright run`, or name a run folder",
        )
    return newest.parent.parent


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Hold a run folder for this process; a second one is told so at once."""
    lock = FileLock(run / ".lock", blocking=False)
    try:
        run.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise ArtifactError(
            "another process is working in this run folder",
            where=str(run),
            remedy="wait for it to end, or choose another folder with --out",
        ) from None
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise UsageError(
            f"cannot be used as a run folder: {error.strerror}", where=str(run), remedy="choose another with --out"
        ) from None
    try:
        yield
    finally:
        lock.release()

"""Reading the standard library in child processes, with a time limit for each module.

A module that prints, hangs, ends the process or fails on import costs one ledger line.
"""

from __future__ import annotations

import contextlib
import json
import os
import pkgutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from chatwright.core.progress import Progress
from chatwright.corpus.ledger import Ledger

STAGE = "collect"
WORKERS = 2
_WORKER = Path(__file__).with_name("library_worker.py")

# They act when imported, hold tests or the editor's insides, or are os.path under another name.
_LEFT_OUT = frozenset({"antigravity", "this", "idlelib", "turtledemo", "test", "posixpath", "ntpath", "genericpath"})
_LEFT_OUT_INNER = frozenset({"test", "tests", "__main__"})
RULE = (
    "public modules of the standard library and their submodules: no leading underscore, no tests, "
    "no __main__, and not antigravity, this, idlelib, turtledemo, nor posixpath, ntpath and genericpath "
    "(they are read as os.path)"
)
# Put there by `site`, which the child does without.
SITE_NAMES = ("copyright", "credits", "exit", "help", "license", "quit")


def _library_folders() -> list[str]:
    folder = Path(sysconfig.get_path("stdlib"))
    return [str(folder), str(folder / "lib-dynload"), sysconfig.get_path("platstdlib")]


def _submodules(name: str, folders: Sequence[str]) -> Iterator[str]:
    spec = PathFinder.find_spec(name, list(folders))
    if spec is None or not spec.submodule_search_locations:
        return
    places = list(spec.submodule_search_locations)
    for module in pkgutil.iter_modules(places):
        if not module.name.startswith("_") and module.name not in _LEFT_OUT_INNER:
            yield f"{name}.{module.name}"
            if module.ispkg:
                inner = [str(Path(place) / module.name) for place in places]
                for deeper in pkgutil.iter_modules(inner):
                    if not deeper.name.startswith("_") and deeper.name not in _LEFT_OUT_INNER:
                        yield f"{name}.{module.name}.{deeper.name}"


def library_modules(only: Sequence[str] = ()) -> list[str]:
    """Names of the public modules by `RULE`, sorted; `only` keeps these top-level modules."""
    tops = [name for name in sorted(sys.stdlib_module_names) if not name.startswith("_") and name not in _LEFT_OUT]
    found = [name for top in tops if not only or top in only for name in (top, *_submodules(top, _library_folders()))]
    if not only or "os" in only:
        found.append("os.path")
    return sorted(found)


class _Child:
    """One worker process; started anew after it was killed or died."""

    def __init__(self, folder: str, search: Sequence[str]) -> None:
        environment = {
            name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"}
        }
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", str(_WORKER), *search],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment | {"HOME": folder},
            encoding="utf-8",
        )

    def ask(self, module: str, seconds: float) -> dict[str, Any] | None:
        """The record of one module; None when the child died or took too long (it is gone then)."""
        assert self._process.stdin and self._process.stdout
        timer = threading.Timer(seconds, self._process.kill)
        timer.start()
        try:
            self._process.stdin.write(json.dumps(module) + "\n")
            self._process.stdin.flush()
            record: dict[str, Any] = json.loads(self._process.stdout.readline())
            return record
        except (OSError, ValueError):
            return None
        finally:
            timer.cancel()

    def close(self) -> int:
        """End the process and return its exit status."""
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            status = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._process.stdout.close()
        return status


def _read_share(modules: Iterator[str], seconds: float, search: Sequence[str], done: Callable[[], None]) -> list[Any]:
    """Read modules from a shared iterator until it is empty."""
    records: list[dict[str, Any]] = []
    child: _Child | None = None
    with tempfile.TemporaryDirectory(prefix="chatwright-") as folder:
        for module in modules:
            child = child or _Child(folder, search)
            record = child.ask(module, seconds)
            if record is None:
                status = child.close()
                child = None
                record = {
                    "module": module,
                    "error": f"ended its process or took over {seconds:g} s (exit {status})",
                }
            records.append(record)
            done()
        if child:
            child.close()
    return records


class _Shared:
    """An iterator that several threads may draw from."""

    def __init__(self, items: Sequence[str]) -> None:
        self._items, self._lock = iter(items), threading.Lock()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        with self._lock:
            return next(self._items)


def read_library(
    modules: Sequence[str], *, seconds: float, ledger: Ledger, progress: Progress, search: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Records of the modules that could be read, by name; see `library_worker.read_module`.

    `search` are further folders to import from. Modules that fail are in the ledger.
    """
    shared, count = _Shared(modules), 0

    def done() -> None:
        nonlocal count
        count += 1
        progress.update(count / len(modules), "reading modules")

    with ThreadPoolExecutor(WORKERS) as pool:
        shares = [pool.submit(_read_share, shared, seconds, search, done) for _ in range(WORKERS)]
        records = sorted((record for share in shares for record in share.result()), key=lambda r: str(r["module"]))
    for record in records:
        if "error" in record:
            ledger.note(STAGE, "module that could not be read", record["module"], record["error"])
    return [record for record in records if "error" not in record]

"""How much a module is used: the number of the standard library's own files that import it."""

from __future__ import annotations

import os
import re
import sysconfig
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([A-Za-z_][\w.]*)[ \t]+import[ \t]+([^\n#]*)|import[ \t]+([^\n#]*))", re.MULTILINE
)
_SKIPPED = frozenset(
    {"test", "tests", "idlelib", "turtledemo", "lib2to3", "site-packages", "dist-packages", "__pycache__"}
)


def _imported(source: bytes) -> set[str]:
    """Modules that a file may import; `from a import b` counts both a and a.b."""
    found: set[str] = set()
    for package, members, modules in _IMPORT.findall(source):
        if package:
            base = package.decode()
            found.add(base)
            found.update(
                f"{base}.{part.split()[0]}" for part in members.decode().strip("() \t").split(",") if part.split()
            )
        else:
            found.update(part.split()[0] for part in modules.decode(errors="replace").split(",") if part.split())
    return {name[: match.end()] for name in found for match in re.finditer(r"[^.]+(?=\.|$)", name)}


def _library_sources(root: Path) -> Iterable[Path]:
    for folder, inner, files in os.walk(root):
        inner[:] = sorted(name for name in inner if name not in _SKIPPED)
        yield from (Path(folder) / name for name in sorted(files) if name.endswith(".py"))


def count_imports() -> Counter[str]:
    """Module name to the number of library files (outside tests) that import it or a part of it.

    Files of the module's own package do not count, or large packages would call themselves popular.
    """
    counts: Counter[str] = Counter()
    root = Path(sysconfig.get_path("stdlib"))
    for path in _library_sources(root):
        try:
            imported = _imported(path.read_bytes())
        except OSError:
            continue
        own = path.relative_to(root).parts[0].removesuffix(".py")
        counts.update(name for name in imported if name.partition(".")[0] != own)
    counts["os.path"] = counts["os"]  # it comes with os and is rarely named
    return counts

"""The metric log: one JSON object a line, only ever appended to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chatwright.core.files import json_text, replacing


class MetricLog:
    """Append figures to a JSONL file. A resumed run cuts what came after its checkpoint."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, **figures: Any) -> None:
        """Append one line; it is on its way to the disk when this returns."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json_text(figures) + "\n")

    def cut_after(self, step: int) -> None:
        """Drop lines whose ``step`` is past `step`, and a torn last line."""
        kept = [line for line in read_metrics(self.path) if line.get("step", 0) <= step]
        text = "".join(json_text(line) + "\n" for line in kept)
        with replacing(self.path) as aside:
            aside.write_text(text, encoding="utf-8")


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Every whole line of a metric log; a line torn by a kill is left out."""
    if not path.exists():
        return []
    lines = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return lines

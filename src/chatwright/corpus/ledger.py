"""The ledger: every document or fact that was dropped has a reason."""

from __future__ import annotations

from typing import Any

EXAMPLES = 5  # kept for each rule


class Ledger:
    """Counts what each rule of each stage dropped, with a few examples.

    >>> ledger = Ledger()
    >>> ledger.note("read", "empty file", "notes/todo.md", "0 bytes")
    >>> ledger.entries()[0]["count"]
    1
    """

    def __init__(self) -> None:
        self.drops: list[dict[str, Any]] = []  # every note, one row each (`tables.DROPPED`)
        self._entries: dict[tuple[str, str], dict[str, Any]] = {}

    def note(self, stage: str, rule: str, where: str, why: str = "", count: int = 1) -> None:
        """Record that `rule` dropped `count` things at `where`."""
        if count < 1:
            return
        self.drops.append({"stage": stage, "rule": rule, "where": where, "why": why, "count": count})
        entry = self._entries.setdefault((stage, rule), {"stage": stage, "rule": rule, "count": 0, "examples": []})
        entry["count"] += count
        if len(entry["examples"]) < EXAMPLES:
            entry["examples"].append({"where": where, "why": why})

    def entries(self) -> list[dict[str, Any]]:
        """One entry a rule, in the order in which they first came up."""
        return list(self._entries.values())

    def counts(self, stage: str) -> dict[str, int]:
        """Rule to count, of one stage."""
        return {rule: entry["count"] for (of, rule), entry in self._entries.items() if of == stage}

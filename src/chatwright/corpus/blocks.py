"""A text in any markup as a flat list of blocks: headings, prose and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Block:
    """A heading (level 1 is the largest), a paragraph of prose, or other text (code, lists, tables)."""

    kind: Literal["heading", "prose", "other"]
    text: str
    level: int = 0


@dataclass(frozen=True)
class Section:
    """A heading with the blocks up to the next heading."""

    heading: str
    level: int
    blocks: tuple[Block, ...]

    @property
    def prose(self) -> list[str]:
        """The section's paragraphs of prose."""
        return [block.text for block in self.blocks if block.kind == "prose"]


def sections_of(blocks: list[Block]) -> list[Section]:
    """Cut blocks at their headings; what stands before the first heading has the heading ""."""
    sections, heading, level = [], "", 0
    held: list[Block] = []
    for block in [*blocks, Block("heading", "", 0)]:
        if block.kind != "heading":
            held.append(block)
            continue
        if heading or held:
            sections.append(Section(heading, level, tuple(held)))
        heading, level, held = block.text, block.level, []
    return sections


def text_of(blocks: list[Block]) -> str:
    """The text to read: headings marked by their level, blocks apart by a blank line."""
    parts = [f"{'#' * block.level} {block.text}" if block.kind == "heading" else block.text for block in blocks]
    return "\n\n".join(part for part in parts if part.strip())

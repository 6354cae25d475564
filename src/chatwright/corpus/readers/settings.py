"""Settings of the readers: how much is read at most, and which columns hold what. Loads pydantic and nothing else."""

from __future__ import annotations

from pydantic import Field

from chatwright.core.settings import Settings


class Limits(Settings):
    """What one file may cost; megabytes are 10^6 bytes. What lies beyond is refused while it is read."""

    document_megabytes: float = Field(20.0, gt=0, description="longest document, decoded or as HTML")
    unpacked_gigabytes: float = Field(20.0, gt=0, description="most that one file may unpack to (10^9 bytes)")
    ratio: float = Field(200.0, gt=1, description="most bytes that one compressed byte may become")
    members: int = Field(1_000_000, ge=1, description="most members of one file's archives")
    line_megabytes: float = Field(
        64.0, gt=0, description="longest line, row or part of an archive that has to be held in memory whole"
    )

    @property
    def document_bytes(self) -> int:
        """Longest document in bytes."""
        return int(self.document_megabytes * 10**6)

    @property
    def line_bytes(self) -> int:
        """Longest line in bytes."""
        return int(self.line_megabytes * 10**6)

    @property
    def row_memory(self) -> int:
        """What a row's text may take in memory: the longest document fits, whatever its characters."""
        return max(self.line_bytes, 4 * self.document_bytes)


class Columns(Settings):
    """Columns of rows by name; None: the usual names are tried."""

    text: str | None = Field(None, min_length=1, description="the column that holds the document")
    title: str | None = Field(None, min_length=1, description="the column that holds its title")
    url: str | None = Field(None, min_length=1, description="the column that holds its address")
    date: str | None = Field(None, min_length=1, description="the column that holds its date")
    language: str | None = Field(None, min_length=1, description="the column that holds its language")
    license: str | None = Field(None, min_length=1, description="the column that holds its licence")

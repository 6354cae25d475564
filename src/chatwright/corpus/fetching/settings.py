"""Settings of fetching. Loads pydantic and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field, field_validator

from chatwright.core.settings import Settings


class FetchSettings(Settings):
    """How the web is asked: who asks, how often, and what one address may cost."""

    agent: str = Field(
        "Chatwright", pattern=r"^[A-Za-z_-]+$", description="the name to which robots.txt speaks (RFC 9309)"
    )
    contact: str = Field(
        "",
        pattern=r"^[!-'*-~]*$",
        description="an address or page where whoever runs a site can write to you; told with every request",
    )
    requests_per_second: float = Field(
        1.0, gt=0, le=100, description="to one host at most; robots.txt may ask for less"
    )
    hosts_at_once: int = Field(8, ge=1, le=256, description="hosts that are asked side by side")
    retries: int = Field(3, ge=0, le=10, description="further requests where a host fails or is busy")
    longest_wait_seconds: float = Field(
        120.0, ge=0, description="longest wait that a host may ask for (Retry-After, Crawl-delay)"
    )
    timeout_seconds: float = Field(60.0, gt=0, description="what one request may take with its whole answer")
    megabytes: float = Field(64.0, gt=0, description="longest answer as it is sent (10^6 bytes)")
    redirects: int = Field(5, ge=0, le=20, description="most redirects of one address")
    since: datetime | None = Field(
        None, description="what was fetched before is asked for again (date, or date and time in UTC); none: never"
    )

    @field_validator("since")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    @property
    def most_bytes(self) -> int:
        """Longest answer in bytes."""
        return int(self.megabytes * 10**6)

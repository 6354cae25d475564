"""What a site allows robots (RFC 9309), read by protego."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from protego import Protego

from chatwright.corpus.readers.found import Broken

MOST_BYTES = 500 * 1024  # of robots.txt that are read (RFC 9309, 2.5)
_SECONDS = 24 * 3600  # for which rules are remembered (RFC 9309, 2.4)

Ask = Callable[[str], Awaitable[tuple[int, bytes]]]  # address to status and beginning of the body; `Broken` if none


class Robots:
    """The rules of every site that is asked, read once a day.

    A site without robots.txt (4xx) allows everything; one that cannot say (5xx, no answer) allows nothing
    (RFC 9309, 2.3.1.3 and 2.3.1.4), and the reason is told with each of its addresses.
    """

    def __init__(self, agent: str, ask: Ask) -> None:
        self._agent, self._ask = agent, ask
        self._sites: dict[str, tuple[float, asyncio.Task[Protego]]] = {}

    async def delay(self, address: str) -> float:
        """Seconds between requests that the site asks for; `Broken` where the address is not to be fetched."""
        rules = await self._rules(address)
        if not rules.can_fetch(address, self._agent):
            raise Broken("disallowed by robots.txt", address)
        rate = rules.request_rate(self._agent)
        return max(rules.crawl_delay(self._agent) or 0.0, rate.seconds / rate.requests if rate else 0.0)

    async def _rules(self, address: str) -> Protego:
        parts, now = urlsplit(address), asyncio.get_running_loop().time()
        site = f"{parts.scheme}://{parts.netloc}".lower()
        read, task = self._sites.get(site, (now, None))
        if task is None or now - read > _SECONDS:
            task = asyncio.ensure_future(self._read(f"{site}/robots.txt"))
            self._sites[site] = now, task
        return await asyncio.shield(task)

    async def _read(self, address: str) -> Protego:
        status, body = await self._ask(address)
        if 200 <= status < 300:
            return Protego.parse(body[:MOST_BYTES].decode("utf-8-sig", "replace"))
        if 400 <= status < 500 and status != 429:
            return Protego.parse("")
        raise Broken("robots.txt that cannot be had", f"HTTP status {status}")

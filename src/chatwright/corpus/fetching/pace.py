"""Requests to one host, one after the other and not too near together."""

from __future__ import annotations

import asyncio


class Pace:
    """Gives turns, `delay` seconds apart from start to start.

    All hosts are known by name: the ports and schemes of one name share its turns.
    """

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the next turn, and take it."""
        now = asyncio.get_running_loop().time()
        start = max(now, self._next)
        self._next = start + self.delay
        await asyncio.sleep(start - now)

    def hold(self, seconds: float) -> None:
        """Give no turn for so long."""
        self._next = max(self._next, asyncio.get_running_loop().time() + seconds)

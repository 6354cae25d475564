"""One address at a time: allowed by robots.txt, at the host's pace, with retries, within limits, to a file."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import metadata
from pathlib import Path
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import httpx2

from chatwright.corpus.fetching import media, robots
from chatwright.corpus.fetching.addresses import checked
from chatwright.corpus.fetching.pace import Pace
from chatwright.corpus.fetching.settings import FetchSettings
from chatwright.corpus.fetching.store import Record, now
from chatwright.corpus.readers.found import Broken
from chatwright.corpus.readers.http import charset

FEED = ".xml"  # the ending of a feed, which no reader takes for a document
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_Came = TypeVar("_Came")


class _PassingError(Broken):
    """What may be over when it is tried again: after `wait` seconds, if the host says so."""

    def __init__(self, rule: str, why: str = "", wait: float | None = None) -> None:
        super().__init__(rule, why)
        self.wait = wait


@dataclass(frozen=True)
class Redirect:
    """An answer that names another address."""

    location: str


def user_agent(settings: FetchSettings) -> str:
    """How requests name us: agent, version, and where whoever runs a site can write to."""
    version = metadata.version("chatwright")
    name = f"{settings.agent}/{version}"
    if settings.agent != "Chatwright":
        name = f"{name} Chatwright/{version}"
    return f"{name} (+{settings.contact})" if settings.contact else name


class Fetcher:
    """Asks hosts, politely: every request is allowed by robots.txt and takes its host's turn.

    `client` follows no redirects by itself.
    """

    def __init__(self, client: httpx2.AsyncClient, settings: FetchSettings) -> None:
        self._client, self._settings = client, settings
        self._paces: dict[str, Pace] = {}
        self._robots = robots.Robots(settings.agent, self._ask_robots)

    async def fetch(self, address: str, aside: Path, before: Record | None = None, *, feed: bool = False) -> Record:
        """The record of an address whose body now lies at `aside`; `Broken` tells why there is none.

        Where the host says that nothing is new since `before`, that record is returned as of now, and nothing is
        written.
        """

        async def receive(response: httpx2.Response) -> Record | Redirect:
            return await self._receive(response, address, aside, before, feed)

        place = address
        for _ in range(self._settings.redirects + 1):
            await self._allow(place)
            came = await self._asked(place, receive, _conditions(before, place))
            if isinstance(came, Record):
                return came
            place = _followed(place, came)
        raise Broken("too many redirects", f"more than {self._settings.redirects}")

    async def _allow(self, place: str) -> None:
        delay = await self._robots.delay(place)
        if delay > self._settings.longest_wait_seconds:
            raise Broken("host that asks to wait too long", f"{delay:g} seconds between requests (robots.txt)")
        pace = self._pace(place)
        pace.delay = max(pace.delay, delay)

    def _pace(self, place: str) -> Pace:
        host = urlsplit(place).hostname or ""
        return self._paces.setdefault(host, Pace(1 / self._settings.requests_per_second))

    async def _ask_robots(self, address: str) -> tuple[int, bytes]:
        async def receive(response: httpx2.Response) -> tuple[int, bytes] | Redirect:
            if response.status_code in _REDIRECTS:
                return Redirect(response.headers.get("location", ""))
            _refuse_passing(response)
            body = b""
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) >= robots.MOST_BYTES:
                    break
            return response.status_code, body

        for _ in range(self._settings.redirects + 1):
            came = await self._asked(address, receive, {})
            if not isinstance(came, Redirect):
                return came
            address = _followed(address, came)
        return 404, b""  # RFC 9309, 2.3.1.2: after five redirects it may be taken for missing

    async def _asked(
        self, place: str, receive: Callable[[httpx2.Response], Awaitable[_Came]], header: Mapping[str, str]
    ) -> _Came:
        """What is received from `place`, tried again where the problem may pass."""
        pace, attempt = self._pace(place), 0
        while True:
            await pace.turn()
            try:
                return await self._once(place, receive, header)
            except _PassingError as problem:
                wait = problem.wait if problem.wait is not None else pace.delay * 2 ** (attempt + 1)
                pace.hold(min(wait, self._settings.longest_wait_seconds))
                if wait > self._settings.longest_wait_seconds and problem.wait is not None:
                    raise Broken("host that asks to wait too long", f"{problem.why}, {wait:,.0f} seconds") from None
                if attempt == self._settings.retries:
                    raise
                attempt += 1

    async def _once(
        self, place: str, receive: Callable[[httpx2.Response], Awaitable[_Came]], header: Mapping[str, str]
    ) -> _Came:
        self._client.cookies.clear()  # nobody is to know us from one page to the next
        try:
            async with (
                asyncio.timeout(self._settings.timeout_seconds),
                self._client.stream("GET", place, headers=dict(header)) as response,
            ):
                return await receive(response)
        except (TimeoutError, httpx2.TimeoutException):
            raise _PassingError(
                "no answer in time", f"the limit is {self._settings.timeout_seconds:g} seconds"
            ) from None
        except httpx2.ConnectError as error:
            raise _unconnected(error) from None
        except (httpx2.RequestError, httpx2.StreamError) as error:
            raise _PassingError("connection that breaks", f"{type(error).__name__}: {error}"[:300]) from None
        except (httpx2.InvalidURL, ValueError) as error:
            raise Broken("no web address", f"{type(error).__name__}: {error}"[:300]) from None

    async def _receive(
        self, response: httpx2.Response, address: str, aside: Path, before: Record | None, feed: bool
    ) -> Record | Redirect:
        status, header, url = response.status_code, response.headers, str(response.url)
        if status in _REDIRECTS:
            return Redirect(header.get("location", ""))
        _refuse_passing(response)
        if status == 304 and before is not None:
            return replace(before, fetched=now())
        if not 200 <= status < 300:
            raise Broken("HTTP status that is no success", str(status))
        kind = header.get("content-type", "")
        ending = FEED if feed else media.ending(kind, url)
        told = header.get("content-length", "")
        if told.isdecimal() and int(told) > self._settings.most_bytes:
            raise self._too_long()
        begins = await self._write(response, aside)
        return Record(
            address,
            url=url,
            fetched=now(),
            ending=media.unpacked_ending(ending, header.get("content-encoding", ""), begins),
            charset=charset(kind),
            language=header.get("content-language", ""),
            etag=header.get("etag", ""),
            modified=header.get("last-modified", ""),
        )

    async def _write(self, response: httpx2.Response, aside: Path) -> bytes:
        """Write the body as it is sent; returns its first bytes."""
        begins, size = b"", 0
        with aside.open("wb") as file:
            async for piece in response.aiter_raw():
                begins = begins if len(begins) >= 8 else (begins + piece)[:8]
                size += len(piece)
                if size > self._settings.most_bytes:
                    raise self._too_long()
                file.write(piece)
        return begins

    def _too_long(self) -> Broken:
        return Broken("answer too long", f"the limit is {self._settings.megabytes:g} MB")


def _conditions(before: Record | None, place: str) -> dict[str, str]:
    """The header that asks for what is new only (RFC 9110, 13.1)."""
    if before is None or before.url != place:
        return {}
    told = {"if-none-match": before.etag, "if-modified-since": before.modified}
    return {name: value for name, value in told.items() if value}


def _followed(place: str, redirect: Redirect) -> str:
    try:
        if not redirect.location:
            raise Broken("", "no address is told")
        return checked(urljoin(place, redirect.location))
    except (Broken, ValueError) as problem:
        why = problem.why if isinstance(problem, Broken) else str(problem)
        raise Broken("redirect that leads nowhere", f"{redirect.location[:200]} {why}".strip()) from None


def _refuse_passing(response: httpx2.Response) -> None:
    if response.status_code in _PASSING:
        wait = _seconds(response.headers.get("retry-after", ""))
        raise _PassingError("HTTP status that is no success", str(response.status_code), wait)


def _seconds(retry_after: str) -> float | None:
    """Seconds of a Retry-After header, which tells them or a date (RFC 9110, 10.2.3); None where it tells neither."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        date = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


def _unconnected(error: Exception) -> Broken:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
            return Broken("no such host", str(cause))
        if isinstance(cause, ssl.SSLError):
            return Broken("connection that is not secure", str(cause)[:300])
        cause = cause.__cause__ or cause.__context__
    return _PassingError("no connection", str(error)[:300])

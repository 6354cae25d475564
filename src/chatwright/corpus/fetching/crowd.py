"""Many addresses: hosts side by side, the addresses of a host one after the other; nothing is asked for twice."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from urllib.parse import urlsplit

import httpx2

from chatwright.core.progress import Progress
from chatwright.corpus.fetching.fetch import Fetcher, user_agent
from chatwright.corpus.fetching.settings import FetchSettings
from chatwright.corpus.fetching.store import Record, Store, now
from chatwright.corpus.readers.found import Broken


class Crowd:
    """Fetches into a store; an asynchronous context, in which the rules and the pace of every host are remembered.

    What `earlier` holds is taken from there, unless it is older than `settings.since`. `others` are stores whose
    bodies are taken where the host says that they are still what it has.
    """

    def __init__(self, store: Store, earlier: Store | None, others: Sequence[Store], settings: FetchSettings) -> None:
        self._store, self._earlier, self._others = store, earlier, others
        self._settings = settings
        self._hosts = asyncio.Semaphore(settings.hosts_at_once)
        header = {"user-agent": user_agent(settings), "accept-encoding": "gzip", "accept": "*/*"}
        limits = httpx2.Limits(max_connections=2 * settings.hosts_at_once, keepalive_expiry=30)
        self._client = httpx2.AsyncClient(
            headers=header, timeout=settings.timeout_seconds, limits=limits, follow_redirects=False
        )
        self._fetcher = Fetcher(self._client, settings)

    async def __aenter__(self) -> Crowd:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def fetch(self, wanted: Mapping[str, str], progress: Progress, *, feed: bool) -> None:
        """Have a record of every address, by key; what cannot be had gets one that says why."""
        by_host, done = defaultdict[str, list[str]](list), 0
        for key, address in wanted.items():
            by_host[urlsplit(address).hostname or ""].append(key)

        async def ask(keys: Sequence[str]) -> None:
            nonlocal done
            async with self._hosts:
                for key in keys:
                    if self._store.get(key) is None:
                        progress.update(done / len(wanted), wanted[key])
                        await self._one(key, wanted[key], feed)
                    done += 1

        try:
            async with asyncio.TaskGroup() as group:
                for keys in by_host.values():
                    group.create_task(ask(keys))
        except BaseExceptionGroup as problems:  # a full disk, say: one of them is enough
            raise problems.exceptions[0] from None

    async def _one(self, key: str, address: str, feed: bool) -> None:
        before, holder = self._before(key)
        if before is not None and holder is not None and holder is self._earlier and not self._is_old(before):
            self._store.take_over(key, holder)
            return
        with self._store.writing(key) as aside:
            try:
                record = await self._fetcher.fetch(address, aside, before, feed=feed)
            except Broken as problem:
                self._store.put(key, Record(address, fetched=now(), rule=problem.rule, why=problem.why))
                return
            if aside.exists():
                self._store.publish(key, record, aside)
            else:  # nothing new
                assert holder is not None
                self._store.take_over(key, holder, record.fetched)

    def _before(self, key: str) -> tuple[Record | None, Store | None]:
        """What was fetched before, and where it lies."""
        for store in ([self._earlier] if self._earlier else []) + [*self._others]:
            record = store.get(key)
            if record is not None and not record.rule:
                return record, store
        return None, None

    def _is_old(self, record: Record) -> bool:
        since = self._settings.since
        return since is not None and datetime.fromisoformat(record.fetched) < since

"""A run in a real Redis, loaded by hand: what the contract and the failures of a ledger are tried on."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import NoReturn, cast

import msgspec
import pytest
from redis.asyncio import Redis

from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.sources.base import SourceRow
from wa_bulk.cluster import keys
from wa_bulk.cluster.chunk import QueuedRow, encode_rows
from wa_bulk.cluster.connection import connect
from wa_bulk.cluster.loader import Loader
from wa_bulk.cluster.redis_ledger import RedisLedger
from wa_bulk.cluster.resubmission import Resubmission
from wa_bulk.cluster.role import take_role
from wa_bulk.cluster.run_record import FORMAT, Description, State
from wa_bulk.cluster.script import Script
from wa_bulk.send.outcome import Status

NUMBER = "+447911123456"


class ByHand:
    """Recipients of nothing but a number."""

    def rows_in(self, ranges: Iterable[range]) -> Iterator[SourceRow | None]:
        for rows in ranges:
            for row in rows:
                yield SourceRow(row, row + 1, [NUMBER])


class Killed(Exception):
    """In place of the end of a process."""


async def die() -> NoReturn:
    raise Killed


def before_third_chunk(
    monkeypatch: pytest.MonkeyPatch, loader: Loader, happens: Callable[[], Awaitable[None]]
) -> None:
    """Have `happens` be awaited before `loader` puts a third chunk into Redis."""
    put, chunks = loader.put, itertools.count(1)

    async def put_after_it(number: int, rows: Sequence[QueuedRow]) -> State:
        if next(chunks) == 3:
            await happens()
        return await put(number, rows)

    monkeypatch.setattr(loader, "put", put_after_it)


class RunBench:
    """One run, over the ledgers that are opened on it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.redis: Redis = connect(url)
        self.run_id = secrets.token_hex(6)
        self.ledgers: list[RedisLedger] = []

    async def create(self, chunks: Sequence[Sequence[int]]) -> None:
        """Begin a run with these chunks of rows."""
        last = max((row for rows in chunks for row in rows), default=0)
        description = Description(
            format=FORMAT,
            run_id=self.run_id,
            name="bench",
            campaign="",
            campaign_path="/bench.toml",
            campaign_sha256="0" * 64,
            header=["phone"],
            settings=Settings(),
            source_path="/bench.csv",
            source_sha256="0" * 64,
            rows=last,
            rows_to_send=last,
            base_url=None,
            submitted_at="2026-01-01T00:00:00.000Z",
            submitted_on="here:1",
            version="0",
        )
        names = keys.of_run(self.run_id, "run", "chunks")
        await Script("create").run(self.redis, names, msgspec.json.encode(description))
        token = await take_role(self.redis, self.url, self.run_id, "loader", "submitting")
        load = Script("load")
        names = keys.of_run(self.run_id, "run", "chunks", "books", "loader")
        for number, rows in enumerate(chunks, 1):
            data = encode_rows([QueuedRow(row, row + 1, [NUMBER]) for row in rows])
            await load.run(self.redis, names, token, 10_000, 1 << 24, number, rows[0], rows[-1], data)
        await load.run(self.redis, names, token, 10_000, 1 << 24, len(chunks) + 1)

    async def open(self, *, lease_s: float = 30.0) -> RedisLedger:
        """Open a ledger, as a worker does."""
        ledger = RedisLedger(self.redis, self.url, self.run_id, lease_s=lease_s)
        self.ledgers.append(ledger)
        await ledger.open()
        return ledger

    async def die(self, ledger: RedisLedger) -> None:
        """End the worker that has this ledger, and have the server take its leases for over."""
        ledger._closed = True
        if ledger._flush_timer is not None:
            ledger._flush_timer.cancel()
        tasks = {task for task in (ledger._renewing, ledger._flushing) if task is not None}
        while tasks := {task for task in tasks if not task.done()}:
            for task in tasks:
                task.cancel()  # again: before Python 3.12 asyncio.wait_for may swallow it
            await asyncio.wait(tasks, timeout=0.1)
        await self.expire()

    async def expire(self) -> None:
        """Make every lease as old as it takes for others to take over."""
        (chunks,) = keys.of_run(self.run_id, "chunks")
        if not await self.redis.exists(chunks):
            return
        for pending in await self.redis.xpending_range(chunks, keys.GROUP, "-", "+", 1000):
            owner, name = (bytes(cast(bytes, pending[key])) for key in ("consumer", "message_id"))
            await self.redis.xclaim(chunks, keys.GROUP, owner, 0, [name], idle=3_600_000, justid=True)

    async def retry(self, statuses: Sequence[Status]) -> None:
        """Mark rows to be sent again, and queue those that no chunk holds any more."""
        (run, leases) = keys.of_run(self.run_id, "run", "leases")
        await self.redis.hset(run, "state", "paused")
        await self.redis.delete(leases)
        if statuses:
            await Resubmission(self.redis, self.url, self.run_id, ByHand()).retry(statuses)
        await self.redis.hset(run, "state", "active")

    async def entries(self, stream: str) -> list[dict[bytes, bytes]]:
        """What is in a stream of the run."""
        (key,) = keys.of_run(self.run_id, stream)
        return [
            fields
            for _, fields in cast("list[tuple[bytes, dict[bytes, bytes]]]", await self.redis.xrange(key))
        ]

    async def close(self) -> None:
        for ledger in self.ledgers:
            await self.die(ledger)
        await self.redis.aclose()

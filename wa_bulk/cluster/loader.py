"""Chunks of rows into Redis, one after the other, no faster than they are worked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from redis.asyncio import Redis

from wa_bulk.cluster import keys
from wa_bulk.cluster.chunk import QueuedRow, encode_rows
from wa_bulk.cluster.connection import ClusterError, Unavailable, in_words
from wa_bulk.cluster.role import LEASE_MS, leave_role, take_role
from wa_bulk.cluster.run_record import State
from wa_bulk.cluster.script import Argument, Script

QUEUED_BYTES_MAX = 1 << 24
"""Most bytes of rows that wait in Redis for a worker; whoever loads them waits meanwhile."""
_LOOK_S = 0.1
_AGAIN_S = 0.5

_load = Script("load")


class Loader:
    """The one process that puts rows of a run into Redis: `open`, `put` each chunk, `end`, `close`."""

    def __init__(self, redis: Redis, url: str, run_id: str) -> None:
        self.notice = ""
        """What it waits for; empty while all is well."""
        self._redis = redis
        self._url = url
        self._run_id = run_id
        self._token = ""

    async def open(self) -> None:
        """Become that process. Raises ClusterError where another one is."""
        words = f"another process submits run {self._run_id}"
        self._token = await take_role(self._redis, self._url, self._run_id, "loader", words)

    async def put(self, number: int, rows: Sequence[QueuedRow]) -> State:
        """Put in chunk `number`, from 1, unless it is there, once there is room; return the run's state.

        Raises ClusterError where another process has become the loader, or Redis has lost chunks.
        """
        return await self._load(number, rows[0].number, rows[-1].number, encode_rows([*rows]))

    async def end(self, number: int) -> State:
        """Say that no chunk follows, of which `number` would be the next; return the run's state."""
        return await self._load(number)

    async def close(self) -> None:
        """Let another process be the loader. Raises ClusterError."""
        await leave_role(self._redis, self._url, self._run_id, "loader", self._token)

    async def _load(self, *chunk: Argument) -> State:
        names = keys.of_run(self._run_id, "run", "chunks", "books", "loader")
        while True:
            try:
                with in_words(self._url):
                    result, state = cast(
                        list[bytes],
                        await _load.run(self._redis, names, self._token, LEASE_MS, QUEUED_BYTES_MAX, *chunk),
                    )
            except Unavailable as error:
                self.notice = str(error)
                await asyncio.sleep(_AGAIN_S)
                continue
            if result == b"other":
                raise ClusterError(f"another process has taken over submitting run {self._run_id}")
            if result == b"behind":
                raise ClusterError(
                    f"Redis has lost rows of run {self._run_id} that were submitted already, by a crash or a "
                    "failover: give the same command again, which goes on with them"
                )
            if result == b"ok":
                self.notice = ""
                return cast(State, state.decode())
            self.notice = "waiting for workers: enough rows are in Redis"
            await asyncio.sleep(_LOOK_S)

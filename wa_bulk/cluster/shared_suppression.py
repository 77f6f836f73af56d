"""Who came onto the list of suppressed numbers while runs are on: workers have no memory to ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import cast

import msgspec
from redis.asyncio import Redis

from wa_bulk.cluster import keys
from wa_bulk.cluster.connection import ClusterError, in_words
from wa_bulk.cluster.run_record import run_ids
from wa_bulk.history.person import person_of
from wa_bulk.history.suppression import Suppressed, Suppression

LOOK_S = 1.0
"""How old what a worker knows may be."""
_OVER = (None, b"finished", b"cancelled")

_decode = msgspec.json.Decoder(Suppressed).decode


class SharedSuppression:
    """The changes of the account's list since the oldest run was submitted that is not over.

    `begin` is called before a run is submitted with the list as it is then, `publish` again and again where
    the memory is, and `followed` by workers, whose rules ask it. A `SuppressedNumbers`.
    """

    def __init__(self, redis: Redis, url: str) -> None:
        self.people: dict[str, Suppressed] = {}
        """Who is not to be written to, by their keys (`person_of`)."""
        self._redis = redis
        self._url = url
        self._facts, self._people = keys.of_suppressed("facts", "people")
        self._seen: bytes | None = None

    async def begin(self, home: str, change: int) -> None:
        """Tell of what follows `change` in the memory that is called `home`, unless runs need more than that.

        Raises ClusterError.
        """
        if await self._any_run_is_on():
            return
        with in_words(self._url):
            await self._redis.delete(self._people)
            await self._redis.hset(self._facts, items=["home", home, "change", change])
            await self._redis.hincrby(self._facts, "version", 1)

    async def publish(self, home: str, suppression: Suppression) -> None:
        """Tell workers what changed in the memory that is called `home`, if it is the one they were told of.

        Raises ClusterError and HistoryError.
        """
        with in_words(self._url):
            known, change = await cast(
                Awaitable[list[bytes | None]], self._redis.hmget(self._facts, ["home", "change"])
            )
        if known is None or change is None or known.decode() != home:
            return
        changed, last = suppression.changes(int(change))
        await self.enter(entry for entry in changed.values() if entry)
        lifted = [person for person, entry in changed.items() if entry is None]
        with in_words(self._url):
            if lifted:
                await self._redis.hdel(self._people, *lifted)
            if changed:
                await self._redis.hset(self._facts, "change", last)
                await self._redis.hincrby(self._facts, "version", 1)

    async def enter(self, entries: Iterable[Suppressed]) -> None:
        """Tell workers of these. Raises ClusterError."""
        told = [word for entry in entries for word in (person_of(entry.number), msgspec.json.encode(entry))]
        if told:
            with in_words(self._url):
                await self._redis.hset(self._people, items=told)
                await self._redis.hincrby(self._facts, "version", 1)

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Within it, keep up to date what rules ask; what was read stays in force while Redis is away."""

        async def keep_looking() -> None:
            while True:
                await asyncio.sleep(LOOK_S)
                with suppress(ClusterError):
                    await self.look()

        with suppress(ClusterError):
            await self.look()
        task = asyncio.create_task(keep_looking())
        try:
            yield
        finally:
            task.cancel()

    async def look(self) -> None:
        """Read what was published since. Raises ClusterError."""
        with in_words(self._url):
            version = await cast(Awaitable[bytes | None], self._redis.hget(self._facts, "version"))
            if version == self._seen:
                return
            found = await cast(Awaitable[dict[bytes, bytes]], self._redis.hgetall(self._people))
        self.people.clear()
        self.people.update((person.decode(), _decode(entry)) for person, entry in found.items())
        self._seen = version

    def get(self, number: str) -> Suppressed | None:
        """Return the entry of a number, None where it may be written to."""
        return self.people.get(person_of(number))

    def refresh(self) -> bool:
        """Return False: that goes on by itself."""
        return False

    async def _any_run_is_on(self) -> bool:
        for run_id in await run_ids(self._redis, self._url):
            (run,) = keys.of_run(run_id, "run")
            with in_words(self._url):
                state = await cast(Awaitable[bytes | None], self._redis.hget(run, "state"))
            if state not in _OVER:
                return True
        return False

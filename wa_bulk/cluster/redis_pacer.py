"""One limit for each sending number, over any number of processes and hosts."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Self
from weakref import WeakValueDictionary

from redis.asyncio import Redis

from wa_bulk.cluster import keys
from wa_bulk.cluster.connection import ClusterError, connect
from wa_bulk.cluster.server_clock import ServerClock
from wa_bulk.cluster.shared_queue import SharedQueue
from wa_bulk.send import defaults
from wa_bulk.send.forks import watch_forks

_closing: set[asyncio.Task[None]] = set()


class RedisPacer:
    """Each sending number's tokens at `rate`/s, counted in Redis for everybody who asks there. A `Pacer`.

        async with Client(dev_key, dev_secret, pacer=RedisPacer.from_url("redis://10.0.0.5/0")) as client:

    For one client and its event loop; each process makes its own, and a forked child goes on with a
    connection of its own. It is kept by the number a message is sent from: where an account's default number
    is used, name it (`Client(default_sender=…)`), or all accounts' default numbers share one limit. Every
    process keeps to its own `rate`, counting what all have sent.

    While Redis is unavailable nothing is sent: a message waits for 5 s, and then that try of it ends as not
    sent, to be tried again as any other.
    """

    def __init__(
        self,
        redis: Redis,
        url: str,
        rate: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
    ) -> None:
        """Share the limit kept at `redis`, which `release` closes; `url` names it in errors.

        `clock` tells seconds, and `chance` draws when to ask again.

        Raises ValueError for a rate that is not more than 0, infinite or not a number.
        """
        if not 0 < rate < float("inf"):
            raise ValueError(f"rate = {rate}: expected messages/s, more than 0: no pace cannot be shared")
        self._url = url
        self._rate = rate
        self._clock = clock
        self._released = False
        self._begin(redis, chance or random.Random())
        watch_forks(self)

    def _begin(self, redis: Redis, chance: random.Random) -> None:
        self._redis = redis
        self._chance = chance
        self._server_clock = ServerClock()
        self._queues: WeakValueDictionary[str | None, SharedQueue] = WeakValueDictionary()
        self._closing: asyncio.Task[None] | None = None

    def start_anew(self) -> None:
        """Begin with a connection of its own, in a forked child."""
        self._parents = self._redis, dict(self._queues)  # kept, so that nothing of theirs is cleaned up
        self._begin(connect(self._url), random.Random())

    @classmethod
    def from_url(cls, url: str, *, rate: float = defaults.RATE) -> Self:
        """Share the limit kept at `url` (as `wa-bulk cluster --redis` takes it); nothing is connected yet.

        `rate` is in messages/s for each sending number. Raises ClusterError for what is no such address.
        """
        return cls(connect(url), url, rate)

    def of(self, sender: str | None, /) -> SharedQueue:
        """Return the queue of a sending number (None: the account's default number)."""
        queue = self._queues.get(sender)
        if queue is None:
            names = keys.of_sender(sender)
            queue = SharedQueue(
                self._redis, self._url, names, self._rate, self._server_clock, self._clock, self._chance
            )
            if self._released:
                queue.release()
            self._queues[sender] = queue
        return queue

    def release(self) -> None:
        """Let everyone who waits go, set no pace from now on, and let go of Redis soon after."""
        if self._released:
            return
        self._released = True
        queues = list(self._queues.values())
        for queue in queues:
            queue.release()
        self._closing = asyncio.get_running_loop().create_task(self._let_go(queues))
        _closing.add(self._closing)
        self._closing.add_done_callback(_closing.discard)

    async def close(self) -> None:
        """Release it, and return once Redis has been let go of."""
        self.release()
        if self._closing is not None:
            await asyncio.shield(self._closing)

    async def _let_go(self, queues: list[SharedQueue]) -> None:
        try:
            with contextlib.suppress(ClusterError):
                for queue in queues:
                    await queue.settle()
        finally:
            await self._redis.aclose()

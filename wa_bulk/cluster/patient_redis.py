"""A Redis that is asked until it answers, by an owner of chunks that must not wait for ever."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from typing import cast

from redis.asyncio import Redis

from wa_bulk.cluster.connection import Unavailable, in_words
from wa_bulk.cluster.script import Argument, Script

GIVE_UP_S = 10.0
"""How long one that is to end waits for a Redis that cannot be reached."""
AGAIN_S = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Before each further question; the last one repeats."""


class PatientRedis:
    """Runs scripts in Redis; one that was not answered is run again, so that it may have been run twice."""

    def __init__(self, redis: Redis, url: str, clock: Callable[[], float]) -> None:
        self.notice = ""
        """What is waited for; empty while all is well."""
        self._redis = redis
        self._url = url
        self._clock = clock
        self._ends: float | None = None

    def end_soon(self) -> None:
        """Wait no longer than `GIVE_UP_S` from now: all is to end."""
        if self._ends is None:
            self._ends = self._clock() + GIVE_UP_S

    async def run(self, script: Script, names: Sequence[str], *arguments: Argument) -> list[bytes]:
        """Run a script until Redis answers. Raises ClusterError, and Unavailable where all is to end."""
        waits = itertools.chain(AGAIN_S, itertools.repeat(AGAIN_S[-1]))
        while True:
            try:
                return await self.run_once(script, names, *arguments)
            except Unavailable:
                if self._ends is not None and self._clock() >= self._ends:
                    raise
                await asyncio.sleep(next(waits))

    async def run_once(self, script: Script, names: Sequence[str], *arguments: Argument) -> list[bytes]:
        """Run a script. Raises ClusterError, and Unavailable where Redis cannot be reached."""
        try:
            with in_words(self._url):
                reply = cast(list[bytes], await script.run(self._redis, names, *arguments))
        except Unavailable as error:
            self.notice = str(error)
            raise
        self.notice = ""
        return reply

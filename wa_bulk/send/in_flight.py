"""How many messages are on their way at once."""

from __future__ import annotations

import asyncio
import sys
from collections import deque


class InFlight:
    """At most `limit` inside at a time; whoever comes later waits in line. For one event loop."""

    def __init__(self, limit: int) -> None:
        """Raise ValueError for a limit that lets nobody in."""
        if limit < 1:
            raise ValueError(f"{limit} messages at a time would send none; expected 1 or more")
        self._most = limit
        self.count = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._emptied: asyncio.Future[None] | None = None

    def try_enter(self) -> bool:
        """Go in if there is room; nobody can be waiting then."""
        if self.count >= self._most:
            return False
        self.count += 1
        return True

    async def enter(self) -> None:
        """Go in, after all who came earlier."""
        if self.try_enter():
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Make room: the next in line has it at once."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self.count -= 1
        if not self.count and self._emptied is not None:
            self._emptied.set_result(None)
            self._emptied = None

    async def empty(self) -> None:
        """Wait until nobody is inside or in line."""
        if not self.count:
            return
        if self._emptied is None:
            self._emptied = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._emptied)

    def open(self) -> None:
        """Let in everyone who waits in line, and whoever comes from now on, whatever the limit."""
        self._most = sys.maxsize
        waiters, self._waiters = self._waiters, deque()
        for waiter in waiters:
            if not waiter.done():
                self.count += 1
                waiter.set_result(None)

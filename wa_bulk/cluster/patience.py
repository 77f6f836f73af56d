"""Waiting for a Redis that cannot be reached at this moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from wa_bulk.cluster.connection import Unavailable

AGAIN_S = 0.5
_T = TypeVar("_T")


class Patience:
    """Asks Redis until it answers, for a process that is in no hurry; `stop` ends that."""

    def __init__(self) -> None:
        self.notice = ""
        """What is waited for; empty while all is well."""
        self.stopped = asyncio.Event()

    def stop(self) -> None:
        """Wait no longer."""
        self.stopped.set()

    async def until_answered(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        """Ask until Redis answers. Raises ClusterError, and Unavailable once it is stopped."""
        while True:
            try:
                answer = await ask()
            except Unavailable as error:
                self.notice = str(error)
                if self.stopped.is_set():
                    raise
                await self.pause(AGAIN_S)
            else:
                self.notice = ""
                return answer

    async def pause(self, seconds: float) -> None:
        """Wait for so long, or until it is stopped."""
        try:
            async with asyncio.timeout(seconds):
                await self.stopped.wait()
        except TimeoutError:
            return

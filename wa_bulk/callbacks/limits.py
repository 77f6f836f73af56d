"""How much a receiver takes at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from msgspec import Struct

MEGABYTE = 1024 * 1024


class Limits(Struct, frozen=True, kw_only=True):
    """What a receiver takes; all of it is far above what the vendor sends.

    `body_bytes`: of one request, unpacked; `bytes_at_once`: of all requests together. `read_s`: how long a
    body may take. `requests_at_once` are worked on, others wait `wait_s` at most. `kept_per_s`: how many
    refused requests are kept aside. `connections` are open at once, each for `idle_s` without a request.
    """

    body_bytes: int = 4 * MEGABYTE
    bytes_at_once: int = 128 * MEGABYTE
    requests_at_once: int = 128
    wait_s: float = 2.5
    read_s: float = 10.0
    kept_per_s: float = 50.0
    connections: int = 1_000
    idle_s: float = 60.0


class TooMuch(Exception):
    """A request that is too large (413), too slow (408), or one too many (503)."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


class Gate:
    """Bounds the requests that are in at once, and their bytes."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.requests_at_once)
        self._bytes = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a free slot. Raises TooMuch when there is none in time."""
        try:
            async with asyncio.timeout(self._limits.wait_s):
                await self._slots.acquire()
        except TimeoutError:
            raise TooMuch(503, "too many requests at once") from None
        try:
            yield
        finally:
            self._slots.release()

    @contextmanager
    def allowance(self) -> Iterator[Allowance]:
        """Return what counts the bytes of a request; on leaving, they are given back."""
        allowance = Allowance(self, self._limits)
        try:
            yield allowance
        finally:
            self._bytes -= allowance.taken

    def take(self, count: int) -> bool:
        """Return whether there is room for that number of bytes, which are then taken."""
        if self._bytes + count > self._limits.bytes_at_once:
            return False
        self._bytes += count
        return True


class Allowance:
    """The bytes that one request may hold."""

    def __init__(self, gate: Gate, limits: Limits) -> None:
        self._gate = gate
        self._limits = limits
        self.taken = 0

    def expect(self, total: int) -> None:
        """Raise TooMuch for a request of more bytes than one may have."""
        if total > self._limits.body_bytes:
            raise TooMuch(413, f"the body is larger than {self._limits.body_bytes:,} bytes")

    def take(self, count: int) -> None:
        """Take room for that number of bytes more. Raises TooMuch where there is none."""
        self.expect(self.taken + count)
        if not self._gate.take(count):
            raise TooMuch(503, "too many bytes at once")
        self.taken += count


class Bucket:
    """Lets `per_s` things a second through, and as many at once."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._left = per_s
        self._at_s = time.monotonic()

    def take(self) -> bool:
        """Return whether one more may pass now."""
        now_s = time.monotonic()
        self._left = min(self._per_s, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True

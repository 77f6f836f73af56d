"""When a message may leave: never more than `rate` in any second, at next to no cost a message.

Two bounds together. A leaky bucket (aiolimiter) a few hundredths of a second deep keeps the flow even: what
a slow server leaves unused is not stored up. The times of the last departures are the hard bound: a message
may leave when the one `rate` places before it left more than a second ago. Whoever need not wait takes a
token in one call. For those who must, one timer hands out what has come due about every 20 ms; it runs only
while someone waits.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from aiolimiter import AsyncLimiter

_TICK_S = 0.020
_SHORTEST_WAIT_S = 0.001
# Between a token and the wire lie up to a few ms: the window is that much longer than it need be, and the
# bucket leaks that much slower, so that the two do not get in each other's way.
_WINDOW_S = 1.005
_FLOW = 0.995
_BUCKET_DEPTH_S = 0.050
# Two, where 50 ms hold less: with one, the lateness of every timer would be lost from the rate.
_BUCKET_DEPTH_MIN = 2.0

_STOP_MIN_S = 1.0
_CUT = 0.5
_SLOWEST = 1 / 32
_RECOVERY_S = 30.0


class Pacer:
    """Tokens at `rate` messages/s for one sending number; first come, first served.

    A fractional rate is rounded down to what a second can hold (1.5/s: one a second); below 1/s there is one
    message every 1/`rate` seconds. 0 sets no pace. To be used from one event loop.
    """

    def __init__(self, rate: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds and never goes back. Raises ValueError for a rate that is no pace."""
        if not 0 <= rate < float("inf"):
            raise ValueError(f"a rate of {rate} messages/s is no pace; expected 0 (unpaced) or more")
        self.rate = rate
        self._clock = clock
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.not_before = 0.0
        """Nobody may send before this time of the clock; 0 where there is no such time."""

        self._per_window = max(1, int(rate))
        self._window_s = _WINDOW_S / min(rate, 1) if rate else 0.0
        self._departures: deque[float] = deque()
        self._held = 0
        self._bucket_depth = max(_BUCKET_DEPTH_MIN, rate * _BUCKET_DEPTH_S)
        self._bucket = AsyncLimiter(self._bucket_depth, self._bucket_depth / (rate * _FLOW) if rate else 1.0)
        self._returned = 0
        self._tick_s = max(_TICK_S, 0.25 / rate) if rate else _TICK_S

        self._stopped_until = 0.0
        self._pace_at_cut = rate

    def try_take(self) -> bool:
        """Take a token if one is due and nobody is waiting for it."""
        if not self.rate and not self.not_before:
            return True
        if self._waiters:
            return False
        now = self._clock()
        if not self._due(now, 1):
            return False
        self._spend(now, 1)
        if self.rate:
            self._departures.append(now)
        return True

    async def take(self) -> None:
        """Wait for a token. Cancelled meanwhile, its place, or its token, is the next one's in line."""
        if self.try_take():
            return
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiters.append(waiter)
        if self._timer is None:
            self._timer = loop.call_later(self._wait_s(self._clock()), self._hand_out)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                self._leave(waiter)
            else:
                self.give_back()
            raise
        self.use()

    def hold(self) -> None:
        """The token just taken is for later: it must be followed by `use` or `give_back`."""
        if self.rate:
            self._departures.pop()
            self._held += 1

    def use(self) -> None:
        """What was held leaves now."""
        if self.rate:
            self._held -= 1
            self._departures.append(self._clock())

    def give_back(self) -> None:
        """What was held will not be used: it is the next one's in line."""
        if self.rate:
            self._held -= 1
            self._returned += 1
            if self._waiters:
                self._hand_out()

    def slow_down(self, retry_after: float | None = None) -> None:
        """After a 429: nobody sends for `retry_after` seconds (at least 1), then at half the pace.

        The pace comes back within half a minute. A 429 that arrives while nobody may send belongs to those
        before it: it can make the hold longer, but not the pace slower.
        """
        now = self._clock()
        if now >= self._stopped_until:
            self._pace_at_cut = max(self.pace * _CUT, self.rate * _SLOWEST)
        self._stopped_until = max(self._stopped_until, now + max(retry_after or 0.0, _STOP_MIN_S))
        self.not_before = max(self.not_before, self._stopped_until)

    @property
    def waiting(self) -> int:
        """How many wait for a token."""
        return len(self._waiters)

    def release(self) -> None:
        """Lets everyone who waits go, for good: the pace is over."""
        self.rate = self._pace_at_cut = self.not_before = 0.0
        self._stop_timer()
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)

    @property
    def pace(self) -> float:
        """Messages/s at this moment: `rate`, or less while recovering from a 429."""
        if self._pace_at_cut == self.rate:
            return self.rate
        recovered = max(0.0, self._clock() - self._stopped_until) / _RECOVERY_S
        return min(self.rate, self._pace_at_cut + recovered * self.rate)

    def _due(self, now: float, wanted: int) -> int:
        """How many tokens, up to `wanted`, may be taken now."""
        if now < self.not_before:
            return 0
        if not self.rate:
            return wanted
        departures, since = self._departures, now - self._window_s
        while departures and departures[0] <= since:
            departures.popleft()
        most = min(wanted, self._per_window - len(departures) - self._held)
        least = min(most, self._returned)
        most = min(most, self._returned + int(self._bucket_depth))
        while least < most:
            middle = (least + most + 1) // 2
            if self._bucket.has_capacity(middle - self._returned):
                least = middle
            else:
                most = middle - 1
        return least

    def _spend(self, now: float, tokens: int) -> None:
        if not self.rate:
            self.not_before = 0.0
            return
        returned = min(self._returned, tokens)
        self._returned -= returned
        _draw(self._bucket, tokens - returned)
        if self._pace_at_cut < self.rate:
            pace = self.pace
            if pace < self.rate:
                self.not_before = now + tokens / pace
            else:
                self._pace_at_cut = self.rate

    def _hand_out(self) -> None:
        self._stop_timer()
        now = self._clock()
        waiters = self._waiters
        given, due = 0, self._due(now, len(waiters))
        while given < due and waiters:
            waiter = waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                given += 1
        if given:
            self._spend(now, given)
            self._held += given
        if waiters:
            self._timer = asyncio.get_running_loop().call_later(self._wait_s(now), self._hand_out)

    def _wait_s(self, now: float) -> float:
        """How long until it is worth looking again."""
        wait_s = self.not_before - now
        if self._departures and len(self._departures) + self._held >= self._per_window:
            wait_s = max(wait_s, self._departures[0] + self._window_s - now)
        return max(wait_s, _SHORTEST_WAIT_S) if wait_s > 0 else self._tick_s

    def _leave(self, waiter: asyncio.Future[None]) -> None:
        with suppress(ValueError):
            self._waiters.remove(waiter)
        if not self._waiters:
            self._stop_timer()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _draw(bucket: AsyncLimiter, tokens: int) -> None:
    """Take `tokens` that `bucket` is known to hold: its coroutine then ends without ever suspending."""
    if tokens:
        with suppress(StopIteration):
            bucket.acquire(tokens).send(None)

"""A server in trouble: requests are held back until one that was begun later gets through.

An outage costs at most what was in flight and a few rows that found out, and a single bad answer among good
ones costs nothing: as soon as a request begun after it is answered, all is well.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

PROBE_WAITS_S = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Before each request that finds out whether the server is back; the last one repeats."""

SHARE_TO_FIND_OUT = 0.5
"""Of the limit, at least: the silence that the first trouble took may have been that one request's."""

WORDS_AFTER_S = 1.0
"""So long a user is not told of it: most trouble is over sooner."""


class OutageGate:
    """Closed from the first trouble that no later request contradicts, until one is answered properly.

    While it is closed one request at a time goes to find out; whoever asked first is the first to go.
    """

    def __init__(self, limit: float, on_given_up: Callable[[str], None], on_open: Callable[[], None]) -> None:
        """Call `on_given_up` with a reason once closed for `limit` (s), and `on_open` when it opens."""
        self.closed = False
        self._limit = limit
        self._on_given_up = on_given_up
        self._on_open = on_open
        self._halted = False
        self._trouble = 0
        self._reason = ""
        self._since = 0.0
        self._next_probe = 0.0
        self._probes = 0
        self._probing = False
        self._waiters: deque[asyncio.Future[bool]] = deque()
        self._probe_timer: asyncio.TimerHandle | None = None
        self._limit_timer: asyncio.TimerHandle | None = None

    @property
    def notice(self) -> str:
        """What everybody waits for, for a person; empty while all is well."""
        if not self.closed:
            return ""
        now = asyncio.get_running_loop().time()
        if now - self._since < WORDS_AFTER_S:
            return ""
        wait_s = self._next_probe - now
        then = "trying again" if self._probing or wait_s < 1 else f"trying again in {wait_s:.0f} s"
        return f"the server is unavailable ({self._reason}); {then}, giving up after {self._limit:.0f} s"

    async def turn(self) -> bool:
        """Wait until the gate is open (False), or until it is this request's turn to find out (True)."""
        if not self.closed:
            return False
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._schedule_probe()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.result():
                self.probe_ended()
            raise

    def probe_ended(self) -> None:
        """Let the next one go to find out, after a wait, unless the one that has ended was answered."""
        self._probing = False
        if self.closed:
            self._schedule_probe()

    def answered(self, number: int) -> None:
        """Open the gate if request `number`, which was answered properly, was begun after all trouble."""
        if self.closed and number > self._trouble:
            self._open()

    def troubled(self, number: int, answered: int, reason: str, *, silent_s: float = 0.0) -> None:
        """Close the gate, unless a request begun after `number`, which found trouble, was `answered`.

        The outage began with that request's silence, of `silent_s`.
        """
        if self._halted or answered > number:
            return
        self._trouble = max(self._trouble, number)
        self._close(reason, silent_s)

    def close(self, reason: str) -> None:
        """Close it for trouble that no single request tells of."""
        if not self._halted:
            self._close(reason)

    def halt(self) -> None:
        """Let everybody go, for good: the run stops."""
        self._halted = True
        self._open()

    def _close(self, reason: str, silent_s: float = 0.0) -> None:
        self._reason = reason
        if self.closed:
            return
        loop = asyncio.get_running_loop()
        self.closed = True
        self._since = self._next_probe = loop.time()
        self._probes = 0
        left_s = max(self._limit - silent_s, self._limit * SHARE_TO_FIND_OUT)
        self._limit_timer = loop.call_later(left_s, self._give_up)

    def _give_up(self) -> None:
        self._on_given_up(f"the server was unavailable for {self._limit:.0f} s: {self._reason}")

    def _open(self) -> None:
        self.closed = False
        for timer in (self._probe_timer, self._limit_timer):
            if timer is not None:
                timer.cancel()
        self._probe_timer = self._limit_timer = None
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(False)
        self._on_open()

    def _schedule_probe(self) -> None:
        if self._probing or self._probe_timer is not None or not self._waiters:
            return
        loop = asyncio.get_running_loop()
        if self._next_probe <= loop.time():
            self._send_probe()
        else:
            self._probe_timer = loop.call_at(self._next_probe, self._send_probe)

    def _send_probe(self) -> None:
        self._probe_timer = None
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self._probing = True
                self._probes += 1
                wait = PROBE_WAITS_S[min(self._probes, len(PROBE_WAITS_S) - 1)]
                self._next_probe = asyncio.get_running_loop().time() + wait
                waiter.set_result(True)
                return

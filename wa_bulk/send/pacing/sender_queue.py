"""The queue for one sending number's tokens: who waits, and the one timer for all of them.

Whoever need not wait takes a token in one call. For those who must, one timer hands out what has come due
about every 20 ms; it runs only while someone waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from wa_bulk.send.pacing.slow_down import SlowDown
from wa_bulk.send.pacing.window import Window

_TICK_S = 0.020
_SHORTEST_WAIT_S = 0.001
_CANCELLED_KEPT = 64


class SenderQueue:
    """Tokens at `rate`/s for one sending number; first come, first served. A `SenderPacer`.

    Three bounds together: the window (never more than `rate` in a second), the flow (evenly) and, after a
    429, the slow-down. A request of more tokens than the window holds leaves alone, when no token left in
    the second before it, and the next one leaves after as long as its tokens take at `rate`.
    """

    __slots__ = (
        "__weakref__",
        "_clock",
        "_flow",
        "_released",
        "_slow_down",
        "_timer",
        "_waiters",
        "_waiting",
        "_window",
        "not_before",
        "rate",
    )

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        """`rate` is in tokens/s (0: unpaced); `clock` tells seconds and never goes back."""
        self.rate = rate
        self.not_before = 0.0
        self._clock = clock
        self._released = False
        if rate:  # unpaced, nobody asks them, and aiolimiter need not be imported
            from wa_bulk.send.pacing.flow import Flow

            self._window = Window(rate)
            self._flow = Flow(rate)
        self._slow_down: SlowDown | None = None
        # Who waits, and for how many tokens. Cancelled waiters stay in it until they come to the front, or
        # are too many: to take one out of the middle costs a pass over all.
        self._waiters: deque[tuple[asyncio.Future[None], int]] = deque()
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None

    def try_take(self, tokens: int = 1, /) -> bool:
        """Take `tokens` if they are due and nobody waits; return whether they were taken.

        Raises ValueError for less than one token.
        """
        if tokens != 1:
            self._prepare(tokens)
        if self._waiting:
            return False
        now = self._clock()
        if now < self.not_before:
            return False
        if not self.rate:
            self.not_before = 0.0
            return True
        window, flow = self._window, self._flow
        places = 1 if tokens == 1 else window.places_for(tokens)
        if window.room(now) < places or flow.room(now, places) < places:
            return False
        flow.draw(now, places)
        window.leave(now, tokens)
        if self._slow_down is not None:
            self._space_out(now, tokens)
        return True

    async def take(self, tokens: int = 1, /) -> None:
        """Wait for `tokens`. A call cancelled meanwhile leaves its place, or its tokens, to the next one.

        Raises ValueError for less than one token.
        """
        if not self._waiting:
            if self.try_take(tokens):
                return
        elif tokens != 1:
            self._prepare(tokens)
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append((waiter, tokens))
        self._waiting += 1
        if self._timer is None:
            self._set_timer(self._clock())
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                self._leave()
            else:
                self.give_back(tokens)
            raise
        if self.rate:  # as `use` does, one call less for every token
            self._window.leave_reserved(self._clock(), tokens)

    def hold(self, tokens: int = 1, /) -> None:
        """Keep `tokens` just taken for later: `use` or `give_back` must follow."""
        if self.rate:
            self._window.hold(tokens)

    def use(self, tokens: int = 1, /) -> None:
        """Count `tokens` that were held as leaving now."""
        if self.rate:
            self._window.leave_reserved(self._clock(), tokens)

    def give_back(self, tokens: int = 1, /) -> None:
        """Give up `tokens` that were held: they are due to whoever is next."""
        if self.rate:
            self._window.cancel(tokens)
            self._flow.give_back(self._window.places_for(tokens))
            if self._waiting:
                self._hand_out()

    def slow_down(self, retry_after: float | None = None, /) -> None:
        """After a 429: nothing leaves for `retry_after` seconds (at least 1), and then less than before."""
        if self._released:
            return
        now = self._clock()
        if self._slow_down is None:
            self._slow_down = SlowDown(self.rate)
        self._slow_down.refused(now, retry_after)
        self.not_before = max(self.not_before, self._slow_down.stopped_until)

    @property
    def pace(self) -> float:
        """Tokens/s at this moment: `rate`, or less while recovering from a 429."""
        return self.rate if self._slow_down is None else self._slow_down.pace(self._clock())

    def release(self) -> None:
        """Let everyone who waits go, and set no pace from now on, whatever the server answers."""
        self._released = True
        self.rate = self.not_before = 0.0
        self._slow_down = None
        self._let_all_go()

    def idle(self, now: float) -> bool:
        """Return whether a new object in place of this one would do as this one does."""
        if self._waiting or now < self.not_before:
            return False
        if self._slow_down is not None and not self._slow_down.over(now):
            return False
        return not self.rate or self._window.room(now) == self._window.places

    def _prepare(self, tokens: int) -> None:
        if tokens < 1:
            raise ValueError(f"tokens = {tokens}: expected at least 1, one for each recipient")
        if self.rate:
            self._flow.fit(self._clock(), self._window.places_for(tokens))

    def _hand_out(self) -> None:
        now = self._clock()
        if now >= self.not_before:
            if self.rate:
                self._hand_out_due(now)
            else:
                self.not_before = 0.0
                self._let_all_go()
        self._stop_timer()
        if self._waiters:
            self._set_timer(now)

    def _hand_out_due(self, now: float) -> None:
        window, waiters = self._window, self._waiters
        room = due = self._flow.room(now, window.room(now))
        handed_out = all_tokens = 0
        while waiters:
            waiter, tokens = entry = waiters.popleft()
            if waiter.done():
                continue
            places = 1 if tokens == 1 else window.places_for(tokens)
            if places > room:
                waiters.appendleft(entry)
                break
            waiter.set_result(None)
            room -= places
            all_tokens += tokens
            handed_out += 1
        if handed_out:
            self._waiting -= handed_out
            self._flow.draw(now, due - room)
            window.reserve(due - room)
            self._space_out(now, all_tokens)

    def _space_out(self, now: float, tokens: int) -> None:
        """Keep to the pace after a 429: what leaves now makes the next one wait."""
        if self._slow_down is None:
            return
        if self._slow_down.over(now):
            self._slow_down = None
        else:
            self.not_before = now + tokens / self._slow_down.pace(now)

    def _leave(self) -> None:
        """Let a cancelled waiter go; who was behind it may need less than it did."""
        waiters = self._waiters
        self._waiting -= 1
        if not self._waiting:
            waiters.clear()
            self._stop_timer()
        elif waiters and waiters[0][0].done():
            self._hand_out()
        elif len(waiters) > 2 * self._waiting + _CANCELLED_KEPT:
            self._waiters = deque(entry for entry in waiters if not entry[0].done())

    def _let_all_go(self) -> None:
        self._stop_timer()
        waiting = [waiter for waiter, _ in self._waiters if not waiter.done()]
        self._waiters.clear()
        self._waiting -= len(waiting)
        for waiter in waiting:
            waiter.set_result(None)

    def _set_timer(self, now: float) -> None:
        wait_s = self._wait_s(now, self._waiters[0][1])
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._hand_out)

    def _wait_s(self, now: float, tokens: int) -> float:
        """Return how long (s) until it is worth looking again for who is first in the queue."""
        wait_s = self.not_before - now
        if not self.rate:
            return max(wait_s, _SHORTEST_WAIT_S)
        wait_s = max(wait_s, self._window.wait_s(now, tokens))
        if wait_s > 0:
            return max(wait_s, _SHORTEST_WAIT_S)
        tick_s = max(_TICK_S, 0.25 / self.rate)
        return tick_s if tokens == 1 else max(tick_s, self._flow.wait_s(now, self._window.places_for(tokens)))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

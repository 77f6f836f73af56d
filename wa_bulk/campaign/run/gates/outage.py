"""A server that is away: everybody waits, one asks, and no row is written off for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from wa_bulk.send.outcome import Outcome

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 15.0
SUSPICION = 10
"""So many rows failing in a row, while nobody gets a proper answer, mean that the server is away."""


class Outage:
    """Tells a server that is away from rows that fail, and makes the run wait.

    A refused connection says nothing about a row: the server is away at once. A 5xx may be the row's own
    fault: the server is away when rows fail while no other row is answered.
    """

    def __init__(self, limit: float, on_given_up: Callable[[str], None]) -> None:
        self.away = False
        self.words = ""
        """For a person: since when, why, and when the next try is."""
        self.answers = 0
        """Proper answers so far; a row notes it before its first try."""
        self._limit = limit
        self._on_given_up = on_given_up
        self._in_a_row = 0
        self._back = asyncio.Event()
        self._back.set()
        self._halted = False
        self._prober: asyncio.Task[object] | None = None
        self._since = 0.0
        self._wait = FIRST_WAIT_S

    def answered(self) -> None:
        """Somebody got a proper answer: the server is there."""
        self.answers += 1
        if self._in_a_row or self.away:
            self._in_a_row = 0
            self._end()

    def reached(self) -> None:
        """A request got through to it, though no answer came back: nobody need wait any longer."""
        if self.away:
            self._in_a_row = 0
            self._end()

    def halt(self) -> None:
        """Lets everybody go: the run stops."""
        self._halted = True
        self._end()

    async def until_back(self) -> None:
        """Returns when the server is there, or the run stops."""
        await self._back.wait()

    async def is_to_blame(self, outcome: Outcome, answers_before: int) -> bool:
        """Whether a failed row is to be tried again because the server was away, after waiting for it.

        `answers_before` is `answers` at the row's first try. False: the row failed by itself, or the run
        stops.
        """
        if self._halted:
            return False
        if not self.away:
            if outcome.http_status is not None:
                if self.answers != answers_before:
                    return False
                self._in_a_row += 1
                if self._in_a_row < SUSPICION:
                    return False
            self._begin()
        if self._prober in (None, asyncio.current_task()):
            await self._wait_to_probe(outcome)
        else:
            await self._back.wait()
        return not self._halted

    async def _wait_to_probe(self, outcome: Outcome) -> None:
        gone = asyncio.get_running_loop().time() - self._since
        if gone >= self._limit:
            self._on_given_up(f"the server was away for {gone:.0f} s: {outcome.message}")
            return
        self._prober = asyncio.current_task()
        wait = min(self._wait, max(self._limit - gone, 0.1))
        self._wait = min(self._wait * 2, LONGEST_WAIT_S)
        self.words = (
            f"the server is away ({outcome.message}); asking again in {wait:.0f} s, "
            f"giving up after {self._limit:.0f} s"
        )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._back.wait(), wait)

    def _begin(self) -> None:
        self.away = True
        self._since = asyncio.get_running_loop().time()
        self._wait = FIRST_WAIT_S
        self._back.clear()

    def _end(self) -> None:
        self.away = False
        self.words = ""
        self._prober = None
        self._back.set()

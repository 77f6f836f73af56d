"""Rows that are to be sent again although they may have been taken: the user said so."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.send import defaults
from wa_bulk.send.retry import backoff

WAIT_INITIAL_S = defaults.RETRY_WAIT_INITIAL
WAIT_MAX_S = defaults.RETRY_WAIT_MAX


class RetryLater:
    """Keeps such rows, outside of any worker, until they may go: after a growing wait, and while the server
    is there. They do not go to find out whether it is, unless no other row is left.

    There are as many of them as may be in doubt at once: what was in flight, and a few.
    """

    def __init__(self, requeue: Callable[[RenderedRow], None], chance: random.Random) -> None:
        self._requeue = requeue
        self._chance = chance
        self._timers: dict[int, tuple[asyncio.TimerHandle, RenderedRow]] = {}
        self._until_open: list[RenderedRow] = []

    @property
    def waiting(self) -> int:
        """How many rows are kept."""
        return len(self._timers) + len(self._until_open)

    def after_wait(self, row: RenderedRow) -> None:
        """Let `row` go after a wait that grows with its attempts."""
        wait_s = backoff(row.attempts, WAIT_INITIAL_S, WAIT_MAX_S, self._chance)
        timer = asyncio.get_running_loop().call_later(wait_s, self._due, row.number)
        self._timers[row.number] = timer, row

    def until_open(self, row: RenderedRow) -> None:
        """Let `row` go when the gate is open."""
        self._until_open.append(row)

    def last_resort(self) -> RenderedRow | None:
        """Give one of the rows that wait for the gate."""
        return self._until_open.pop(0) if self._until_open else None

    def release(self) -> None:
        """Let the rows go that wait for the gate."""
        rows, self._until_open = self._until_open, []
        for row in rows:
            self._requeue(row)

    def give_up(self) -> list[RenderedRow]:
        """Let go of every row, which will not be sent again in this stretch."""
        rows = [row for _, row in self._timers.values()] + self._until_open
        for timer, _ in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._until_open = []
        return rows

    def _due(self, row_number: int) -> None:
        _, row = self._timers.pop(row_number)
        self._requeue(row)

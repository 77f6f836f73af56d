"""Calling the host's own code with each new row, after it is stored, so that nothing waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.callbacks.counters import Counters

OnRow = Callable[[CallbackRow], Awaitable[None]]

WAITING_MOST = 10_000
"""Rows that may wait for the host's code. Those beyond are in the store only."""

_DRAIN_S = 10.0
_LOG = logging.getLogger("wa_bulk.callbacks")


class Hook:
    """One task that calls `on_row` with one row after the other. Its failures are logged and counted."""

    def __init__(self, on_row: OnRow, counters: Counters) -> None:
        self._on_row = on_row
        self._counters = counters
        self._rows: asyncio.Queue[CallbackRow] = asyncio.Queue(WAITING_MOST)
        self._task = asyncio.create_task(self._run(), name="wa_bulk callbacks on_row")

    def add(self, rows: Iterable[CallbackRow]) -> None:
        """Have `on_row` called with these soon."""
        for row in rows:
            try:
                self._rows.put_nowait(row)
            except asyncio.QueueFull:
                if not self._counters.on_row_skipped:
                    _LOG.warning("on_row is %d rows behind: rows beyond are stored only", WAITING_MOST)
                self._counters.on_row_skipped += 1

    async def close(self) -> None:
        """Call it with what waits, for 10 s at most."""
        try:
            async with asyncio.timeout(_DRAIN_S):
                await self._rows.join()
        except TimeoutError:
            self._counters.on_row_skipped += self._rows.qsize()
            _LOG.warning("on_row was not called with %d rows, which are stored", self._rows.qsize())
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            row = await self._rows.get()
            try:
                await self._on_row(row)
            except Exception:  # whatever the host's code raises: the row is stored
                self._counters.on_row_failed += 1
                _LOG.exception("on_row failed; the row is stored")
            finally:
                self._rows.task_done()

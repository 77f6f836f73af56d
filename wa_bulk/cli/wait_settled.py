"""`--wait-settled`: a run does not end before callbacks had their time to settle what is unknown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from wa_bulk.callbacks.settle import settle
from wa_bulk.cli import loop, memory
from wa_bulk.cli.interrupt import two_step
from wa_bulk.cli.settle import HOW_TO_HEAR, in_words
from wa_bulk.history import History, HistoryError
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_format import Totals
from wa_bulk.ledger.past import Past, read_past
from wa_bulk.report.words import counted, duration, plain

_EVERY_S = 0.5
_NOTHING_SETTLED = "No callback has come for an unknown row. Is `wa-bulk callbacks` running?"


def wait_until_settled(log: Path, base_url: str, wait_s: float, console: Console) -> Totals:
    """Wait until callbacks speak of every unknown row of `log`, for `wait_s` seconds or until interrupted.

    Settles the log by what has come then, and returns its totals. Raises LogError.
    """
    with ExitStack() as opened:
        claimed = LockedLog.claim(log)
        opened.callback(claimed.close)
        past = read_past(log)

        def open_memory() -> History | None:
            history = memory.existing_memory(base_url)
            return opened.enter_context(history) if history is not None else None

        try:
            history = loop.run(_wait(past, open_memory, wait_s, console))
            settled = settle(claimed, past, history.deliveries) if history is not None else None
        except HistoryError as error:
            console.print(plain(str(error)), style="yellow", highlight=False, soft_wrap=True)
            return past.totals()
        words = HOW_TO_HEAR if settled is None else in_words(settled) or _NOTHING_SETTLED
        console.print(words, highlight=False, soft_wrap=True)
        return past.totals()


async def _wait(
    past: Past, open_memory: Callable[[], History | None], wait_s: float, console: Console
) -> History | None:
    """Return the memory once callbacks speak of all unknown rows, or the time is over."""
    unknown, give_up_at_s = past.totals().unknown, time.monotonic() + wait_s
    stop = asyncio.Event()
    history: History | None = None
    status = console.status("")
    with two_step(stop.set, status.stop), status:
        console.print(
            f"Waiting up to {duration(wait_s)} for callbacks to settle {counted(unknown, 'unknown row')}.",
            highlight=False,
        )
        while not stop.is_set() and (left_s := give_up_at_s - time.monotonic()) > 0:
            history = history or open_memory()
            heard = _heard(past, history) if history is not None else 0
            if heard == unknown:
                break
            status.update(f"{heard:,} of {unknown:,} settled, {duration(left_s)} left (Ctrl-C ends the wait)")
            try:
                await asyncio.wait_for(stop.wait(), min(_EVERY_S, left_s))
            except TimeoutError:
                continue
    return history or open_memory()


def _heard(past: Past, history: History) -> int:
    """Count the unknown rows that callbacks speak of by now."""
    return sum(
        1
        for rows in past.states.rows_in("unknown", "cut off")
        for _ in history.deliveries.of_run(past.run.run_id, rows[0], rows[-1])
    )

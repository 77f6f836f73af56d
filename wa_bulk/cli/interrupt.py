"""Signals that end a run: the first asks it to finish what is in flight, the second ends it at once."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from wa_bulk.cli import exits

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]  # Windows knows no SIGHUP


def not_ignored() -> list[signal.Signals]:
    """List the signals that end a run, without those that the process was started to ignore (nohup)."""
    return [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def two_step(first: Callable[[], None], before_exit: Callable[[], None]) -> Iterator[None]:
    """Within it, the first signal calls `first`; another calls `before_exit` and ends the process.

    Must be entered inside a running loop: `first` is called there, between two callbacks. A SIGHUP is never
    the second: a terminal that closes often sends two, and nobody pressed anything twice.
    """
    import asyncio

    loop = asyncio.get_running_loop()
    asked = False

    def on_signal(number: int) -> None:
        nonlocal asked
        if not asked:
            asked = True
            first()
        elif signal.Signals(number).name != "SIGHUP":
            before_exit()
            os._exit(exits.INTERRUPTED)

    before = {number: signal.getsignal(number) for number in not_ignored()}
    for number in before:
        try:
            loop.add_signal_handler(number, on_signal, number)
        except NotImplementedError:  # the loops of Windows
            signal.signal(number, lambda number, _: loop.call_soon_threadsafe(on_signal, number))
    try:
        yield
    finally:
        for number, handler in before.items():
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            if handler is not None:
                signal.signal(number, handler)

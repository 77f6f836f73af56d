"""SIGINT and SIGTERM: the first asks the run to finish what is in flight, the second ends at once."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wa_bulk.cli import exits

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def two_step(first: Callable[[], None], before_exit: Callable[[], None]) -> Iterator[None]:
    """Within it, the first signal calls `first`; another calls `before_exit` and ends the process.

    Must be entered inside a running loop: `first` is called there, between two callbacks.
    """
    loop = asyncio.get_running_loop()
    asked = False

    def on_signal() -> None:
        nonlocal asked
        if asked:
            before_exit()
            os._exit(exits.INTERRUPTED)
        asked = True
        first()

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

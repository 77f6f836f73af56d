"""`wa-bulk` with a witness to what is safe on disk, so that a power cut can be played after a kill.

`python -m tests.chaos.auditor SYNCED …` runs `wa-bulk …` as it is, but keeps in the file SYNCED how many
bytes of the log were synced last. What lies beyond may be lost when the power goes. With CLOCK_JUMPS in the
environment, the wall clock jumps to and fro meanwhile; with SLOW_DISK, writing takes its time.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

SIZE_BYTES = 8
CLOCK_JUMPS = "CLOCK_JUMPS"
SLOW_DISK = "SLOW_DISK"
WRITING_TAKES_S = 0.03
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
YEAR_S = 365 * 86_400


def watch(path: str) -> None:
    """From now on, note in `path` the size that each synced regular file had when its sync began."""
    noted = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    sync = os.fdatasync

    def fdatasync(fd: int) -> None:
        size = os.fstat(fd).st_size
        sync(fd)
        os.pwrite(noted, size.to_bytes(SIZE_BYTES, "little"), 0)

    os.fdatasync = fdatasync  # type: ignore[assignment]


def slow_the_disk_down() -> None:
    """From now on, whatever a thread of its own writes and syncs takes up to 30 ms before and after."""
    slow = random.Random()

    def slowed(act: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        def slowly(*words: Parameters.args, **named: Parameters.kwargs) -> Result:
            if threading.current_thread() is threading.main_thread():
                return act(*words, **named)
            time.sleep(slow.uniform(0, WRITING_TAKES_S))
            done = act(*words, **named)
            time.sleep(slow.uniform(0, WRITING_TAKES_S))
            return done

        return slowly

    os.write, os.fdatasync = slowed(os.write), slowed(os.fdatasync)


def let_the_clock_jump() -> None:
    """From now on, the wall clock is wrong by up to a year, and by another amount every 20 ms."""
    right_ns, monotonic = time.time_ns, time.monotonic

    def time_ns() -> int:
        return right_ns() + random.Random(int(monotonic() * 50)).randint(-YEAR_S, YEAR_S) * 1_000_000_000

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


if __name__ == "__main__":
    watch(sys.argv[1])
    if SLOW_DISK in os.environ:
        slow_the_disk_down()
    if CLOCK_JUMPS in os.environ:
        let_the_clock_jump()
    sys.argv = ["wa-bulk", *sys.argv[2:]]
    from wa_bulk.cli import main

    main()

"""`wa-bulk` with a witness to what is safe on disk, so that a power cut can be played after a kill.

`python -m tests.chaos.witness SYNCED …` runs `wa-bulk …` as it is, but keeps in the file SYNCED how many
bytes of the log were synced last. What lies beyond may be lost when the power goes. With CLOCK_JUMPS in the
environment, the wall clock jumps to and fro meanwhile.
"""

from __future__ import annotations

import os
import random
import sys
import time

SIZE_BYTES = 8
CLOCK_JUMPS = "CLOCK_JUMPS"
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


def let_the_clock_jump() -> None:
    """From now on, the wall clock is wrong by up to a year, and by another amount every 20 ms."""
    right_ns, monotonic = time.time_ns, time.monotonic

    def time_ns() -> int:
        return right_ns() + random.Random(int(monotonic() * 50)).randint(-YEAR_S, YEAR_S) * 1_000_000_000

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


if __name__ == "__main__":
    watch(sys.argv[1])
    if CLOCK_JUMPS in os.environ:
        let_the_clock_jump()
    sys.argv = ["wa-bulk", *sys.argv[2:]]
    from wa_bulk.cli import main

    main()

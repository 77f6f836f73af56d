"""Simulated senders: when do messages leave a pacer?"""

import asyncio
from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise

from tests.send.virtual import VirtualLoop
from wa_bulk.send.pacing.base import SenderPacer
from wa_bulk.send.pacing.local import LocalPacer
from wa_bulk.send.pacing.sender_queue import SenderQueue


def virtual_loop() -> VirtualLoop:
    """Return the running `VirtualLoop`."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


def virtual_pacer(rate: float) -> LocalPacer:
    """Return a pacer on the clock of the running `VirtualLoop`."""
    return LocalPacer(rate, clock=asyncio.get_running_loop().time)


def virtual_queue(rate: float) -> SenderQueue:
    """Return one sending number's pacer on the clock of the running `VirtualLoop`."""
    return virtual_pacer(rate).of(None)


async def senders(
    pacer: SenderPacer,
    count: int,
    seconds: float,
    reply_after: Callable[[], float],
    tokens: Callable[[], int] = lambda: 1,
) -> list[float]:
    """Return when (s) `count` workers, each waiting for its reply, sent within `seconds`: a time a token."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    departures: list[float] = []

    async def work() -> None:
        while True:
            wanted = tokens()
            if not pacer.try_take(wanted):
                await pacer.take(wanted)
            if loop.time() >= end:
                return
            departures.extend([loop.time()] * wanted)
            await asyncio.sleep(reply_after())

    await asyncio.gather(*(work() for _ in range(count)))
    assert all(earlier <= later for earlier, later in pairwise(departures))
    return departures


def most_in_a_window(departures: list[float], window_s: float = 1.0) -> int:
    """Return the most departures in any window [t, t + window_s)."""
    return max((bisect_left(departures, t + window_s) - i for i, t in enumerate(departures)), default=0)

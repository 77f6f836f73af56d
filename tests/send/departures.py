"""Simulated senders: when do messages leave a pacer?"""

import asyncio
from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise

from wa_bulk.send.pacing.local import Pacer


def virtual_pacer(rate: float) -> Pacer:
    """A pacer on the clock of the running `VirtualLoop`."""
    return Pacer(rate, clock=asyncio.get_running_loop().time)


async def senders(
    pacer: Pacer,
    count: int,
    seconds: float,
    reply_after: Callable[[], float],
) -> list[float]:
    """The times (s) at which `count` workers, each waiting for its reply, sent within `seconds`."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    departures: list[float] = []

    async def work() -> None:
        while True:
            if not pacer.try_take():
                await pacer.take()
            if loop.time() >= end:
                return
            departures.append(loop.time())
            await asyncio.sleep(reply_after())

    await asyncio.gather(*(work() for _ in range(count)))
    assert all(earlier <= later for earlier, later in pairwise(departures))
    return departures


def most_in_a_window(departures: list[float], window_s: float = 1.0) -> int:
    """The most departures in any window [t, t + window_s)."""
    return max((bisect_left(departures, t + window_s) - i for i, t in enumerate(departures)), default=0)

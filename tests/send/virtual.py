"""An event loop whose clock jumps from timer to timer: hours of pacing are tested in milliseconds."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import TypeVar

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time moves only when nothing is left to do, straight to the next timer and `lateness()` beyond.

    What a loop does between two selects takes no time, unless a test moves `now` itself (a stalled loop).
    """

    def __init__(self, lateness: Callable[[], float] = lambda: 0.0) -> None:
        self.now = 1000.0
        super().__init__(_Selector(self, lateness))

    def time(self) -> float:
        return self.now


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop, lateness: Callable[[], float]) -> None:
        super().__init__()
        self._loop_of_time = loop
        self._lateness = lateness

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("every task waits, and no timer is set")
        if timeout > 0:
            self._loop_of_time.now += timeout + self._lateness()
        return super().select(0)


def run(main: Coroutine[object, object, T], lateness: Callable[[], float] = lambda: 0.0) -> T:
    """Run `main` to its end on a `VirtualLoop`."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(lateness)) as runner:
        return runner.run(main)

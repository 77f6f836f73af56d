"""Processes on several machines: each has an event loop and a clock of its own; time is the same for all."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import random
from collections.abc import Callable, Coroutine

from tests.simulation.loop import Hangs, SimulatedLoop

STEPS_MAX = 150_000
"""Steps of all loops in one simulation: more mean that something turns in circles."""


class ProcessLoop(SimulatedLoop):
    """The loop of one process. `epoch` is what its clock shows at the beginning of the world, which goes
    `speed` times as fast."""

    def __init__(self, now: float, *, epoch: float, speed: float, late: Callable[[], float]) -> None:
        super().__init__(now, late, lambda steps: None)
        self.epoch = epoch
        self.speed = speed
        self._late_by = 0.0
        self._late = late
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Seconds on this machine's clock."""
        return self.epoch + self.now * self.speed

    def select(self, timeout: float | None) -> list[object]:
        """Wait for nothing: time passes between two steps."""
        return []

    def due(self) -> float:
        """Tell when it has something to do, in the world's seconds."""
        if self._ready or self._stopping:  # type: ignore[attr-defined]
            return self.now
        scheduled = self._scheduled  # type: ignore[attr-defined]
        return (scheduled[0]._when - self.epoch) / self.speed + self._late_by if scheduled else math.inf

    def step(self) -> None:
        """Do what is due."""
        asyncio._set_running_loop(self)
        try:
            self._run_once()  # type: ignore[attr-defined]
        finally:
            asyncio._set_running_loop(None)
        self._late_by = self._late()


class Process:
    """One process, from its start to its end. `kind` is its role, `number` tells it from all others."""

    def __init__(self, kind: str, number: int, loop: ProcessLoop, stop: Callable[[], None] | None) -> None:
        self.kind = kind
        self.number = number
        self.loop = loop
        self.stands_still_until = 0.0
        self.stood_still: list[tuple[float, float]] = []
        self.reaches_redis_from = 0.0
        """Until then what it sends to Redis, and what comes from there, is not delivered."""
        self.is_calm = False
        self.main: asyncio.Task[object] | None = None
        self.stop = stop
        """As SIGTERM does."""

    @property
    def is_over(self) -> bool:
        return self.loop.dead

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Have the process do something as soon as it can."""
        if not self.loop.dead:
            self.loop.call_soon(function, *arguments)

    def kill(self) -> None:
        """End it here and now."""
        self.loop.die()


class Machines:
    """All processes, and what happens in between. `at` schedules something that happens to them."""

    def __init__(self, chance: random.Random) -> None:
        self.now = 0.0
        self.processes: list[Process] = []
        self.before_step: Callable[[Process], None] = lambda process: None
        self.on_end: Callable[[Process], None] = lambda process: None
        self._chance = chance
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._steps = 0

    def at(self, when: float, what: Callable[[], object]) -> None:
        """Let something happen at a time, or now if that is past."""
        heapq.heappush(self._events, (max(when, self.now), next(self._numbers), what))

    def start(self, process: Process, main: Coroutine[object, object, object]) -> None:
        """Let a process begin."""
        process.loop.now = self.now
        process.main = process.loop.create_task(main)
        self.processes.append(process)

    def run(self, until: Callable[[], bool], by: float) -> None:
        """Let time pass until that is so. Raises Hangs if it is not by then."""
        while not until():
            running = [process for process in self.processes if not process.is_over]
            dues = [max(self.now, one.loop.due(), one.stands_still_until) for one in running]
            event = self._events[0][0] if self._events else math.inf
            soonest = min(dues, default=math.inf)
            if min(event, soonest) > by:
                raise Hangs(f"nothing more happens before {by:.0f} s")
            if event <= soonest:
                self.now, _, what = heapq.heappop(self._events)
                what()
            else:
                self.now = soonest
                first = [one for one, due in zip(running, dues, strict=True) if due == soonest]
                self._step(self._chance.choice(first))

    def _step(self, process: Process) -> None:
        self._steps += 1
        if self._steps > STEPS_MAX:
            raise Hangs(f"{STEPS_MAX} steps and no end")
        process.loop.now = self.now
        self.before_step(process)
        process.loop.step()
        assert process.main is not None
        if process.main.done() and not process.is_over:
            process.kill()
        if process.is_over:
            self.bury(process)

    def bury(self, process: Process) -> None:
        """Take a process apart that is over."""
        if process in self.processes:
            self.processes.remove(process)
            self.before_step(process)
            process.loop.tear_down()
            self.on_end(process)

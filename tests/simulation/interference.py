"""What breaks a process off: signals, kills and power cuts, at the points where a scenario puts them."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.disk import When
from tests.simulation.scenario import Interference, Point, StretchPlan
from tests.simulation.world import World

DEADLY = ("process killed", "power cut")


class Interferer:
    """Counts the operations of the disk, the events of the network and the steps of the loop, and strikes.

    `on_interrupt` stands for SIGINT.
    """

    def __init__(self, world: World, on_interrupt: Callable[[], None]) -> None:
        self.power_cut = False
        """Whether what ended the process was a power cut."""
        self._world = world
        self._on_interrupt = on_interrupt
        self._planned: tuple[Interference, ...] = ()
        self._operations = self._events = 0

    def begin(self, plan: StretchPlan) -> None:
        """Prepare for a process that begins, in the world's loop."""
        self.power_cut = False
        self._planned = plan.interference
        self._operations = self._events = 0
        assert self._world.loop is not None, "the process has no loop yet"
        for one in self._planned:
            if one.point == "time":
                self._world.loop.call_later(one.at, self._carry_out, one)

    def disk_operation(self, operation: str) -> When | None:
        """Tell whether, and when within this operation of the disk, the process dies."""
        self._operations += 1
        for one in self._due("disk", self._operations):
            if one.ending in DEADLY:
                self._world.note(f"{one.ending} {one.when} {operation}")
                self.power_cut = one.ending == "power cut"
                return one.when
            self._carry_out(one)
        return None

    def network_event(self) -> None:
        """Count something that can be seen from outside."""
        self._events += 1
        for one in self._due("network", self._events):
            self._carry_out(one)

    def step(self, steps: int) -> None:
        """Count a step that the event loop is about to take."""
        for one in self._due("step", steps):
            self._carry_out(one)

    def _due(self, point: Point, at: int) -> list[Interference]:
        return [one for one in self._planned if one.point == point and one.at == at]

    def _carry_out(self, interference: Interference) -> None:
        world = self._world
        if world.loop is None or world.loop.dead:
            return
        world.note(f"{interference.ending} at {interference.point}")
        if interference.ending in DEADLY:
            self.power_cut = interference.ending == "power cut"
            world.loop.die()
        elif interference.ending == "interrupted":
            self._on_interrupt()
        else:
            world.loop.cancel_main()

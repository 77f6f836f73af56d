"""Where a simulated run keeps its books. The local ledger on a simulated disk is the first; any `Ledger` can
be put in its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from tests.simulation.disk import Disk, DiskFaults, When
from tests.simulation.loop import SimulatedLoop, SimulatedThread
from tests.simulation.world import World
from wa_bulk.campaign.run.plan import Plan, rest_of
from wa_bulk.campaign.run.progress import CountingLedger
from wa_bulk.ledger.journal import Machine
from wa_bulk.ledger.local_ledger import LocalLedger
from wa_bulk.ledger.log_format import LogError, RunLine

EPOCH_NS = 1_700_000_000 * 10**9


class Storage(Protocol):
    """What outlives the processes of a run."""

    on_operation: Callable[[str], When | None]
    """Asked at every operation whether, and when within it, the process dies."""
    on_sync: Callable[[bytes], None]
    """Told of the log whenever all of it has become durable."""

    @property
    def exists(self) -> bool:
        """Whether a run was begun."""
        ...

    def log(self) -> bytes:
        """Give the run's log, as it could be read now."""
        ...

    def copy(self) -> Path:
        """Put the log into a file."""
        ...

    def begin(self, faults: DiskFaults, clock_error_s: float) -> None:
        """Let a new process begin, with these faults."""
        ...

    def rest(self, changes: dict[str, object]) -> Plan:
        """Plan the rest of the run. Raises LogError."""
        ...

    async def open_ledger(
        self, plan: Plan, line: RunLine, on_error: Callable[[LogError], None], loop: SimulatedLoop
    ) -> CountingLedger:
        """Open the ledger of a stretch."""
        ...

    def process_ended(self, *, power_cut: bool) -> None:
        """End the process, or the whole machine."""
        ...

    def discard(self) -> None:
        """Delete the log, as a user does who knows that nothing was sent."""
        ...


class LocalStorage:
    """The local ledger, on a simulated disk."""

    def __init__(self, world: World, path: Path) -> None:
        self.on_operation: Callable[[str], When | None] = lambda operation: None
        self.on_sync: Callable[[bytes], None] = lambda log: None
        self._world = world
        self._chance = world.chance("thread")
        self._clock_error_s = 0.0
        self._disk = disk = Disk(path, world.chance("disk"), world.note)
        disk.on_operation = lambda operation: self.on_operation(operation)
        disk.on_sync = lambda: self.on_sync(bytes(disk.content))

    @property
    def exists(self) -> bool:
        """Whether there is a log."""
        return self._disk.exists

    def log(self) -> bytes:
        """Give the log as programs see it."""
        return bytes(self._disk.content) if self._disk.exists else b""

    def copy(self) -> Path:
        """Put the log into a file."""
        self._disk.materialise()
        return self._disk.path

    def begin(self, faults: DiskFaults, clock_error_s: float) -> None:
        """Let a new process begin, with a disk of these faults."""
        self._disk.faults = faults
        self._clock_error_s = clock_error_s

    def rest(self, changes: dict[str, object]) -> Plan:
        """Plan the rest of the run. Raises LogError."""
        return rest_of(self._disk.open(), changes)

    async def open_ledger(
        self, plan: Plan, line: RunLine, on_error: Callable[[LogError], None], loop: SimulatedLoop
    ) -> CountingLedger:
        """Open the ledger of a stretch."""
        self._disk.die = loop.die
        self._disk.is_dead = lambda: loop.dead
        disk_s = self._world.scenario.disk_s
        thread = SimulatedThread(loop, lambda: disk_s * (0.2 + 4 * self._chance.random() ** 4))
        machine = Machine(thread, lambda: EPOCH_NS + round((loop.now + self._clock_error_s) * 1e9))
        line = msgspec.structs.replace(line, at="2023-11-14T22:13:20.000Z", pid=self._world.stretch)
        settings, rows = plan.settings, plan.rows
        if plan.past is None or plan.claimed is None:
            return await LocalLedger.create(
                self._disk.create(), line, rows, on_error=on_error, machine=machine
            )
        return await LocalLedger.resume(
            plan.claimed,
            plan.past,
            line,
            rows,
            retry_unknown=settings.on_unknown == "retry",
            retry_failed=settings.retry_failed,
            retry_rejected=settings.retry_rejected,
            on_error=on_error,
            machine=machine,
        )

    def process_ended(self, *, power_cut: bool) -> None:
        """End the process, or the whole machine."""
        if power_cut:
            self._disk.power_cut()
        else:
            self._disk.process_ended()

    def discard(self) -> None:
        """Delete the log."""
        self._disk.exists = False

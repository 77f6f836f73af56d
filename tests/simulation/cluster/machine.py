"""What stands in for the machines that processes run on: their log's disk, ids, names and clocks."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import msgspec

from tests.simulation.campaign import SHAPES
from tests.simulation.cluster.process import Machines, Process
from tests.simulation.cluster.scenario import ClusterScenario
from tests.simulation.disk import Disk, DiskFaults, LogFile
from wa_bulk.cluster import chunk, collector, loader, redis_ledger, role, submission, worker
from wa_bulk.ledger.log_format import LogError

EPOCH_NS = 1_700_000_000 * 10**9


class LogPlace:
    """Where the collected log is, and who has it open. Stands for `LockedLog`."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self.process: Process | None = None
        """The one that runs at this moment."""
        self._disk = disk
        self._path = path
        self._owner: Process | None = None
        path.unlink(missing_ok=True)

    @property
    def content(self) -> bytes:
        """The log, as programs see it."""
        return bytes(self._disk.content)

    def create(self, path: Path) -> LogFile:
        """Make the log."""
        self._own()
        path.touch()
        return self._disk.create()

    def claim(self, path: Path) -> LogFile:
        """Open the log."""
        self._own()
        return self._disk.open()

    def power_cut(self, process: Process) -> None:
        """Lose what was not synced, where this is the process's machine."""
        if process is self._owner:
            self._disk.power_cut()

    def ended(self, process: Process) -> None:
        """Let go of what a process had open."""
        if process is not self._owner:
            return
        self._owner = None
        self._disk.process_ended()
        if self._disk.exists:
            self._disk.materialise()
        else:
            self._path.unlink(missing_ok=True)

    def _own(self) -> None:
        if self._owner is not None:
            raise LogError("another process is writing to the log")
        assert self.process is not None, "a process opens it"
        process = self._owner = self.process
        self._disk.faults = DiskFaults()
        self._disk.die, self._disk.is_dead = process.kill, lambda: process.loop.dead


@contextmanager
def in_place_of_machines(
    scenario: ClusterScenario, log: LogPlace, ids: random.Random, machines: Machines
) -> Iterator[None]:
    """Put the simulated machines in the place of the real one."""
    token = SimpleNamespace(token_hex=lambda size: f"{ids.getrandbits(8 * size):0{2 * size}x}")
    clock = SimpleNamespace(time_ns=lambda: EPOCH_NS + round(machines.now * 1e9))
    text = campaign_text(scenario.campaign.shape).encode()

    def who_am_i() -> str:
        return f"host:{log.process.number if log.process is not None else 0}"

    with ExitStack() as stack:
        for module, name, value in (
            (redis_ledger, "secrets", token),
            (redis_ledger, "time", clock),
            (role, "secrets", token),
            (role, "who_am_i", who_am_i),
            (submission, "who_am_i", who_am_i),
            (worker, "who_am_i", who_am_i),
            (submission, "contents", lambda path: text),
            (loader, "QUEUED_BYTES_MAX", scenario.queued_bytes_max),
            (collector, "LockedLog", log),
            (collector, "_LOOK_S", 1.0),
            (worker, "LOOK_S", 2.0),
            (chunk, "ROWS", scenario.chunk_rows),
        ):
            stack.enter_context(mock.patch.object(module, name, value))
        logger, handler = logging.getLogger("wa_bulk"), logging.NullHandler()
        stack.enter_context(mock.patch.object(logger, "propagate", False))
        logger.addHandler(handler)
        stack.callback(logger.removeHandler, handler)
        yield


def campaign_text(shape: str) -> str:
    """Write a shape as a campaign file."""
    return f'name = "news"\nrecipients = "recipients.csv"\nmessage = {_inline(SHAPES[shape])}\n'


def _inline(value: object) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{name} = {_inline(part)}" for name, part in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_inline, value)) + "]"
    return msgspec.json.encode(value).decode()

"""A disk with one log on it: it forgets what was not synced, and it may refuse, at any operation."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from tests.simulation.loop import Killed

When = Literal["before", "middle", "after"]


class DiskFaults(msgspec.Struct, frozen=True):
    """Chances of each fault at each operation, and the page size in bytes."""

    full: float = 0.0
    broken: float = 0.0
    sync_fails: float = 0.0
    moved: float = 0.0
    page_bytes: int = 4096


class Disk:
    """The bytes of the log as programs see them, and how many of them a power cut leaves alone."""

    def __init__(self, path: Path, chance: random.Random, note: Callable[[str], None]) -> None:
        """`path` is where `materialise` puts a copy; `note` is told of every fault."""
        self.path = path
        self.exists = False
        self.name_is_durable = False
        self.content = bytearray()
        self.durable = 0
        self.faults = DiskFaults()
        self.sync_failed = False
        self.moved = False
        self.on_sync: Callable[[], None] = lambda: None
        self.on_operation: Callable[[str], When | None] = lambda operation: None
        """Asked at every operation whether, and when within it, the process dies."""
        self.die: Callable[[], None] = lambda: None
        self.is_dead: Callable[[], bool] = lambda: False
        """Whether the process died: what is left of it must change nothing."""
        self._chance = chance
        self._note = note

    def create(self) -> LogFile:
        """Make a new, empty log."""
        assert not self.exists, "there is a log already"
        self.exists = True
        self.name_is_durable = False
        self.content.clear()
        self.durable = 0
        return LogFile(self)

    def open(self) -> LogFile:
        """Open the log that there is, with a copy of it at `path`."""
        assert self.exists, "there is no log"
        self.materialise()
        return LogFile(self)

    def materialise(self) -> None:
        """Put a copy of the log where programs can read it."""
        self.path.write_bytes(self.content)

    def process_ended(self) -> None:
        """Keep what a process wrote that is gone now; what a failed sync left behind may be lost."""
        self.moved = False
        if self.sync_failed and self._chance.random() < 0.5:
            self._lose_pages()
        self.sync_failed = False

    def power_cut(self) -> None:
        """Lose what was not synced: all of it, a part, some pages in the middle."""
        self.moved = self.sync_failed = False
        if self.exists and not self.name_is_durable and self._chance.random() < 0.5:
            self.exists = False
            self._note("disk: new file lost")
            return
        self.name_is_durable = True
        self._lose_pages()

    def _lose_pages(self) -> None:
        if len(self.content) == self.durable:
            return
        how = self._chance.choice(["kept", "cut", "pages", "pages", "pages and cut"])
        self._note(f"disk: unsynced {how}")
        if "pages" in how:
            self._note("disk: pages lost")
            page = self.faults.page_bytes
            for start in range(self.durable // page * page, len(self.content), page):
                begin, end = max(start, self.durable), min(start + page, len(self.content))
                if self._chance.random() < 0.5:
                    rubbish = self._chance.random() < 0.3
                    self._note("disk: page of rubbish" if rubbish else "disk: page of zeros")
                    size = end - begin
                    self.content[begin:end] = self._chance.randbytes(size) if rubbish else bytes(size)
        if "cut" in how:
            del self.content[self._chance.randint(self.durable, len(self.content)) :]
        self.durable = len(self.content)

    def append(self, data: bytes) -> None:
        when = self.on_operation("append")
        chance, faults = self._chance.random(), self.faults
        if when == "before":
            self._die()
        if when == "middle":
            self.content += data[: self._chance.randint(0, len(data))]
            self._die()
        if chance < faults.full + faults.broken:
            number = errno.ENOSPC if chance < faults.full else errno.EIO
            self.content += data[: self._chance.randint(0, len(data))]
            self._refuse(number, "append")
        self.content += data
        if when == "after":
            self._die()

    def sync(self) -> None:
        when = self.on_operation("sync")
        if when in ("before", "middle"):
            self._die()
        if self._chance.random() < self.faults.sync_fails:
            self.sync_failed = True
            self._refuse(self._chance.choice([errno.EIO, errno.ENOSPC]), "sync")
        self.durable = len(self.content)
        self.on_sync()
        if when == "after":
            self._die()

    def is_in_place(self) -> bool:
        """Tell whether the log is still where it was; the chance that it was moved is taken here."""
        if not self.moved and self._chance.random() < self.faults.moved:
            self.moved = True
            self._note("disk: log moved away")
        return not self.moved

    def _refuse(self, number: int, operation: str) -> None:
        self._note(f"disk: {errno.errorcode[number]} at {operation}")
        raise OSError(number, os.strerror(number))

    def _die(self) -> None:
        self.die()
        raise Killed


class LogFile:
    """The log, open; what a journal writes to."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.closed = False

    @property
    def path(self) -> Path:
        return self._disk.path

    def append(self, data: bytes) -> None:
        assert not self.closed, "a closed log is written to"
        self._disk.append(data)

    def sync(self) -> None:
        assert not self.closed, "a closed log is synced"
        self._disk.sync()

    def sync_name(self) -> None:
        if (when := self._disk.on_operation("sync name")) in ("before", "middle"):
            self._disk._die()
        self._disk.name_is_durable = True
        if when == "after":
            self._disk._die()

    def size(self) -> int:
        return len(self._disk.content)

    def ends_within_line(self) -> bool:
        return bool(self._disk.content) and not self._disk.content.endswith(b"\n")

    def is_in_place(self) -> bool:
        return self._disk.is_in_place()

    def discard(self) -> None:
        if not self._disk.is_dead():
            self._disk.exists = False

    def close(self) -> None:
        self.closed = True

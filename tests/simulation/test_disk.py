"""The simulated disk loses what a real one may lose, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.simulation.disk import Disk, DiskFaults, LogFile
from tests.simulation.loop import Killed

PAGE = 16
SYNCED = b"0123456789abcdefghij\n"
UNSYNCED = bytes(range(33, 113))


def disk_with(seed: int, faults: DiskFaults | None = None) -> tuple[Disk, LogFile, list[str]]:
    """Make a disk with a log of which the first part is synced, and what is noted of it."""
    notes: list[str] = []
    disk = Disk(Path("unused"), random.Random(seed), notes.append)
    log = disk.create()
    log.append(SYNCED)
    log.sync()
    log.sync_name()
    disk.faults = faults or DiskFaults(page_bytes=PAGE)
    return disk, log, notes


@pytest.mark.parametrize("seed", range(100))
def test_a_power_cut_leaves_what_was_synced_and_whole_pages_of_the_rest(seed: int) -> None:
    disk, log, notes = disk_with(seed)
    log.append(UNSYNCED)
    disk.power_cut()
    assert disk.content.startswith(SYNCED)
    written = SYNCED + UNSYNCED
    for start in range(0, len(disk.content), PAGE):
        kept = bytes(disk.content[start : start + PAGE])
        whole = written[start : start + len(kept)]
        if kept != whole:
            assert kept[: max(len(SYNCED) - start, 0)] == whole[: max(len(SYNCED) - start, 0)]
            assert "disk: pages lost" in notes


def test_a_power_cut_may_lose_pages_keep_them_and_cut_the_end_off() -> None:
    left = set()
    for seed in range(100):
        disk, log, _ = disk_with(seed)
        log.append(UNSYNCED)
        disk.power_cut()
        left.add(bytes(disk.content))
    assert SYNCED + UNSYNCED in left
    assert any(len(content) < len(SYNCED + UNSYNCED) for content in left)
    assert any(bytes(PAGE) in content for content in left)


@pytest.mark.parametrize("seed", range(20))
def test_a_process_that_is_killed_leaves_all_that_it_wrote(seed: int) -> None:
    disk, log, _ = disk_with(seed)
    log.append(UNSYNCED)
    disk.process_ended()
    assert disk.content == SYNCED + UNSYNCED
    assert disk.durable == len(SYNCED)


def test_a_file_whose_name_was_never_synced_may_be_gone() -> None:
    gone = set()
    for seed in range(20):
        disk = Disk(Path("unused"), random.Random(seed), lambda note: None)
        log = disk.create()
        log.append(SYNCED)
        log.sync()
        disk.power_cut()
        gone.add(not disk.exists)
    assert gone == {True, False}


def test_a_disk_that_is_full_takes_a_part_and_says_so() -> None:
    _, log, notes = disk_with(1, DiskFaults(full=1.0))
    with pytest.raises(OSError, match="No space left"):
        log.append(UNSYNCED)
    assert log.size() < len(SYNCED + UNSYNCED)
    assert notes == ["disk: ENOSPC at append"]


def test_a_sync_that_fails_keeps_nothing_safe() -> None:
    disk, log, _ = disk_with(1, DiskFaults(sync_fails=1.0))
    log.append(UNSYNCED)
    with pytest.raises(OSError, match=r"error|space"):
        log.sync()
    assert disk.durable == len(SYNCED)


def test_a_process_can_die_in_the_middle_of_a_write() -> None:
    disk, log, _ = disk_with(3)
    disk.on_operation = lambda operation: "middle"
    with pytest.raises(Killed):
        log.append(UNSYNCED)
    assert len(SYNCED) <= log.size() < len(SYNCED + UNSYNCED)

"""Disks that fill up or fail, and other programs: nothing is sent that the log cannot keep."""

# The loop of a test may well wait for a small local file.
# ruff: noqa: ASYNC240
from __future__ import annotations

import asyncio
import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ledger.journals import END, begin, record
from tests.ledger.lines import encoded, run_line
from tests.ledger.simulated_disk import AtOnce, SimulatedFile
from wa_bulk.ledger import journal as journal_module
from wa_bulk.ledger.journal import Journal, Machine
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_format import LogError, Totals
from wa_bulk.ledger.past import read_past


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


@contextmanager
def full_disk(path: Path, bytes_left: int) -> Iterator[None]:
    """Files can grow to `bytes_left` more than this log, by a real limit of the system."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + bytes_left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_on_a_full_disk_nothing_more_is_intended(path: Path) -> None:
    errors: list[LogError] = []
    journal = await begin(path, run_line(), on_error=errors.append)
    await journal.intend([(1, 5)])
    record(journal, 1)
    kept = path.read_bytes()
    refused = pytest.raises(LogError, match=r"cannot write the log .*log\.jsonl: File too large")
    with full_disk(path, bytes_left=30), refused:
        await journal.intend([(6, 9)])
    torn = path.read_bytes()
    assert len(torn) == len(kept) + 30, "the line was begun"
    with pytest.raises(LogError, match="cannot write the log"):
        await journal.intend([(10, 12)])
    record(journal, 2)
    with pytest.raises(LogError, match="cannot write the log"):
        await journal.close(END)
    await journal.close(END)
    assert path.read_bytes() == torn, "and never gone on with"
    assert errors == [journal.error]
    assert read_past(path).totals() == Totals(unknown=5)


async def test_an_error_behind_the_scenes_is_told_at_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "FLUSH_S", 0.01)
    told: asyncio.Future[LogError] = asyncio.get_running_loop().create_future()
    journal = await begin(path, run_line(), on_error=told.set_result)
    with full_disk(path, bytes_left=0):
        record(journal, 1)
        assert "File too large" in str(await told)
    with pytest.raises(LogError, match="File too large"):
        await journal.intend([(2, 3)])
    with pytest.raises(LogError, match="File too large"):
        await journal.close()


async def test_no_space_on_the_device() -> None:
    log = LockedLog(Path("/dev/full"), os.open("/dev/full", os.O_WRONLY | os.O_APPEND))
    with pytest.raises(LogError, match="No space left on device"):
        await Journal.resume(log, run_line())
    assert log.fd == -1


async def test_a_closed_file(path: Path) -> None:
    log = LockedLog.create(path)
    journal = await Journal.create(log, run_line())
    os.close(log.fd)
    with pytest.raises(LogError, match="Bad file descriptor"):
        await journal.intend([(1, 1)])
    with pytest.raises(LogError, match="Bad file descriptor"):
        await journal.close()


async def test_a_log_that_cannot_be_begun_is_not_left_behind(path: Path) -> None:
    path.write_bytes(b"")
    with full_disk(path, bytes_left=10):
        path.unlink()
        with pytest.raises(LogError, match="File too large"):
            await begin(path, run_line())
    assert not path.exists()
    await (await begin(path, run_line())).close()


@pytest.mark.parametrize("how", ["deleted", "emptied", "added to", "rotated"])
async def test_a_log_that_others_lay_hands_on(path: Path, how: str) -> None:
    journal = await begin(path, run_line())
    await journal.intend([(1, 1)])
    match how:
        case "deleted":
            path.unlink()
        case "emptied":
            os.truncate(path, 0)
        case "rotated":
            path.rename(path.with_suffix(".1"))
            path.write_bytes(path.with_suffix(".1").read_bytes())
        case "added to":
            with path.open("ab") as log:
                log.write(b"\n")
    with pytest.raises(LogError, match="was deleted or changed by another program"):
        await journal.intend([(2, 2)])
    with pytest.raises(LogError, match="was deleted or changed"):
        await journal.close(END)


@pytest.mark.parametrize("passing", range(4))
async def test_a_failing_write_or_sync_is_the_last(path: Path, passing: int) -> None:
    """Each intent appends and syncs: whichever fails, nothing is written after it."""
    log = SimulatedFile(path)
    journal = await Journal.create(log, run_line(), machine=Machine(executor=AtOnce()))
    log.faults = [None] * passing + [OSError(errno.EIO, os.strerror(errno.EIO))]
    for first in range(1, 1 + passing // 2):
        await journal.intend([(first, first)])
    for _ in range(2):
        with pytest.raises(LogError, match=r"cannot write the log .*: Input/output error"):
            await journal.intend([(9, 9)])
    syncs, size = log.syncs, len(log.content)
    with pytest.raises(LogError, match="Input/output error"):
        await journal.close(END)
    assert (log.syncs, len(log.content)) == (syncs, size)
    assert log.closed


async def test_a_log_that_cannot_be_read_on_is_let_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(log: SimulatedFile) -> bool:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(SimulatedFile, "ends_within_line", fail)
    log = SimulatedFile(path, encoded(run_line()))
    with pytest.raises(LogError, match=r"cannot read the log .*: Input/output error"):
        await Journal.resume(log, run_line(), machine=Machine(executor=AtOnce()))
    assert log.closed


async def test_a_log_whose_making_is_cancelled_is_not_left_behind(path: Path) -> None:
    making = asyncio.create_task(begin(path, run_line()))
    await asyncio.sleep(0)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert not path.exists()

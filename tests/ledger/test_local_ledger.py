# The loop of a test may well wait for a small local file.
# ruff: noqa: ASYNC240
from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger import contract
from tests.ledger.contract import ROWS, LedgerContract, claimed
from tests.ledger.lines import RUN_ID, encoded, intent, result_line, run_line
from tests.ledger.simulated_disk import AtOnce, SimulatedFile
from wa_bulk.ledger import local_ledger
from wa_bulk.ledger.base import Claim, Ledger
from wa_bulk.ledger.journal import Machine
from wa_bulk.ledger.local_ledger import LocalLedger, consecutive
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_format import EndLine, LogError, ReopenedLine, ResultLine, Totals, WithdrawnLine
from wa_bulk.ledger.log_reader import read
from wa_bulk.ledger.past import read_past
from wa_bulk.ledger.row_states import STATUSES
from wa_bulk.send.outcome import Outcome

MACHINE = Machine(executor=AtOnce())


class LocalBench(contract.Bench):
    def __init__(self, folder: Path) -> None:
        self.path = folder / "log.jsonl"
        self.rows = 0

    async def begin(self, rows: int = ROWS) -> Ledger:
        self.rows = rows
        return await LocalLedger.create(self.path, run_line(rows=rows), rows)

    async def die(self, ledger: Ledger) -> None:
        left = self.path.read_bytes()
        self.path.unlink()
        with pytest.raises(LogError, match="was deleted"):
            await ledger.abandon()
        self.path.write_bytes(left)

    async def resume(
        self, *, retry_unknown: bool = False, retry_failed: bool = False, retry_rejected: bool = False
    ) -> Ledger:
        log = LockedLog.claim(self.path)
        return await LocalLedger.resume(
            log,
            read_past(self.path),
            run_line(rows=self.rows),
            self.rows,
            retry_unknown=retry_unknown,
            retry_failed=retry_failed,
            retry_rejected=retry_rejected,
        )


class TestLocalLedger(LedgerContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> contract.Bench:
        return LocalBench(tmp_path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


async def test_what_is_done_is_in_the_log(path: Path) -> None:
    ledger = await LocalLedger.create(path, run_line(rows=9), 9)
    outcome = Outcome("rejected", request_id="orders-1", http_status=400, code=3002, message="no", attempts=2)
    await ledger.intend([1, 2, 4])
    ledger.settle(1, "+447911123456", outcome, "because")
    ledger.withdraw([4, 2], "stopped")
    ledger.reopen(1, 3, "all the same")
    await ledger.close("fatal", "3002: no")
    _, first, second, result, *withdrawn, reopened, end = read(path)
    assert [getattr(line, "rows", None) for line in (first, second)] == [(1, 2), (4, 4)]
    assert isinstance(result, ResultLine)
    assert msgspec.structs.replace(result, at="") == ResultLine(
        *(RUN_ID, 1, "+447911123456", "rejected", "", 2),
        request_id="orders-1",
        http_status=400,
        code=3002,
        error="no",
        reason="because",
    )
    assert withdrawn == [WithdrawnLine(RUN_ID, (row, row), "stopped") for row in (2, 4)]
    assert reopened == ReopenedLine(RUN_ID, (1, 3), "all the same")
    assert isinstance(end, EndLine)
    assert (end.stopped, end.detail, end.totals) == ("fatal", "3002: no", Totals())
    assert end.synced == path.read_bytes().index(b'{"type":"result"')


async def test_what_stays_unknown_is_logged_as_that(path: Path) -> None:
    path.write_bytes(encoded(run_line(rows=9), intent(1, 1)))
    log = LockedLog.claim(path)
    ledger = await LocalLedger.resume(log, read_past(path), run_line(rows=9), 9)
    ledger.settle(1, None, Outcome("failed", message="connection refused"))
    await ledger.close(None, None)
    result = [line for line in read(path) if isinstance(line, ResultLine)][-1]
    assert (result.status, result.error) == ("unknown", "connection refused")


async def test_rows_come_in_bounded_pieces(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_ledger, "CLAIM_ROWS", 7)
    path.write_bytes(encoded(run_line(rows=30), *(result_line(row) for row in (1, 8, 9, 20))))
    log = LockedLog.claim(path)
    ledger = await LocalLedger.resume(log, read_past(path), run_line(rows=30), 30)
    claims = [claim.rows async for claim in _claims(ledger)]
    assert max(map(len, claims)) <= 7
    assert [row for rows in claims for row in rows] == [
        row for row in range(1, 31) if row not in (1, 8, 9, 20)
    ]
    await ledger.close(None, None)


async def _claims(ledger: LocalLedger) -> AsyncIterator[Claim]:
    while (claim := await ledger.claim()) is not None:
        yield claim


async def test_a_run_of_any_size_costs_nothing_before_it_comes_to_its_rows(path: Path) -> None:
    ledger = await LocalLedger.create(path, run_line(rows=1_000_000_000), 1_000_000_000)
    claim = await ledger.claim()
    assert claim is not None
    assert claim.rows == range(1, local_ledger.CLAIM_ROWS + 1)
    assert len(ledger._states._states) == 0
    await ledger.close("interrupted", "interrupted")


async def test_progress_counts_what_was_settled_since_it_was_opened(path: Path) -> None:
    path.write_bytes(encoded(run_line(rows=9), result_line(1)))
    log = LockedLog.claim(path)
    ledger = await LocalLedger.resume(log, read_past(path), run_line(rows=9), 9)
    assert (ledger.rows, ledger.handled) == (9, 0)
    for row in (2, 3):
        ledger.settle(row, None, Outcome("skipped"), "duplicate of row 1")
    assert (ledger.handled, ledger.totals()) == (2, Totals(accepted=1, skipped=2))
    await ledger.close(None, None)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["settle", "intend", "withdraw", "reopen"]),
            st.integers(1, 12),
            st.integers(1, 12),
            st.sampled_from(STATUSES),
        ),
        max_size=40,
    )
)
def test_the_counters_agree_with_the_rows(steps: list[tuple[str, int, int, str]]) -> None:
    log = SimulatedFile(Path("nowhere.jsonl"))

    async def work() -> None:
        ledger = await LocalLedger.create(log, run_line(rows=12), 12, machine=MACHINE)
        for what, a, b, status in steps:
            first, last = min(a, b), max(a, b)
            match what:
                case "settle":
                    ledger.settle(a, None, Outcome(status))  # type: ignore[arg-type]
                case "intend":
                    await ledger.intend(range(first, last + 1))
                case "withdraw":
                    ledger.withdraw(range(first, last + 1), "")
                case "reopen":
                    ledger.reopen(first, last, "")
        ledger.withdraw(range(1, 13), "")
        assert ledger.totals() == ledger._states.totals()
        await ledger.close(None, None)

    asyncio.run(work())


class TestRefused:
    @pytest.mark.parametrize("change", [b'{"type":"poll","run_id":"5f0c"}\n', None])
    async def test_a_log_that_changed_since_it_was_read(self, path: Path, change: bytes | None) -> None:
        path.write_bytes(encoded(run_line(rows=9)))
        log = LockedLog.claim(path)
        past = read_past(path)
        if change is None:
            path.rename(path.with_suffix(".old"))
            path.write_bytes(encoded(run_line(rows=9)))
        else:
            with path.open("ab") as other:
                other.write(change)
        with pytest.raises(LogError, match="was changed since it was read: resume it again"):
            await LocalLedger.resume(log, past, run_line(rows=9), 9)
        assert log.fd == -1

    async def test_a_log_from_before_format_1(self, path: Path) -> None:
        path.write_bytes(encoded(run_line(rows=9)).replace(b'"format":1,', b""))
        before = path.read_bytes()
        log = LockedLog.claim(path)
        with pytest.raises(LogError, match="before log format 1"):
            await LocalLedger.resume(log, read_past(path), run_line(rows=9), 9)
        assert log.fd == -1
        assert path.read_bytes() == before

    async def test_a_log_that_exists(self, path: Path) -> None:
        path.write_bytes(b"kept")
        with pytest.raises(LogError, match="exists already"):
            await LocalLedger.create(path, run_line(rows=9), 9)
        assert path.read_bytes() == b"kept"


async def test_a_log_that_fails_is_told_once_and_for_all(path: Path) -> None:
    log = SimulatedFile(path)
    told: list[LogError] = []
    ledger = await LocalLedger.create(log, run_line(rows=9), 9, on_error=told.append, machine=MACHINE)
    assert ledger.error is None
    log.faults = [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))]
    with pytest.raises(LogError, match="No space left on device"):
        await ledger.intend([1])
    ledger.settle(2, None, Outcome("rejected"))
    with pytest.raises(LogError, match="No space left"):
        await ledger.intend([3])
    with pytest.raises(LogError, match="No space left"):
        await ledger.close(None, None)
    assert told == [ledger.error]
    assert log.closed


async def test_claims_of_the_end_of_a_lost_log(path: Path) -> None:
    run = run_line(rows=ROWS, settings={"rate": 0, "concurrency": 3})
    path.write_bytes(encoded(run, intent(1, 2, synced=0), result_line(1)) + b"\0" * 50)
    log = LockedLog.claim(path)
    ledger = await LocalLedger.resume(log, read_past(path), run, ROWS)
    assert (await claimed(ledger))[:6] == [
        *[(row, "cut off") for row in (2, 3, 4, 5)],
        *[(row, "never") for row in (6, 7)],
    ]
    await ledger.close(None, None)
    assert read_past(path).totals() == Totals(accepted=1, unknown=4)


@given(rows=st.sets(st.integers(1, 60)).map(sorted))
def test_consecutive_rows_are_put_together(rows: list[int]) -> None:
    ranges = [*consecutive(rows)]
    assert [row for first, last in ranges for row in range(first, last + 1)] == rows
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(ranges))

# The loop of a test may well wait for a small local file.
# ruff: noqa: ASYNC240
from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.lines import RUN_ID, encoded, result_line, run_line, texts
from wa_bulk.ledger import journal as journal_module
from wa_bulk.ledger.journal import Journal
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_format import (
    Damage,
    EndLine,
    IntentLine,
    LogError,
    ResultLine,
    Totals,
    WithdrawnLine,
    read,
    timestamp,
)
from wa_bulk.ledger.row_states import Ledger
from wa_bulk.send.outcome import Outcome

PROJECT = Path(__file__).parents[2]
ACCEPTED = Outcome("accepted", message_id="m1", http_status=200, attempts=1, latency_ms=12.5)
END = EndLine(RUN_ID, timestamp(0), None, Totals(accepted=1))


class WatchedJournal(Journal):
    """Tells of each writing once it is done: how many bytes, and whether they were synced."""

    appended: asyncio.Queue[tuple[int, bool]]

    def _append(self, data: bytes, sync: bool) -> None:
        super()._append(data, sync)
        self._loop.call_soon_threadsafe(self.appended.put_nowait, (len(data), sync))


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


async def test_a_run_leaves_a_whole_log(path: Path) -> None:
    run = run_line(pid=os.getpid())
    journal = await Journal.create(path, run)
    assert list(read(path)) == [run]
    await journal.intend(1, 3)
    journal.record(1, "+447911123456", ACCEPTED)
    journal.record(2, None, Outcome("rejected"), "row 2, column phone: is empty")
    journal.withdraw(3, 3, "stopped before it left")
    await journal.close(END)
    lines = list(read(path))
    first, second = lines[2:4]
    assert isinstance(first, ResultLine)
    assert isinstance(second, ResultLine)
    assert lines == [
        run,
        IntentLine(RUN_ID, (1, 3)),
        ResultLine(
            *(RUN_ID, 1, "+447911123456", "accepted", first.at, 1),
            message_id="m1",
            http_status=200,
            latency_ms=12.5,
        ),
        ResultLine(RUN_ID, 2, None, "rejected", second.at, 0, reason="row 2, column phone: is empty"),
        WithdrawnLine(RUN_ID, (3, 3), "stopped before it left"),
        END,
    ]


async def test_an_intent_carries_every_result_before_it(path: Path) -> None:
    journal = await Journal.create(path, run_line())
    for first in range(1, 200, 10):
        await journal.intend(first, first + 9)
        ledger = Ledger.from_log(path)
        assert ledger.totals() == Totals(accepted=first - 1, unknown=10)
        for row in range(first, first + 10):
            journal.record(row, "+447911123456", ACCEPTED)
    await journal.close()
    assert Ledger.from_log(path).totals() == Totals(accepted=200)


async def test_rows_with_gaps_are_intended_together(path: Path) -> None:
    journal = await Journal.create(path, run_line())
    await journal.intend_rows([2, 3, 4, 8, 11, 12])
    assert [line.rows for line in read(path) if isinstance(line, IntentLine)] == [(2, 4), (8, 8), (11, 12)]
    await journal.close()


async def test_intents_asked_for_at_once_keep_their_order(path: Path) -> None:
    journal = await Journal.create(path, run_line())
    await asyncio.gather(*(journal.intend(row, row) for row in range(1, 30)))
    await journal.close()
    assert [line.rows[0] for line in read(path) if isinstance(line, IntentLine)] == list(range(1, 30))


async def test_a_cancelled_intend_loses_no_result(path: Path) -> None:
    journal = await Journal.create(path, run_line())
    journal.record(1, "+447911123456", ACCEPTED)
    intent = asyncio.create_task(journal.intend(2, 9))
    await asyncio.sleep(0)
    intent.cancel()
    with pytest.raises(asyncio.CancelledError):
        await intent
    journal.withdraw(2, 9, "cancelled")
    await journal.close()
    ledger = Ledger.from_log(path)
    assert (ledger.state(1), ledger.state(2)) == ("accepted", "never")


async def test_results_are_written_and_synced_without_an_intent(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "FLUSH_S", 0.01)
    monkeypatch.setattr(journal_module, "SYNC_S", 0.1)
    WatchedJournal.appended = asyncio.Queue()
    journal = await WatchedJournal.create(path, run_line())
    assert isinstance(journal, WatchedJournal)
    for _ in range(2):
        while not journal.appended.empty():
            journal.appended.get_nowait()
        journal.record(1, "+447911123456", ACCEPTED)
        size, synced = await journal.appended.get()
        assert size > 0
        assert not synced
        assert isinstance(list(read(path))[-1], ResultLine)
        while not synced:
            size, synced = await journal.appended.get()
    assert journal._timer is None, "nothing to do, nothing done"
    await journal.close()


@given(
    row=st.integers(1, 1_000_000_000),
    to=st.none() | texts,
    outcome=st.builds(
        Outcome,
        status=st.sampled_from(["accepted", "rejected", "failed", "unknown", "skipped"]),
        message_id=st.none() | texts,
        request_id=st.none() | texts,
        http_status=st.none() | st.integers(100, 599),
        code=st.none() | st.integers(),
        message=st.none() | texts,
        attempts=st.integers(0, 99),
        latency_ms=st.none() | st.floats(0, 1e6),
    ),
    reason=st.none() | texts,
)
def test_any_outcome_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, row: int, to: str | None, outcome: Outcome, reason: str | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-outcome.jsonl"
    path.unlink(missing_ok=True)

    async def write() -> None:
        journal = await Journal.create(path, run_line())
        journal.record(row, to, outcome, reason)
        await journal.close()

    asyncio.run(write())
    _, line = read(path)
    assert isinstance(line, ResultLine)
    assert (line.row, line.to, line.reason) == (row, to, reason)
    names = ("status", "message_id", "request_id", "http_status", "code", "attempts", "latency_ms")
    assert [getattr(line, name) for name in names] == [getattr(outcome, name) for name in names]
    assert line.error == outcome.message


async def test_half_a_character_does_not_stop_the_books(path: Path) -> None:
    journal = await Journal.create(path, run_line())
    journal.record(1, "+447911123456", ACCEPTED)
    journal.record(2, "\ud83d", Outcome("rejected", message="no \udcff number"))
    await journal.close(END)
    _, accepted, rejected, end = read(path)
    assert isinstance(accepted, ResultLine)
    assert accepted.message_id == "m1"
    assert isinstance(rejected, ResultLine)
    assert (rejected.to, rejected.error) == ("?", "no ? number")
    assert end == END


STEADY_RUN = """
import asyncio, sys
from tests.ledger.lines import run_line
from wa_bulk.ledger.journal import Journal
from wa_bulk.send.outcome import Outcome

async def run() -> None:
    journal = await Journal.create(sys.argv[1], run_line())
    row = 1
    while True:
        await journal.intend(row, row + 9)
        print(row, flush=True)
        for row in range(row, row + 10):
            journal.record(row, "+447911123456", Outcome("accepted", message_id="m"))
        row += 1

asyncio.run(run())
"""


@pytest.mark.parametrize("intents", [1, 2, 30])
def test_a_killed_process_leaves_no_more_open_than_it_had_announced(path: Path, intents: int) -> None:
    command = [sys.executable, "-c", STEADY_RUN, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT) as process:
        assert process.stdout is not None
        announced = [int(process.stdout.readline()) for _ in range(intents)][-1]
        process.kill()
        announced = max([announced, *map(int, process.stdout.read().split())])
    ledger = Ledger.from_log(path)
    settled = [ledger.state(row) for row in range(1, announced)]
    assert settled.count("accepted") == announced - 1
    assert ledger.state(announced) in ("intended", "accepted")
    assert ledger.totals().unknown <= 10


class TestResume:
    async def test_goes_on_behind_what_is_there(self, path: Path) -> None:
        path.write_bytes(encoded(run_line(pid=1), IntentLine(RUN_ID, (1, 2)), result_line(1)))
        journal = await Journal.resume(LockedLog.claim(path), run_line(pid=2))
        await journal.intend(3, 3)
        await journal.close()
        assert [type(line).__name__ for line in read(path)] == [
            *("RunLine", "IntentLine", "ResultLine", "RunLine", "IntentLine")
        ]

    async def test_a_line_cut_at_any_byte_is_ended_and_nothing_else_changed(self, path: Path) -> None:
        kept = encoded(run_line(), IntentLine(RUN_ID, (1, 2)))
        last = encoded(result_line(1))
        for cut in range(len(last)):
            path.write_bytes(kept + last[:cut])
            journal = await Journal.resume(LockedLog.claim(path), run_line(pid=2))
            journal.record(2, "+447911123456", ACCEPTED)
            await journal.close()
            assert path.read_bytes().startswith(kept + last[:cut])
            damages: list[Damage] = []
            lines = list(read(path, damages.append))
            whole = cut == len(last) - 1
            assert [type(line).__name__ for line in lines] == [
                *("RunLine", "IntentLine", *["ResultLine"] * whole, "RunLine", "ResultLine")
            ]
            assert all(damage.torn for damage in damages)
            assert Ledger.from_log(path).totals() == Totals(accepted=1 + whole, unknown=1 - whole)

    async def test_a_log_in_use_stays_as_it_is(self, path: Path) -> None:
        journal = await Journal.create(path, run_line(pid=os.getpid()))
        before = path.read_bytes()
        with pytest.raises(LogError, match=rf"another process \(pid {os.getpid()}\)"):
            LockedLog.claim(path)
        with pytest.raises(LogError, match="exists already"):
            await Journal.create(path, run_line())
        assert path.read_bytes() == before
        await journal.close()
        LockedLog.claim(path).close()


class TestFailure:
    async def test_on_a_full_disk_nothing_more_is_intended(self, path: Path) -> None:
        errors: list[LogError] = []
        journal = await Journal.create(path, run_line(), on_error=errors.append)
        await journal.intend(1, 5)
        journal.record(1, "+447911123456", ACCEPTED)
        kept = path.read_bytes()
        refused = pytest.raises(LogError, match=r"cannot write the log .*log\.jsonl: File too large")
        with full_disk(path, bytes_left=30), refused:
            await journal.intend(6, 9)
        torn = path.read_bytes()
        assert len(torn) == len(kept) + 30, "the line was begun"
        with pytest.raises(LogError, match="cannot write the log"):
            await journal.intend(10, 12)
        journal.record(2, "+447911123457", ACCEPTED)
        with pytest.raises(LogError, match="cannot write the log"):
            await journal.close(END)
        await journal.close(END)
        assert path.read_bytes() == torn, "and never gone on with"
        assert errors == [journal.error]
        assert Ledger.from_log(path).totals() == Totals(unknown=5)

    async def test_an_error_behind_the_scenes_is_told_at_once(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(journal_module, "FLUSH_S", 0.01)
        told: asyncio.Future[LogError] = asyncio.get_running_loop().create_future()
        journal = await Journal.create(path, run_line(), on_error=told.set_result)
        with full_disk(path, bytes_left=0):
            journal.record(1, "+447911123456", ACCEPTED)
            assert "File too large" in str(await told)
        with pytest.raises(LogError, match="File too large"):
            await journal.intend(2, 3)
        with pytest.raises(LogError, match="File too large"):
            await journal.close()

    async def test_no_space_on_the_device(self) -> None:
        log = LockedLog(Path("/dev/full"), os.open("/dev/full", os.O_WRONLY | os.O_APPEND))
        with pytest.raises(LogError, match="No space left on device"):
            await Journal.resume(log, run_line())
        assert log.fd == -1

    async def test_a_closed_file(self, path: Path) -> None:
        journal = await Journal.create(path, run_line())
        os.close(journal._log.fd)
        with pytest.raises(LogError, match="Bad file descriptor"):
            await journal.intend(1, 1)
        with pytest.raises(LogError, match="Bad file descriptor"):
            await journal.close()

    async def test_a_log_that_cannot_be_begun_is_not_left_behind(self, path: Path) -> None:
        path.write_bytes(b"")
        with full_disk(path, bytes_left=10):
            path.unlink()
            with pytest.raises(LogError, match="File too large"):
                await Journal.create(path, run_line())
        assert not path.exists()
        await (await Journal.create(path, run_line())).close()

    @pytest.mark.parametrize("how", ["deleted", "emptied", "added to"])
    async def test_a_log_that_others_lay_hands_on(self, path: Path, how: str) -> None:
        journal = await Journal.create(path, run_line())
        await journal.intend(1, 1)
        match how:
            case "deleted":
                path.unlink()
            case "emptied":
                os.truncate(path, 0)
            case "added to":
                with path.open("ab") as log:
                    log.write(b"\n")
        with pytest.raises(LogError, match="was deleted or changed by another program"):
            await journal.intend(2, 2)
        with pytest.raises(LogError, match="was deleted or changed"):
            await journal.close(END)

# The loop of a test may well wait for a small local file.
# ruff: noqa: ASYNC240
from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.journals import END, begin, record
from tests.ledger.lines import RUN_ID, encoded, result_line, run_line, texts
from tests.ledger.simulated_disk import AtOnce, SimulatedFile
from wa_bulk.ledger import journal as journal_module
from wa_bulk.ledger.journal import Journal, Machine
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_format import (
    IntentLine,
    LogError,
    ResultLine,
    Totals,
    WithdrawnLine,
)
from wa_bulk.ledger.log_reader import Damage, read
from wa_bulk.ledger.past import read_past
from wa_bulk.send.outcome import Outcome

PROJECT = Path(__file__).parents[2]


class WatchedJournal(Journal):
    """Tells of each writing once it is done: how many bytes, and whether they were synced."""

    appended: asyncio.Queue[tuple[int, bool]]

    def _append(self, data: bytes, sync: bool) -> None:
        super()._append(data, sync)
        self._loop.call_soon_threadsafe(self.appended.put_nowait, (len(data), sync))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


async def test_a_run_leaves_a_whole_log(path: Path) -> None:
    run = run_line(pid=os.getpid())
    journal = await begin(path, run)
    assert list(read(path)) == [run]
    await journal.intend([(1, 3)])
    record(journal, 1)
    record(journal, 2, None, Outcome("rejected"), "row 2, column phone: is empty")
    journal.append(WithdrawnLine(RUN_ID, (3, 3), "stopped before it left"))
    await journal.close(END)
    lines = list(read(path))
    first, second = lines[2:4]
    assert isinstance(first, ResultLine)
    assert isinstance(second, ResultLine)
    assert lines == [
        run,
        IntentLine(RUN_ID, (1, 3), len(encoded(run))),
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
    journal = await begin(path, run_line())
    for first in range(1, 200, 10):
        await journal.intend([(first, first + 9)])
        past = read_past(path)
        assert past.totals() == Totals(accepted=first - 1, unknown=10)
        for row in range(first, first + 10):
            record(journal, row)
    await journal.close()
    assert read_past(path).totals() == Totals(accepted=200)


async def test_rows_with_gaps_are_intended_together(path: Path) -> None:
    journal = await begin(path, run_line())
    await journal.intend([(2, 4), (8, 8), (11, 12)])
    assert [line.rows for line in read(path) if isinstance(line, IntentLine)] == [(2, 4), (8, 8), (11, 12)]
    await journal.close()


async def test_intents_asked_for_at_once_keep_their_order(path: Path) -> None:
    journal = await begin(path, run_line())
    await asyncio.gather(*(journal.intend([(row, row)]) for row in range(1, 30)))
    await journal.close()
    assert [line.rows[0] for line in read(path) if isinstance(line, IntentLine)] == list(range(1, 30))


async def test_a_cancelled_intend_loses_no_result(path: Path) -> None:
    journal = await begin(path, run_line())
    record(journal, 1)
    intent = asyncio.create_task(journal.intend([(2, 9)]))
    await asyncio.sleep(0)
    intent.cancel()
    with pytest.raises(asyncio.CancelledError):
        await intent
    journal.append(WithdrawnLine(RUN_ID, (2, 9), "cancelled"))
    await journal.close()
    past = read_past(path)
    assert (past.states.state(1), past.states.state(2)) == ("accepted", "never")


async def test_results_are_written_and_synced_without_an_intent(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "FLUSH_S", 0.01)
    monkeypatch.setattr(journal_module, "SYNC_S", 0.1)
    WatchedJournal.appended = asyncio.Queue()
    journal = await WatchedJournal.create(LockedLog.create(path), run_line())
    assert isinstance(journal, WatchedJournal)
    for _ in range(2):
        while not journal.appended.empty():
            journal.appended.get_nowait()
        record(journal, 1)
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
        journal = await begin(path, run_line())
        record(journal, row, to, outcome, reason)
        await journal.close()

    asyncio.run(write())
    _, line = read(path)
    assert isinstance(line, ResultLine)
    assert (line.row, line.to, line.reason) == (row, to, reason)
    names = ("status", "message_id", "request_id", "http_status", "code", "attempts", "latency_ms")
    assert [getattr(line, name) for name in names] == [getattr(outcome, name) for name in names]
    assert line.error == outcome.message


async def test_half_a_character_does_not_stop_the_books(path: Path) -> None:
    journal = await begin(path, run_line())
    record(journal, 1)
    record(journal, 2, "\ud83d", Outcome("rejected", message="no \udcff number"))
    await journal.close(END)
    _, accepted, rejected, end = read(path)
    assert isinstance(accepted, ResultLine)
    assert accepted.message_id == "m1"
    assert isinstance(rejected, ResultLine)
    assert (rejected.to, rejected.error) == ("?", "no ? number")
    assert end == END


STEADY_RUN = """
import asyncio, sys
from tests.ledger.journals import ACCEPTED, END, begin, record
from tests.ledger.lines import run_line
from wa_bulk.ledger.journal import Journal
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.send.outcome import Outcome

ACCEPTED = Outcome("accepted", message_id="m")

async def run() -> None:
    journal = await Journal.create(LockedLog.create(sys.argv[1]), run_line())
    row = 1
    while True:
        await journal.intend([(row, row + 9)])
        print(row, flush=True)
        for row in range(row, row + 10):
            journal.record(row, "+447911123456", "accepted", ACCEPTED, None)
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
    past = read_past(path)
    settled = [past.states.state(row) for row in range(1, announced)]
    assert settled.count("accepted") == announced - 1
    assert past.states.state(announced) in ("cut off", "accepted")
    assert past.totals().unknown <= 10


async def test_an_intent_says_what_was_known_to_be_on_disk(path: Path) -> None:
    log = SimulatedFile(path)
    on_disk: list[int] = []
    journal = await Journal.create(log, run_line(), machine=Machine(executor=AtOnce()))
    for first in (1, 11, 21):
        record(journal, 1)
        on_disk.append(len(log.on_disk))
        await journal.intend([(first, first + 3), (first + 5, first + 9)])
        assert journal.synced == len(log.on_disk) == len(log.content)
    await journal.close()
    path.write_bytes(log.on_disk)
    intents = [line for line in read(path) if isinstance(line, IntentLine)]
    assert [line.synced for line in intents] == [size for size in on_disk for _ in range(2)]


async def test_a_resumed_log_was_on_disk_once_its_run_line_is(path: Path) -> None:
    log = SimulatedFile(path, encoded(run_line()) + b'{"type":"res')
    journal = await Journal.resume(log, run_line(pid=2), machine=Machine(executor=AtOnce()))
    await journal.intend([(1, 1)])
    path.write_bytes(log.content)
    *_, line = read(path)
    assert isinstance(line, IntentLine)
    assert line.synced == len(log.content) - len(encoded(line))
    await journal.close()


async def test_the_time_is_the_machines(path: Path) -> None:
    log = SimulatedFile(path)
    times = iter([1_500_000_000, 1_500_000_001, 2_000_000_000])
    machine = Machine(executor=AtOnce(), time_ns=lambda: next(times))
    journal = await Journal.create(log, run_line(), machine=machine)
    for row in (1, 2, 3):
        record(journal, row)
    await journal.close()
    path.write_bytes(log.content)
    assert [line.at for line in read(path) if isinstance(line, ResultLine)] == [
        *["1970-01-01T00:00:01.500Z"] * 2,
        "1970-01-01T00:00:02.000Z",
    ]


class TestResume:
    async def test_goes_on_behind_what_is_there(self, path: Path) -> None:
        path.write_bytes(encoded(run_line(pid=1), IntentLine(RUN_ID, (1, 2)), result_line(1)))
        journal = await Journal.resume(LockedLog.claim(path), run_line(pid=2))
        await journal.intend([(3, 3)])
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
            record(journal, 2)
            await journal.close()
            assert path.read_bytes().startswith(kept + last[:cut])
            damages: list[Damage] = []
            lines = list(read(path, damages.append))
            whole = cut == len(last) - 1
            assert [type(line).__name__ for line in lines] == [
                *("RunLine", "IntentLine", *["ResultLine"] * whole, "RunLine", "ResultLine")
            ]
            assert all(damage.kind == "torn" for damage in damages)
            assert read_past(path).totals() == Totals(accepted=1 + whole, unknown=1 - whole)

    async def test_a_log_in_use_stays_as_it_is(self, path: Path) -> None:
        journal = await begin(path, run_line(pid=os.getpid()))
        before = path.read_bytes()
        with pytest.raises(LogError, match=rf"another process \(pid {os.getpid()}\)"):
            LockedLog.claim(path)
        with pytest.raises(LogError, match="exists already"):
            await begin(path, run_line())
        assert path.read_bytes() == before
        await journal.close()
        LockedLog.claim(path).close()

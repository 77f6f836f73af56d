"""Rows are joined by their tag, accepted ones else by their message_id, and never by their number."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.callbacks.memory import hear
from tests.callbacks.rows import ADA, BOB, status
from tests.ledger.lines import RUN_ID, encoded, run_line
from wa_bulk.callbacks import join
from wa_bulk.callbacks.join import MessageIds, rows_heard
from wa_bulk.history import History, RowDelivery
from wa_bulk.ledger.log_format import ResultLine, timestamp
from wa_bulk.ledger.log_reader import read_run
from wa_bulk.send.outcome import Status

ROWS = 30


def result(row: int, state: Status = "accepted", message_id: str | None = None) -> ResultLine:
    return ResultLine(RUN_ID, row, ADA, state, timestamp(), 1, message_id=message_id or f"m{row}")


def tag(row: int) -> str:
    return f"{RUN_ID}:{row}"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log in which all rows but the last are accepted, as m1, m2 …; a line of it cannot be read."""
    log = tmp_path / "run.jsonl"
    lines = [result(row, "accepted" if row < ROWS else "unknown") for row in range(1, ROWS + 1)]
    log.write_bytes(encoded(run_line(rows=ROWS), *lines) + b"rubbish\n")
    return log


def found(log: Path) -> list[RowDelivery]:
    with History.open(log.with_name("memory.db")) as history:
        return [*rows_heard(log, read_run(log), history.deliveries)]


def test_tagged_rows_come_first_and_others_by_their_message_id(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(join, "_LOOKED_UP_AT_ONCE", 4)
    hear(
        log.with_name("memory.db"),
        *(status("read", message_id=f"m{row}", tag=tag(row)) for row in (9, 3, ROWS)),
        *(status("sent", message_id=f"m{row}", tag=None) for row in range(10, ROWS + 1)),
        status("delivered", message_id="m12", to=None, tag=None),
        status("read", message_id="no such", to=ADA, tag=None),
        status("read", message_id="m4", to=ADA, tag="another-run:4"),
        status("read", message_id="beyond", tag=tag(ROWS + 1)),
    )
    rows = found(log)
    assert [one.row for one in rows[:3]] == [3, 9, ROWS]
    assert sorted(one.row for one in rows[3:]) == list(range(10, ROWS)), "row 30 is not accepted"
    twelve = next(one for one in rows if one.row == 12)
    assert (twelve.best.state, twelve.to, twelve.message_ids) == ("delivered", ADA, ("m12",))


def test_nothing_is_known_of_a_run_without_callbacks(log: Path) -> None:
    hear(log.with_name("memory.db"), status(message_id="x", to=BOB, tag="another-run:1"))
    assert found(log) == []


def test_rows_that_were_sent_twice_are_told(log: Path) -> None:
    hear(
        log.with_name("memory.db"),
        status(message_id="m1", tag=tag(1)),
        status(message_id="another", tag=tag(2)),
        status(message_id="m3", tag=tag(3)),
        status(message_id="third", to=BOB, tag=tag(3)),
        status(message_id="settled", tag=tag(ROWS - 1)),
    )
    ids = MessageIds()
    for row in (1, 2, 3):
        ids.note(result(row))
    ids.note(ResultLine(RUN_ID, 4, ADA, "unknown", timestamp(), 1))
    assert [one.row for one in found(log) if ids.tells_of_another(one)] == [2, 3]

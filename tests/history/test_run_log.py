"""What a memory knows of a run follows the run's log, whatever was missed."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.history.test_runs import FIRST, written
from tests.report.logs import RUN_ID, end, intent, result, run, write
from wa_bulk.history import History, RunRecord, caught_up
from wa_bulk.history import run_log as run_log_module
from wa_bulk.history.database import now_ms
from wa_bulk.ledger.log_format import EndLine, Totals, WrittenLine
from wa_bulk.send.outcome import Status


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


@pytest.fixture
def noted(log: Path, history: History) -> RunRecord:
    """Return a run as it is noted when it begins."""
    record = replace(FIRST, run_id=RUN_ID, log=str(log))
    history.runs.note(record)
    return record


def all_accepted() -> list[WrittenLine]:
    return [result(row) for row in range(1, 11)]


@pytest.mark.parametrize(
    ("lines", "state", "stopped"),
    [
        ([*all_accepted(), end()], "finished", None),
        ([*all_accepted()[:4], end()], "stopped", "limit"),
        ([*all_accepted()[:4], end(stopped="failures")], "stopped", "failures"),
        ([*all_accepted()[:4]], "stopped", "crash"),
        ([], "stopped", "crash"),
    ],
)
def test_the_log_tells_how_a_run_ended(
    log: Path, history: History, noted: RunRecord, lines: list[WrittenLine], state: str, stopped: str | None
) -> None:
    write(log, run(), *lines)
    found = caught_up(history.runs, noted)
    accepted = sum(not isinstance(line, EndLine) for line in lines)
    assert (found.state, found.stopped, found.totals) == (state, stopped, Totals(accepted))
    assert history.runs.get(RUN_ID) == replace(found, started_ms=FIRST.started_ms)
    assert len(written(history, RUN_ID)) == accepted


def test_those_who_may_have_been_written_to_are_remembered_too(
    log: Path, history: History, noted: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log_module, "PART_KEYS", 2)
    statuses: tuple[Status, ...] = ("accepted", "unknown", "rejected", "failed", "skipped", "accepted")
    write(log, run(), *(result(row, status) for row, status in enumerate(statuses, 1)), intent(7, 8))
    found = caught_up(history.runs, noted)
    assert found.totals == Totals(2, 1, 1, 3, 1)
    assert written(history, RUN_ID) == [12125550001, 12125550002, 12125550006]


def test_a_log_is_read_again_only_where_it_has_changed(
    log: Path, history: History, noted: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(log, run(), result(1))
    found = caught_up(history.runs, noted)
    write(log, run(), result(1), result(2), end())
    again = caught_up(history.runs, found)
    assert again.totals.accepted == 2
    assert written(history, RUN_ID) == [12125550001, 12125550002]
    monkeypatch.delattr(run_log_module, "read_past")
    assert caught_up(history.runs, again) == again


def test_a_run_at_work_is_running_until_its_process_is_gone(
    log: Path, history: History, noted: RunRecord
) -> None:
    write(log, run(), result(1))
    with log.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        found = caught_up(history.runs, noted)
        assert (found.state, found.totals.accepted) == ("running", 1)
        assert caught_up(history.runs, found) == found
    assert caught_up(history.runs, found).state == "stopped"


def test_without_its_log_a_run_is_as_it_was_remembered(log: Path, history: History, noted: RunRecord) -> None:
    assert caught_up(history.runs, replace(noted, started_ms=now_ms())).state == "running", "it begins"
    assert caught_up(history.runs, noted).state == "unknown"
    assert history.runs.all()[0].state == "unknown"
    ended = replace(noted, state="finished", totals=Totals(3))
    assert caught_up(history.runs, ended) == ended
    log.write_text("no log\n")
    assert caught_up(history.runs, ended) == ended
    write(log, replace(run(), run_id="another"))
    assert caught_up(history.runs, ended) == ended
    assert caught_up(history.runs, noted).state == "unknown"

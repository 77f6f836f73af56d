from __future__ import annotations

from array import array

from msgspec.structs import replace

from wa_bulk.history import History, RunRecord
from wa_bulk.ledger.log_format import Totals

FIRST = RunRecord(
    run_id="r1",
    name="orders",
    message_sha256="def",
    recipients_sha256="abc",
    base_url="http://localhost",
    log="/logs/r1.jsonl",
    started_ms=1000,
    updated_ms=1000,
    state="running",
    rows=10,
    totals=Totals(),
)


def written(history: History, run_id: str) -> list[int]:
    return [key for keys in history.runs.written(run_id) for key in keys]


def test_a_run_is_remembered_as_it_stands(history: History) -> None:
    history.runs.note(FIRST)
    assert history.runs.get("r1") == FIRST
    ended = replace(
        FIRST, started_ms=5000, updated_ms=6000, state="stopped", stopped="fatal", totals=Totals(9, 0, 1)
    )
    history.runs.note(ended)
    assert history.runs.get("r1") == replace(ended, started_ms=1000)
    assert history.runs.get("r2") is None


def test_the_newest_run_comes_first(history: History) -> None:
    for number in range(3):
        history.runs.note(replace(FIRST, run_id=f"r{number}", started_ms=number, name=f"n{number % 2}"))
    assert [run.run_id for run in history.runs.all()] == ["r2", "r1", "r0"]
    assert [run.run_id for run in history.runs.of_campaign("n0", "", "")] == ["r2", "r0"]


def test_whom_a_run_wrote_to_is_replaced_as_a_whole(history: History) -> None:
    history.runs.add_written("r1", array("Q", [1, 2]))
    history.runs.add_written("r2", array("Q", [7]))
    part = history.runs.add_written("r1", array("Q", [447911123456]))
    history.runs.add_written("r1", array("Q", [3]))
    assert history.runs.count_written("r1") == 4
    history.runs.replace(FIRST, part)
    assert history.runs.get("r1") == FIRST
    assert written(history, "r1") == [447911123456, 3]
    assert written(history, "r2") == [7]
    history.runs.replace(FIRST, None)
    assert written(history, "r1") == []
    assert history.runs.count_written("r1") == 0


def test_a_run_is_forgotten_with_whom_it_wrote_to(history: History) -> None:
    history.runs.note(FIRST)
    history.runs.add_written("r1", array("Q", [1]))
    history.runs.forget("r1")
    assert history.runs.all() == []
    assert written(history, "r1") == []


def test_whom_a_run_wrote_to_is_forgotten_in_time(history: History) -> None:
    for run_id, updated_ms in (("r1", 1000), ("r2", 3000)):
        history.runs.note(replace(FIRST, run_id=run_id, updated_ms=updated_ms))
        history.runs.add_written(run_id, array("Q", [7]))
    history.runs.forget_written(2000)
    assert (written(history, "r1"), written(history, "r2")) == ([], [7])
    assert history.runs.get("r1") is not None


def test_of_two_that_begin_the_same_at_once_one_is_told_of_the_other(history: History) -> None:
    assert history.runs.begin(FIRST) is None
    assert history.runs.begin(replace(FIRST, run_id="r2")) == FIRST
    assert history.runs.get("r2") is None
    assert history.runs.begin(replace(FIRST, run_id="r3", recipients_sha256="other")) is None
    assert history.runs.begin(replace(FIRST, run_id="r4", name="thanks")) is None
    history.runs.note(replace(FIRST, state="stopped"))
    assert history.runs.begin(replace(FIRST, run_id="r2")) is None

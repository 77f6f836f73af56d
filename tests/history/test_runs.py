from __future__ import annotations

from msgspec.structs import replace

from tests.callbacks.rows import ADA, BOB
from wa_bulk.history import History, RunRecord
from wa_bulk.history.database import Database

FIRST = RunRecord(
    run_id="r1",
    campaign="orders",
    recipients_sha256="abc",
    log="/logs/r1.jsonl",
    started_ms=1000,
    updated_ms=1000,
    state="running",
)


def test_a_run_is_remembered_as_it_stands(history: History) -> None:
    history.runs.note(replace(FIRST, rows=10))
    assert history.runs.get("r1") == replace(FIRST, rows=10)
    ended = replace(FIRST, started_ms=5000, updated_ms=6000, state="finished", accepted=9, failed=1)
    history.runs.note(ended)
    assert history.runs.get("r1") == replace(ended, started_ms=1000, rows=10)
    assert history.runs.get("r2") is None


def test_the_newest_run_comes_first(history: History) -> None:
    for number in range(3):
        history.runs.note(replace(FIRST, run_id=f"r{number}", started_ms=number))
    assert [run.run_id for run in history.runs.all()] == ["r2", "r1", "r0"]
    assert [run.run_id for run in history.runs.all(limit=1)] == ["r2"]


def test_runs_are_found_by_their_recipients(history: History) -> None:
    history.runs.note(FIRST)
    history.runs.note(replace(FIRST, run_id="r2", recipients_sha256="def"))
    assert [run.run_id for run in history.runs.of_recipients("abc")] == ["r1"]


def test_people_are_counted_once_over_all_runs(history: History) -> None:
    history.runs.note_written("r1", [ADA, BOB], 1000)
    history.runs.note_written("r2", ["447911123456"], 2000)
    assert history.runs.persons_written_since(0) == 2
    assert history.runs.persons_written_since(1500) == 1
    assert history.runs.last_written_ms(ADA) == 2000
    assert history.runs.last_written_ms(BOB) == 1000
    assert history.runs.last_written_ms("+4915228817386") is None


def test_a_time_that_goes_back_changes_nothing(history: History) -> None:
    history.runs.note_written("r1", [ADA], 2000)
    history.runs.note_written("r1", [ADA], 1000)
    assert history.runs.last_written_ms(ADA) == 2000


def test_an_overlap_names_the_runs_of_that_campaign(database: Database, history: History) -> None:
    history.runs.note(FIRST)
    history.runs.note(replace(FIRST, run_id="old", started_ms=10))
    history.runs.note(replace(FIRST, run_id="other", campaign="news"))
    numbers = [f"+4479{n:08d}" for n in range(100)]
    for run_id, part in (("r1", numbers[:60]), ("old", numbers), ("other", numbers)):
        history.runs.note_written(run_id, part)
    for _ in range(2):
        (found,) = history.runs.overlaps(iter(numbers), "orders", since_ms=500)
        assert (found.run.run_id, found.numbers) == ("r1", 60)
    assert history.runs.overlaps([ADA], "orders", since_ms=0) == []
    assert database.all("SELECT * FROM sqlite_temp_master") == []

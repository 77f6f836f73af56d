"""The file is ours, whole and up to date, or it is not touched and the error says what to do."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from array import array
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest

from tests.history.test_runs import FIRST
from wa_bulk.history import (
    DB_VARIABLE,
    History,
    HistoryDamaged,
    HistoryError,
    HistoryForeign,
    HistoryLocked,
    HistoryNewer,
    HistoryUnavailable,
)
from wa_bulk.history.database import Database
from wa_bulk.history.schema import APPLICATION_ID, SCHEMA_VERSION


@contextmanager
def by_hand(path: Path) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(path, isolation_level=None)
    try:
        yield database
    finally:
        database.close()


def test_a_new_memory_is_made_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "memory.db"
    with History.open(path):
        files = list(path.parent.iterdir())
        assert {file.name for file in files} >= {"memory.db", "memory.db-wal"}
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with by_hand(path) as database:
        assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert database.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_what_is_committed_is_synced(database: Database) -> None:
    assert database.one("PRAGMA journal_mode") == ("wal",)
    assert database.one("PRAGMA synchronous") == (2,)


def test_a_memory_is_opened_again_as_it_was(tmp_path: Path) -> None:
    with History.open(tmp_path / "memory.db") as history:
        history.runs.note(FIRST)
    with History.open(tmp_path / "memory.db") as history:
        assert history.runs.get("r1") == FIRST


def test_where_there_is_none_none_is_made_unless_asked_for(tmp_path: Path) -> None:
    assert History.open_existing(tmp_path / "memory.db") is None
    assert not (tmp_path / "memory.db").exists()
    History.open(tmp_path / "memory.db").close()
    found = History.open_existing(tmp_path / "memory.db")
    assert found is not None
    found.close()


def foreign(path: Path) -> None:
    with by_hand(path) as database:
        database.execute("CREATE TABLE theirs (x)")


def newer(path: Path) -> None:
    Database.open(path).close()
    with by_hand(path) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 3}")


def no_database(path: Path) -> None:
    path.write_bytes(b"name,phone\nAda,+447911123456\n" * 100)


def cut_off(path: Path) -> None:
    Database.open(path).close()
    path.write_bytes(path.read_bytes()[:5000])


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (foreign, HistoryForeign, "another program"),
        (newer, HistoryNewer, f"newer wa-bulk (schema {SCHEMA_VERSION + 3}"),
        (no_database, HistoryDamaged, "STOP"),
        (cut_off, HistoryDamaged, "STOP"),
        (folder, HistoryUnavailable, "not a plain file"),
    ],
)
def test_a_file_that_cannot_be_used_is_left_alone_and_named(
    tmp_path: Path, make: object, kind: type[HistoryError], words: str
) -> None:
    path = tmp_path / "memory.db"
    assert callable(make)
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(kind) as caught:
        Database.open(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)
    assert DB_VARIABLE in str(caught.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_damage_that_is_found_later_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with History.open(path) as history:
        history.runs.add_written("run", array("Q", range(5000)))
    content = bytearray(path.read_bytes())
    content[8192:-4096] = b"\xa5" * (len(content) - 12288)
    path.write_bytes(content)
    with pytest.raises(HistoryDamaged), History.open(path) as history:
        list(history.runs.written("run"))


def test_a_lock_that_does_not_go_away_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    database = Database.open(path, locked_after_s=0)
    with by_hand(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryLocked, match=DB_VARIABLE), database.transaction():
            pytest.fail("a transaction began beside another one")
        other.execute("ROLLBACK")
    with database.transaction():
        database.run("DELETE FROM runs")
    database.close()


def test_a_file_held_whole_cannot_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    Database.open(path).close()
    with by_hand(path) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(HistoryLocked):
            Database.open(path, locked_after_s=0)


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.transaction():
            database.run("INSERT INTO run_ids (run_id) VALUES ('a')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert database.all("SELECT * FROM run_ids") == []


def test_a_wrong_value_is_not_the_files_fault(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        database.run("INSERT INTO run_ids (run_id) VALUES (NULL)")


def test_a_file_that_was_moved_away_is_noticed(tmp_path: Path, database: Database) -> None:
    assert not database.is_replaced()
    database.path.rename(tmp_path / "moved.db")
    assert database.is_replaced()
    database.path.touch()
    assert database.is_replaced()


def test_a_file_that_another_makes_at_this_moment_is_ours(tmp_path: Path) -> None:
    openers = 6
    with ThreadPoolExecutor(openers) as pool:
        for attempt in range(40):
            together = Barrier(openers)

            def open_and_close(path: Path, together: Barrier = together) -> None:
                together.wait()
                History.open(path).close()

            list(pool.map(open_and_close, [tmp_path / f"memory-{attempt}.db"] * openers))


def test_two_processes_make_one_memory(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    script = (
        "import sys; from array import array; from wa_bulk.history import History; "
        "h = History.open(sys.argv[1]); h.runs.add_written('run', array('Q', [int(sys.argv[2])])); h.close()"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, str(path), str(n)]) for n in range(2)]
    assert [process.wait() for process in running] == [0] * 2
    with History.open(path) as history:
        assert sorted(key for keys in history.runs.written("run") for key in keys) == [*range(2)]

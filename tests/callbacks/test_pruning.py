from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.callbacks.rows import AT_MS, parsed, status
from wa_bulk.callbacks import CallbackStore, OptOutWords, writer
from wa_bulk.callbacks.entry import entry_of
from wa_bulk.callbacks.pruning import prune_step
from wa_bulk.callbacks.set_aside import Refused, keep
from wa_bulk.callbacks.tables import Tables
from wa_bulk.history.database import Database

TABLES = ("callbacks", "messages", "set_aside")


def fill(database: Database, start: int, count: int, at_ms: int) -> None:
    rows = parsed(*(status(message_id=f"m{n}") for n in range(start, start + count)))
    with database.transaction():
        Tables(database).write([entry_of(row, OptOutWords(), at_ms) for row in rows])
        for _ in range(count):
            keep(database, Refused(at_ms, "signature", "wrong", b"x"))
        database.run("INSERT INTO pending_stops VALUES (?, 'stop', 'wrote STOP', ?)", (f"p{start}", at_ms))


def counts(database: Database) -> list[int]:
    return [database.number(f"SELECT count(*) FROM {table}") for table in (*TABLES, "pending_stops")]


def test_what_is_older_goes_in_steps_and_nothing_else(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "memory.db")
    fill(database, 0, 25, AT_MS)
    fill(database, 100, 10, AT_MS + 1000)
    assert prune_step(database, AT_MS + 1000, step=10)
    assert counts(database) == [25, 25, 25, 1]
    assert prune_step(database, AT_MS + 1000, step=10)
    assert not prune_step(database, AT_MS + 1000, step=10)
    assert counts(database) == [10, 10, 10, 1]
    assert not prune_step(database, AT_MS + 1000, step=10)
    assert not prune_step(database, AT_MS + 2000, step=100)
    assert counts(database) == [0, 0, 0, 0]
    database.close()


async def test_a_store_forgets_by_itself_while_it_works(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database.open(file)
    fill(database, 0, 1200, AT_MS - 100_000)
    pruned = asyncio.Event()
    loop = asyncio.get_running_loop()

    def step(database: Database, before_ms: int) -> bool:
        more = prune_step(database, before_ms)
        if not more:
            loop.call_soon_threadsafe(pruned.set)
        return more

    monkeypatch.setattr(writer, "prune_step", step)
    async with CallbackStore.open(file, keep_s=3600) as store:
        for number in range(20):
            await store.record(parsed(status(message_id=f"new{number}")))
        await pruned.wait()
    assert counts(database)[:2] == [20, 20]
    database.close()


async def test_without_a_limit_nothing_is_forgotten(file: Path) -> None:
    database = Database.open(file)
    fill(database, 0, 5, 1)
    async with CallbackStore.open(file) as store:
        await store.record(parsed(status(message_id="new")))
    assert counts(database)[0] == 6
    database.close()


async def test_callbacks_are_stored_although_old_ones_cannot_be_forgotten(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> bool:
        raise ZeroDivisionError("in the thread")

    monkeypatch.setattr(writer, "prune_step", fail)
    async with CallbackStore.open(file, keep_s=3600) as store:
        for number in range(3):
            recorded = await store.record(parsed(status(message_id=f"m{number}")))
            assert len(recorded.new) == 1
    assert "in the thread" in caplog.text

"""Who is suppressed while a run is on: the memory is on one machine, workers are on others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.callbacks.memory import hear
from tests.callbacks.rows import ADA, AT_S, BOB, said
from tests.cluster.bench import RunBench
from tests.cluster.redis_server import RedisServer
from wa_bulk.cluster import keys
from wa_bulk.cluster.control import command
from wa_bulk.cluster.shared_suppression import SharedSuppression
from wa_bulk.history import History

HOME = "here:/memory.db"


@pytest.fixture
async def run(redis_server: RedisServer) -> AsyncIterator[RunBench]:
    run = RunBench(redis_server.url)
    yield run
    await run.close()


def shared(run: RunBench) -> SharedSuppression:
    return SharedSuppression(run.redis, run.url)


async def publish(run: RunBench, file: Path, home: str = HOME) -> None:
    with History.open(file) as history:
        await shared(run).publish(home, history.suppression)


def change(file: Path) -> int:
    with History.open(file) as history:
        return history.suppression.last_change()


async def test_workers_are_told_what_changes(run: RunBench, tmp_path: Path) -> None:
    file, worker = tmp_path / "memory.db", shared(run)
    hear(file, said("STOP", number=ADA, message_id="1"))
    await shared(run).begin(HOME, change(file))
    await run.create([range(1, 4)])
    await publish(run, file)
    await worker.look()
    assert not worker.people  # submit has left out who was on the list
    hear(file, said("STOP", number=BOB, message_id="2", at_s=AT_S - 60))
    await publish(run, file, "elsewhere:/memory.db")
    await worker.look()
    assert not worker.people
    await publish(run, file)
    await worker.look()
    found = worker.get(BOB)
    assert found is not None
    assert found.words.startswith("suppressed: wrote STOP on")
    hear(file, said("START", number=BOB, message_id="3"))
    await publish(run, file)
    await worker.look()
    assert worker.get(BOB) is None


async def test_they_are_told_for_as_long_as_a_run_is_on(run: RunBench, tmp_path: Path) -> None:
    file, worker = tmp_path / "memory.db", shared(run)
    await shared(run).begin(HOME, 0)
    await run.create([range(1, 4)])
    await run.redis.zadd(keys.RUNS, {run.run_id: 1})
    hear(file, said("STOP", number=ADA))
    await publish(run, file)
    await shared(run).begin(HOME, change(file))  # for another run
    await worker.look()
    assert worker.get(ADA) is not None
    await command(run.redis, run.url, run.run_id, "cancel")
    await shared(run).begin(HOME, change(file))
    await worker.look()
    assert not worker.people


async def test_rows_that_are_sent_again(run: RunBench, tmp_path: Path) -> None:
    """Of people who were suppressed after these were sent, be it before the last run was submitted."""
    file, worker = tmp_path / "memory.db", shared(run)
    hear(file, said("STOP", number=ADA))
    await shared(run).begin(HOME, change(file))
    await worker.look()
    with History.open(file) as history:
        await shared(run).enter(history.suppression.since(0))
        assert not history.suppression.since(2_000_000_000_000)
    await worker.look()
    assert worker.get(ADA) is not None

"""Rows that are sent again: no faster into Redis than they are worked, and broken off anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.cluster.bench import ByHand, Killed, RunBench, before_third_chunk, die
from tests.cluster.redis_server import RedisServer
from tests.ledger.contract import claimed, intend_and_settle
from wa_bulk.cluster import chunk, loader
from wa_bulk.cluster.connection import ClusterError
from wa_bulk.cluster.control import command
from wa_bulk.cluster.resubmission import Resubmission
from wa_bulk.cluster.run_record import read_run

ROWS = range(1, 61)


@pytest.fixture
async def failed(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunBench]:
    """A finished run of sixty failed rows, of which a chunk takes a few and Redis one chunk at a time."""
    run = RunBench(redis_server.url)
    await run.create([ROWS])
    ledger = await run.open()
    await claimed(ledger)
    await intend_and_settle(ledger, "failed", ROWS)
    await ledger.close(None, None)
    monkeypatch.setattr(chunk, "BYTES", 200)
    monkeypatch.setattr(loader, "QUEUED_BYTES_MAX", 1)
    monkeypatch.setattr(loader, "_LOOK_S", 0.01)
    yield run
    await run.close()


def resubmission(run: RunBench) -> Resubmission:
    return Resubmission(run.redis, run.url, run.run_id, ByHand())


async def work(run: RunBench) -> list[int]:
    """Accept what a worker finds in Redis now; return the rows."""
    ledger = await run.open()
    rows = [row for row, state in await claimed(ledger) if state == "failed"]
    await intend_and_settle(ledger, "accepted", rows)
    await ledger.close(None, None)
    return rows


async def test_no_more_waits_than_there_is_room_for(failed: RunBench) -> None:
    again = resubmission(failed)
    retry = asyncio.create_task(again.retry(["failed"]))
    worked: list[int] = []
    while not retry.done():
        while not again.notice and not retry.done():
            await asyncio.sleep(0.005)
        assert len(await failed.entries("chunks")) <= 1
        worked += await work(failed)
    assert await retry == len(ROWS)
    worked += await work(failed)
    assert worked == list(ROWS)
    record = await read_run(failed.redis, failed.url, failed.run_id)
    assert (record.state, record.retrying, record.totals.accepted) == ("finished", False, len(ROWS))


async def test_broken_off_it_is_gone_on_with(failed: RunBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """While workers are at what it had queued; no row is sent twice, and the run is not finished before."""
    monkeypatch.setattr(loader, "QUEUED_BYTES_MAX", 1 << 20)
    first = resubmission(failed)
    before_third_chunk(monkeypatch, first._loader, die)
    with pytest.raises(Killed):
        await first.retry(["failed"])
    worker = await failed.open()  # has the first of two chunks in hand
    while (claim := await worker.claim()) is not None and claim.rows[0] != 1:
        pass
    told = await read_run(failed.redis, failed.url, failed.run_id)
    assert (told.state, told.retrying) == ("active", True)
    assert 0 < await resubmission(failed).retry(["failed"]) <= len(ROWS)
    assert claim is not None
    rows = [*claim.rows]
    await intend_and_settle(worker, "accepted", rows)
    await worker.close(None, None)
    rows += await work(failed)
    assert sorted(rows) == list(ROWS)
    record = await read_run(failed.redis, failed.url, failed.run_id)
    assert (record.state, record.totals.accepted, record.totals.failed) == ("finished", len(ROWS), 0)


async def test_a_run_that_is_cancelled_meanwhile(failed: RunBench) -> None:
    again = resubmission(failed)
    retry = asyncio.create_task(again.retry(["failed"]))
    while not again.notice:
        await asyncio.sleep(0.005)
    await command(failed.redis, failed.url, failed.run_id, "cancel")
    with pytest.raises(ClusterError, match="was cancelled: no more rows of it are sent again"):
        await retry

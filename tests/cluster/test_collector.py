"""Results on their way into a log, broken off anywhere."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cluster.bench import RunBench
from tests.cluster.redis_server import RedisServer
from tests.ledger.contract import claimed, intend_and_settle
from wa_bulk.cluster import keys, role
from wa_bulk.cluster.collector import Collector
from wa_bulk.cluster.connection import ClusterError
from wa_bulk.cluster.role import take_role
from wa_bulk.ledger.journal import Journal
from wa_bulk.ledger.log_format import EndLine, LogError, ResultLine, Totals
from wa_bulk.ledger.log_reader import read
from wa_bulk.ledger.past import read_past

ROWS = 60


class PowerCut(Exception):
    pass


@pytest.fixture
async def run(redis_server: RedisServer) -> AsyncIterator[RunBench]:
    """A finished run of sixty rows, with results in several entries."""
    bench = RunBench(redis_server.url)
    await bench.create([range(1, ROWS + 1)])
    ledger = await bench.open()
    await claimed(ledger)
    for first in range(1, ROWS + 1, 10):
        await intend_and_settle(ledger, "accepted", range(first, first + 10))
    await ledger.close(None, None)
    yield bench
    await bench.close()


async def test_nothing_to_collect_yet(redis_server: RedisServer, tmp_path: Path) -> None:
    """It leaves no log, and one that was killed before its first line is gone on with."""
    run, log = RunBench(redis_server.url), tmp_path / "run.jsonl"
    await run.create([range(1, 4)])
    await collect(run, log)
    assert not log.exists()
    log.touch()
    ledger = await run.open()
    await claimed(ledger)
    await intend_and_settle(ledger, "accepted", range(1, 4))
    await ledger.close(None, None)
    await collect(run, log)
    assert sorted(results(log)) == [1, 2, 3]
    await run.close()


async def collect(run: RunBench, log: Path) -> None:
    await Collector(run.redis, run.url, run.run_id, log).collect(follow=False)


def results(log: Path) -> Counter[int]:
    return Counter(line.row for line in read(log) if isinstance(line, ResultLine))


async def test_a_log_that_breaks_off_anywhere_is_gone_on_with(
    run: RunBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The collector dies once its lines are written, and what was not synced is lost: any part of it."""
    chance, log = random.Random(3), tmp_path / "run.jsonl"

    async def dies(*_: object) -> None:
        raise PowerCut

    for _ in range(12):
        with monkeypatch.context() as broken:
            broken.setattr(Collector, "_drop", dies)
            with pytest.raises(PowerCut):
                await collect(run, log)
        whole = log.read_bytes()
        first_line = whole.index(b"\n") + 1
        log.write_bytes(whole[: chance.randrange(first_line, len(whole))])
    await collect(run, log)
    assert results(log) == Counter(range(1, ROWS + 1))
    past = read_past(log)
    assert past.totals() == Totals(accepted=ROWS)
    assert past.end is not None
    assert past.end.stopped is None


async def test_a_collected_run_leaves_only_its_books(run: RunBench, tmp_path: Path) -> None:
    await collect(run, tmp_path / "run.jsonl")
    left = sorted(await run.redis.keys(f"wa-bulk:{{{run.run_id}}}:*"))
    assert left == sorted(key.encode() for key in keys.of_run(run.run_id, "run", "books", "results"))
    for key in left:
        assert 0 < await run.redis.ttl(key) <= 7 * 86_400


async def test_a_run_that_is_told_to_go_on_meanwhile_keeps_its_rows(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its collector has seen it stopped or finished, and would have left nothing of it."""
    run = RunBench(redis_server.url)
    await run.create([range(1, 4)])
    (run_key,) = keys.of_run(run.run_id, "run")
    await run.redis.hset(run_key, "state", "cancelled")
    close = Journal.close

    async def while_it_closes(self: Journal, end: EndLine | None = None) -> None:
        await run.redis.hset(run_key, "state", "active")
        await close(self, end)

    monkeypatch.setattr(Journal, "close", while_it_closes)
    await collect(run, tmp_path / "run.jsonl")
    assert len(await run.entries("chunks")) == 1
    assert await run.redis.ttl(run_key) == -1
    await run.close()


async def test_what_was_collected_before_is_cleaned_up_by_the_next_one(
    run: RunBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collector that dies between its last line and that leaves it to the next."""

    async def dies(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as broken:
        broken.setattr(Collector, "_clean", dies)
        with pytest.raises(PowerCut):
            await collect(run, tmp_path / "run.jsonl")
    await collect(run, tmp_path / "run.jsonl")
    left = sorted(await run.redis.keys(f"wa-bulk:{{{run.run_id}}}:*"))
    assert left == sorted(key.encode() for key in keys.of_run(run.run_id, "run", "books", "results"))


async def test_a_finished_log_is_left_as_it_is(run: RunBench, tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    await collect(run, log)
    before = log.read_bytes()
    await collect(run, log)
    assert log.read_bytes() == before
    assert sum(isinstance(line, EndLine) for line in read(log)) == 1


async def test_an_older_copy_of_the_log_is_refused(
    run: RunBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wa_bulk.cluster.collector.AT_ONCE", 2)
    log, copy = tmp_path / "run.jsonl", tmp_path / "copy.jsonl"
    await collect(run, log)
    lines = log.read_bytes().splitlines(keepends=True)
    copy.write_bytes(b"".join(lines[:25]))
    with pytest.raises(LogError, match="is an older copy: results of run"):
        await collect(run, copy)


async def test_one_process_collects_at_a_time(
    run: RunBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is heard of keeps the role; one that is not loses it."""
    monkeypatch.setattr(role, "LEASE_MS", 600)
    token = await take_role(run.redis, run.url, run.run_id, "collector", "collects")
    (key,) = keys.of_run(run.run_id, "collector")
    expire = run.redis.pttl

    async def renewed(name: str) -> int:
        await run.redis.pexpire(key, 600)
        return int(await expire(name))

    with monkeypatch.context() as alive:
        alive.setattr(run.redis, "pttl", renewed)
        await run.redis.pexpire(key, 300)
        with pytest.raises(ClusterError, match=rf"another process collects run .*: {token.split()[0]}"):
            await collect(run, tmp_path / "run.jsonl")
    await collect(run, tmp_path / "run.jsonl")  # that one is not heard of any more
    assert results(tmp_path / "run.jsonl") == Counter(range(1, ROWS + 1))


async def test_a_role_that_ended_while_redis_was_away_is_taken_again(run: RunBench, tmp_path: Path) -> None:
    """Unless another process has collected meanwhile."""
    (collector,) = keys.of_run(run.run_id, "collector")
    await run.redis.hset(keys.of_run(run.run_id, "run")[0], "state", "active")
    one = Collector(run.redis, run.url, run.run_id, tmp_path / "run.jsonl")
    task = asyncio.create_task(one.collect(follow=True))
    while one.rows < ROWS:
        await asyncio.sleep(0.01)
    await run.redis.delete(collector)
    while not await run.redis.exists(collector):
        assert not task.done()
        await asyncio.sleep(0.01)
    await run.redis.hset(keys.of_run(run.run_id, "run")[0], "collected", "9999999999999-0")
    await run.redis.delete(collector)
    with pytest.raises(ClusterError, match="this one stood still too long"):
        await task

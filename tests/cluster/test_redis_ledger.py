"""The ledger of a run in Redis: the contract of every ledger, and what only several can do to each other."""

from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest
from redis.asyncio import Redis

from tests.cluster.bench import NUMBER, RunBench
from tests.cluster.redis_server import RedisServer
from tests.ledger.contract import ROWS, Bench, LedgerContract, claimed, intend_and_settle, states
from wa_bulk.cluster import keys
from wa_bulk.cluster.chunk import result_lines
from wa_bulk.cluster.redis_ledger import RedisLedger
from wa_bulk.cluster.run_record import RunRecord, read_run
from wa_bulk.cluster.script import Argument, Script
from wa_bulk.ledger.base import Ledger
from wa_bulk.ledger.log_format import LogError, ResultLine, Totals
from wa_bulk.send.outcome import Outcome, Status


@pytest.fixture
async def run(redis_server: RedisServer) -> AsyncIterator[RunBench]:
    bench = RunBench(redis_server.url)
    yield bench
    await bench.close()


class RedisBench:
    """The contract's bench: one chunk with all rows."""

    def __init__(self, run: RunBench) -> None:
        self._run = run

    async def begin(self, rows: int = ROWS) -> Ledger:
        await self._run.create([range(1, rows + 1)] if rows else [])
        return await self._run.open()

    async def die(self, ledger: Ledger) -> None:
        assert isinstance(ledger, RedisLedger)
        await self._run.die(ledger)

    async def resume(
        self, *, retry_unknown: bool = False, retry_failed: bool = False, retry_rejected: bool = False
    ) -> Ledger:
        statuses: list[Status] = []
        statuses += ["unknown"] if retry_unknown else []
        statuses += ["failed"] if retry_failed else []
        statuses += ["rejected"] if retry_rejected else []
        await self._run.retry(statuses)
        return await self._run.open()


class TestContract(LedgerContract):
    @pytest.fixture
    def bench(self, run: RunBench) -> Bench:
        return RedisBench(run)


async def results(run: RunBench) -> list[ResultLine]:
    return [
        line
        for fields in await run.entries("results")
        for line in result_lines(fields[b"results"], run.run_id)
    ]


async def record(run: RunBench) -> RunRecord:
    return await read_run(run.redis, run.url, run.run_id)


async def test_several_share_the_rows(run: RunBench) -> None:
    await run.create([range(1, 11), range(11, 21), range(21, 26)])
    one, other = await run.open(), await run.open()
    first = await one.claim()
    assert first is not None
    second = await other.claim()
    assert second is not None
    rest = await claimed(one)
    assert [*first.rows, *second.rows] == list(range(1, 21))
    assert rest == states(range(21, 26), "never")
    await intend_and_settle(one, "accepted", [*range(1, 11), *range(21, 26)])
    await intend_and_settle(other, "accepted", range(11, 21))
    await one.close(None, None)
    assert (await record(run)).state == "active"
    await other.close(None, None)
    assert (await record(run)).state == "finished"
    assert (await record(run)).totals == Totals(accepted=25)
    assert sorted(line.row for line in await results(run)) == list(range(1, 26))


async def test_what_was_taken_over_is_no_longer_its_first_owners(run: RunBench) -> None:
    """A process stands still past its lease: another goes on, and the first one can settle nothing more."""
    await run.create([range(1, 11)])
    zombie = await run.open()
    await claimed(zombie)
    await intend_and_settle(zombie, "accepted", [1, 2])
    await zombie.intend([3, 4, 5])
    zombie.settle(3, NUMBER, Outcome("accepted", attempts=1))  # not told to Redis yet
    await run.expire()
    successor = await run.open()
    assert await claimed(successor) == [*states([3, 4, 5], "cut off"), *states(range(6, 11), "never")]
    errors: list[LogError] = []
    zombie.on_error = errors.append
    with pytest.raises(LogError, match=r"rows 1 to 10 of run .* were taken over by another worker"):
        await zombie.intend([6])
    assert len(errors) == 1
    assert not zombie.may_send()
    zombie.settle(4, NUMBER, Outcome("accepted", attempts=1))
    zombie.withdraw([5], "stopped")
    with pytest.raises(LogError):
        await zombie.close("fatal", "its lease ended")
    for row in (3, 4, 5):
        successor.settle(row, NUMBER, Outcome("unknown"), "on its way")
    await intend_and_settle(successor, "accepted", range(6, 11))
    await successor.close(None, None)
    assert (await record(run)).totals == Totals(accepted=7, unknown=3)
    assert (await record(run)).state == "finished"
    lines = sorted((line.row, line.status) for line in await results(run))
    assert lines == [(row, "unknown" if row in (3, 4, 5) else "accepted") for row in range(1, 11)]


async def test_a_lease_that_cannot_be_renewed_ends_before_redis_says_so(run: RunBench) -> None:
    await run.create([range(1, 11)])
    now = 1000.0
    ledger = RedisLedger(run.redis, run.url, run.run_id, lease_s=30.0, clock=lambda: now)
    run.ledgers.append(ledger)
    assert await ledger.open()
    assert ledger.may_send()
    now += 29.0
    assert not ledger.may_send()


async def test_what_is_handed_back_is_there_at_once(run: RunBench) -> None:
    await run.create([range(1, 11)])
    one = await run.open()
    await claimed(one)
    await intend_and_settle(one, "accepted", [1, 2, 3])
    await one.intend([4])
    one.withdraw([4], "stopped")
    await one.close("interrupted", "interrupted")
    other = await run.open()
    assert await claimed(other) == states(range(4, 11), "never")
    await other.close("interrupted", "interrupted")


async def test_what_stops_one_stops_all(run: RunBench) -> None:
    await run.create([range(1, 11), range(11, 21)])
    one, other = await run.open(), await run.open()
    heard: list[str] = []
    other.on_state = heard.append
    await one.close("fatal", "HTTP 401, code 2002: invalid key")
    await other.intend([11])
    assert heard == ["stopped"]
    assert await other.claim() is not None  # of the chunk it has
    assert (await record(run)).detail == "HTTP 401, code 2002: invalid key"
    assert not await (await run.open()).claim()


async def test_a_run_that_is_gone_from_redis_is_noticed(run: RunBench, redis_server: RedisServer) -> None:
    await run.create([range(1, 11)])
    ledger = await run.open()
    await claimed(ledger)
    redis_server.command("FLUSHALL")
    with pytest.raises(LogError, match=r"Redis no longer knows run .*: its data were deleted or lost"):
        await ledger.intend([1, 2])


async def test_ranges_of_chunks_never_meet(run: RunBench) -> None:
    """Rows to be sent again lie between rows that wait for the first time."""
    await run.create([range(1, 6), range(6, 11), range(11, 16)])
    ledger = await run.open()
    await intend_and_settle(ledger, "failed", range(1, 6))
    second = await run.open()
    third = await run.open()
    await claimed(ledger)
    await intend_and_settle(third, "failed", range(11, 16))
    for one in (ledger, third, second):
        await one.close("interrupted", "interrupted")
    await run.retry(["failed"])
    chunks = await run.entries("chunks")
    found = sorted((int(fields[b"first"]), int(fields[b"last"])) for fields in chunks)
    assert all(one[1] < following[0] for one, following in pairwise(found))
    assert await claimed(await run.open()) == [
        *states(range(1, 6), "failed"),
        *states(range(6, 11), "never"),
        *states(range(11, 16), "failed"),
    ]


async def test_a_request_that_comes_late_changes_nothing(
    run: RunBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network may deliver what its sender has given up, and sent again, behind what came after it."""
    asked: list[tuple[str, list[str], tuple[Argument, ...]]] = []
    once = Script.run

    async def noted(self: Script, redis: Redis, names: Sequence[str], *arguments: Argument) -> object:
        asked.append((self.name, [*names], arguments))
        return await once(self, redis, names, *arguments)

    await run.create([range(1, 11), range(11, 21)])
    monkeypatch.setattr(Script, "run", noted)
    ledger = await run.open()
    await ledger.intend([1, 2, 3])
    ledger.settle(1, NUMBER, Outcome("failed", attempts=1))
    await ledger.intend([4])
    await intend_and_settle(ledger, "accepted", [1, 2])
    await ledger.intend([5])
    (books,) = keys.of_run(run.run_id, "books")

    async def seen() -> tuple[object, ...]:
        chunks = await run.redis.xpending(keys.of_run(run.run_id, "chunks")[0], keys.GROUP)
        return await run.redis.get(books), await record(run), await results(run), chunks["pending"]

    before = await seen()
    for name, names, arguments in [one for one in asked if one[0] in ("take", "note")][:-1]:
        await once(Script(name), run.redis, names, *arguments)
    assert await seen() == before


async def test_too_many_results_wait_for_their_collector(
    run: RunBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wa_bulk.cluster.redis_ledger.RESULT_BYTES_MAX", 100)
    await run.create([range(1, 11), range(11, 21)])
    ledger = await run.open()
    await intend_and_settle(ledger, "accepted", range(1, 11))
    await claimed(ledger)
    assert ledger.notice == "waiting for results to be collected"
    (run_key,) = keys.of_run(run.run_id, "run")
    await run.redis.hset(run_key, "result_bytes", 0)
    assert await claimed(ledger) == states(range(11, 21), "never")

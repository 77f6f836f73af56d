"""A campaign on its way into Redis, broken off and gone on with."""

from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from tests.cli.conftest import CAMPAIGN
from tests.cluster.bench import Killed, before_third_chunk, die
from tests.cluster.redis_server import RedisServer
from wa_bulk.campaign.rules.duplicates import DuplicateRule
from wa_bulk.campaign.run.plan import Plan, prepare, rules_of
from wa_bulk.cluster import chunk, keys
from wa_bulk.cluster.chunk import decode_rows
from wa_bulk.cluster.connection import ClusterError, connect
from wa_bulk.cluster.submission import Submission

NUMBERS = [f"+44791112{number:04d}" for number in range(20)]


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A campaign of twenty rows, a few of which make a chunk."""
    monkeypatch.setattr(chunk, "BYTES", 100)
    (tmp_path / "orders.toml").write_text(CAMPAIGN)
    rows = "".join(f"{number},Ann\n" for number in NUMBERS)
    (tmp_path / "orders.csv").write_text(f"phone,name\n{rows}")
    return prepare(tmp_path / "orders.toml")


async def test_more_rows_than_redis_can_keep_books_of_are_refused(
    redis_server: RedisServer, plan: Plan
) -> None:
    redis = connect(redis_server.url)
    with pytest.raises(ClusterError, match="has 536,870,913 rows, and one run has at most 536,870,912"):
        await Submission(redis, redis_server.url, replace(plan, rows=2**29 + 1), None).find()
    await redis.aclose()


async def test_rules_that_changed_meanwhile_neither_lose_nor_double_a_row(
    redis_server: RedisServer, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that are left out take less room, so that other rows make a chunk."""
    redis = connect(redis_server.url)
    first = Submission(redis, redis_server.url, plan, None)
    run_id = await first.find()
    await first.begin()
    before_third_chunk(monkeypatch, first._loader, die)
    with pytest.raises(Killed):
        await first.load()
    await redis.delete(*keys.of_run(run_id, "loader"))

    again = replace(plan, run_id="0" * 12, rules=rules_of(plan.settings, DuplicateRule(plan.rows)))
    second = Submission(redis, redis_server.url, again, None)
    monkeypatch.setattr(chunk, "BYTES", 70)
    assert await second.find() == run_id
    assert second.went_on
    await second.begin()
    assert await second.load() == "active"
    (chunks,) = keys.of_run(run_id, "chunks")
    found = cast("list[tuple[bytes, dict[bytes, bytes]]]", await redis.xrange(chunks))
    rows = [row.number for _, fields in found for row in decode_rows(fields[b"data"])]
    assert rows == list(range(1, len(NUMBERS) + 1))
    await redis.aclose()


async def test_chunks_that_redis_lost_are_submitted_again(
    redis_server: RedisServer, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis came back without what was written last: a chunk behind a gap would never be sent."""
    redis = connect(redis_server.url)
    first = Submission(redis, redis_server.url, plan, None)
    run_id = await first.find()
    await first.begin()
    (run, chunks, books) = keys.of_run(run_id, "run", "chunks", "books")

    async def redis_crashes() -> None:
        await redis.hset(run, "chunks", 1)
        await redis.xtrim(chunks, maxlen=1)
        await redis.set(books, b"\0")

    before_third_chunk(monkeypatch, first._loader, redis_crashes)
    with pytest.raises(ClusterError, match=r"Redis has lost rows of run .* give the same command again"):
        await first.load()
    await redis.aclose()


async def test_of_two_at_once_one_is_refused(redis_server: RedisServer, plan: Plan) -> None:
    redis = connect(redis_server.url)
    one = Submission(redis, redis_server.url, plan, None)
    other = Submission(redis, redis_server.url, replace(plan, run_id="0" * 12), None)
    await one.find()
    await other.find()
    await one.begin()
    with pytest.raises(ClusterError, match=f"another process submits orders .* as run {plan.run_id}"):
        await other.begin()
    await redis.aclose()

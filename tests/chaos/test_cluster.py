"""Several workers, one campaign, one Redis; and every one of them dies, stands still, or loses the others."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.cluster_process import LEASE_S
from tests.chaos.cluster_storm import storm
from tests.chaos.cutting_proxy import CuttingProxy
from tests.chaos.recipients import crowd, mixed_crowd
from tests.chaos.recorder import Recorder
from tests.cluster.redis_server import SAFE, RedisServer

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]

IN_FLIGHT = 64


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder, **SAFE) as server:
        yield server


async def test_killed_workers_leave_only_what_they_had_announced(
    tmp_path: Path, server: Recorder, redis: RedisServer
) -> None:
    cluster = Cluster(tmp_path, server, redis.url, mixed_crowd(random.Random(1), 4000))
    await cluster.submit("--rate", "400")
    for _ in range(3):
        await cluster.add_worker()
    for blow in range(1, 6):
        await server.arrived(blow * 500)
        cluster.workers[-3].kill()
        await cluster.add_worker()
    await cluster.until("finished")
    await cluster.end()
    await cluster.collect()
    totals = cluster.audit(unknown_max=5 * (IN_FLIGHT + 20), rate=400)
    assert totals["accepted"] > 3000
    assert totals["skipped"] > 0 < totals["rejected"]


async def test_workers_that_stand_still_past_their_lease_send_nothing_more(
    tmp_path: Path, server: Recorder, redis: RedisServer
) -> None:
    cluster = Cluster(tmp_path, server, redis.url, crowd(4000))
    await cluster.submit("--rate", "300")
    for _ in range(2):
        await cluster.add_worker()
    for blow in range(1, 4):
        await server.arrived(blow * 500)
        sleeper = cluster.workers[blow % 2]
        sleeper.send_signal(signal.SIGSTOP)
        await asyncio.sleep(LEASE_S * 2)
        sleeper.send_signal(signal.SIGCONT)
    await cluster.until("finished")
    await cluster.end()
    await cluster.collect()
    cluster.audit(unknown_max=3 * (IN_FLIGHT + 15), rate=300)


async def test_submit_and_collect_go_on_where_they_were_killed(
    tmp_path: Path, server: Recorder, redis: RedisServer
) -> None:
    cluster = Cluster(tmp_path, server, redis.url, crowd(20_000))
    ids = set()
    for _ in range(4):
        submit = await cluster.start("submit", "campaign.toml", "--rate", "0")
        assert submit.stdout is not None
        ids.add((await submit.stdout.readline()).decode().strip())
        await asyncio.sleep(random.Random(len(ids)).uniform(0, 0.3))
        if submit.returncode is None:
            submit.kill()
        await submit.communicate()
    await cluster.start("submit", "campaign.toml", "--rate", "0")
    (cluster.run_id,) = ids
    await cluster.add_worker()
    for _ in range(5):
        collect = await cluster.start("collect", cluster.run_id, "--log", str(cluster.log), "--follow")
        await asyncio.sleep(1.0)
        if collect.returncode is None:
            collect.kill()
        await collect.communicate()
    await cluster.collect("--follow")
    await cluster.end()
    assert cluster.audit(unknown_max=0) == {"accepted": 20_000}


@pytest.mark.parametrize(
    ("appendfsync", "ending"), [("always", "killed"), ("everysec", "killed"), ("everysec", "told to end")]
)
async def test_redis_goes_and_comes_back(
    tmp_path: Path, server: Recorder, appendfsync: str, ending: str
) -> None:
    """What it wrote is the operating system's, if not the disk's: as long as that lives, nothing is lost."""
    (tmp_path / "redis").mkdir()
    with RedisServer(tmp_path / "redis", appendonly="yes", appendfsync=appendfsync) as redis:
        cluster = Cluster(tmp_path, server, redis.url, crowd(2500))
        await cluster.submit("--rate", "300")
        for _ in range(2):
            await cluster.add_worker()
        for blow in range(1, 4):
            await server.arrived(blow * 500)
            await asyncio.to_thread(redis.kill if ending == "killed" else redis.stop)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(redis.start)
        await cluster.until("finished")
        await cluster.end()
        await cluster.collect()
        assert cluster.audit(unknown_max=0, rate=300) == {"accepted": 2500}


async def test_a_worker_ends_when_it_is_told_to_although_redis_is_gone(
    tmp_path: Path, server: Recorder, redis: RedisServer
) -> None:
    cluster = Cluster(tmp_path, server, redis.url, crowd(3000))
    await cluster.submit("--rate", "300")
    worker = await cluster.add_worker()
    await server.arrived(300)
    redis.kill()
    await asyncio.sleep(1.0)
    worker.send_signal(signal.SIGTERM)
    await asyncio.wait_for(worker.communicate(), 60)
    assert worker.returncode == 0
    redis.start()
    await cluster.add_worker()
    await cluster.until("finished")
    await cluster.end()
    await cluster.collect()
    cluster.audit(unknown_max=IN_FLIGHT + 15, rate=300)


@pytest.mark.parametrize(("rate", "rows"), [(80, 1200), (1000, 8000)])
async def test_three_workers_keep_a_rate(
    tmp_path: Path, server: Recorder, redis: RedisServer, rate: int, rows: int
) -> None:
    cluster = Cluster(tmp_path, server, redis.url, crowd(rows))
    await cluster.submit("--rate", str(rate))
    for _ in range(3):
        await cluster.add_worker()
    await cluster.until("finished")
    await cluster.end()
    await cluster.collect()
    assert cluster.audit(unknown_max=0, rate=rate) == {"accepted": rows}


async def test_another_takes_over_within_thirty_five_seconds(
    tmp_path: Path, server: Recorder, redis: RedisServer
) -> None:
    """With the lease that everybody has: of a worker that is killed with most of its rows in hand."""
    cluster = Cluster(tmp_path, server, redis.url, crowd(2000))
    cluster.program = "wa_bulk"
    await cluster.submit("--rate", "30")
    for _ in range(3):
        await cluster.add_worker()
    await server.arrived(100)
    holders = await cluster.holders()
    killed = next(worker for worker in cluster.workers if worker.pid in holders)
    killed.kill()
    loop = asyncio.get_running_loop()
    began = loop.time()
    while killed.pid in await cluster.holders():
        await asyncio.sleep(0.2)
    print(f"taken over after {loop.time() - began:.1f} s")
    assert loop.time() - began < 35
    await cluster.run("cancel", cluster.run_id)
    await cluster.end()


async def test_lost_replies_change_nothing(tmp_path: Path, server: Recorder, redis: RedisServer) -> None:
    async with CuttingProxy(redis.port) as proxy:
        cluster = Cluster(tmp_path, server, proxy.url, crowd(3000))
        await cluster.submit("--rate", "500")
        proxy.cuts = 0.05
        for _ in range(2):
            await cluster.add_worker()
        await server.arrived(2000)
        proxy.go_away()
        await asyncio.sleep(1.0)
        proxy.away = False
        await server.arrived(2900)
        proxy.cuts = 0.0
        await cluster.until("finished")
        await cluster.end()
        await cluster.collect()
        assert proxy.lost > 20
    assert cluster.audit(unknown_max=0, rate=500) == {"accepted": 3000}


async def test_data_that_are_gone_stop_the_workers(
    tmp_path: Path, server: Recorder, redis: RedisServer
) -> None:
    cluster = Cluster(tmp_path, server, redis.url, crowd(3000))
    await cluster.submit("--rate", "200")
    await cluster.add_worker()
    await server.arrived(300)
    redis.command("FLUSHALL")
    await asyncio.sleep(1.5)
    arrived = await server.settle()
    await asyncio.sleep(1.0)
    assert await server.settle() == arrived
    await cluster.end()
    told = (tmp_path / "stderr.txt").read_text()
    assert f"Redis no longer knows run {cluster.run_id}: its data were deleted or lost" in told


async def test_a_snapshot_from_before_stops_the_run(tmp_path: Path, server: Recorder) -> None:
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder) as redis:
        cluster = Cluster(tmp_path, server, redis.url, crowd(5000))
        await cluster.submit("--rate", "400")
        redis.command("SAVE")
        worker = await cluster.add_worker()
        await server.arrived(300)
        redis.kill()
        worker.kill()
        redis.start()  # with the books from before anything was sent
        arrived = await server.settle()
        await cluster.add_worker()
        status = await cluster.until("stopped")
        assert "Redis was restarted, and keeps no append-only file" in str(status["detail"])
        await cluster.end()
        assert await server.settle() == arrived


async def test_full_memory_makes_everybody_wait(tmp_path: Path, server: Recorder, redis: RedisServer) -> None:
    cluster = Cluster(tmp_path, server, redis.url, crowd(3000))
    await cluster.submit("--rate", "500")
    await cluster.add_worker()
    await server.arrived(500)
    redis.command("CONFIG", "SET", "maxmemory", "1mb")
    await asyncio.sleep(2.0)
    redis.command("CONFIG", "SET", "maxmemory", "0")
    await cluster.until("finished")
    await cluster.end()
    await cluster.collect()
    assert cluster.audit(unknown_max=0, rate=500) == {"accepted": 3000}


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_storm_of_blows(tmp_path: Path, seed: int) -> None:
    print(await storm(tmp_path, blows=12, rows=6000, rate=300, seed=seed))

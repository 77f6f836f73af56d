"""A campaign over four workers, and blows of every kind at random moments.

python -m tests.chaos.cluster_storm --blows 100 --rows 200000 --rate 1000 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import cast

from tests.chaos.cluster import Cluster
from tests.chaos.cluster_process import LEASE_S
from tests.chaos.cutting_proxy import CuttingProxy
from tests.chaos.fake_time import MINUTES_5, off_by
from tests.chaos.recipients import mixed_crowd
from tests.chaos.recorder import recording
from tests.cluster.redis_server import SAFE, RedisServer
from wa_bulk.cluster import keys
from wa_bulk.cluster.connection import connect

WORKERS = 4
IN_FLIGHT = 64
"""Of one worker; and it announces 50 ms of the rate ahead."""


class Storm:
    """The blows, each named by its method."""

    def __init__(
        self, cluster: Cluster, redis: RedisServer, proxy: CuttingProxy, chance: random.Random
    ) -> None:
        self.cluster = cluster
        self.struck: Counter[str] = Counter()
        self._redis = redis
        self._proxy = proxy
        self._chance = chance
        self._submit: asyncio.subprocess.Process | None = None
        self._collect: asyncio.subprocess.Process | None = None

    async def submit(self, rate: int) -> None:
        """Begin to submit the campaign, or go on with it."""
        words = ("submit", "campaign.toml", "--rate", str(rate))
        self._rate = rate
        self._submit = await self.cluster.start(*words, environment=self._some_clock())
        assert self._submit.stdout is not None
        self.cluster.run_id = (await self._submit.stdout.readline()).decode().strip() or self.cluster.run_id

    async def add_worker(self) -> None:
        await self.cluster.add_worker(environment=self._some_clock())

    def _some_clock(self) -> dict[str, str]:
        """Whoever is begun is on a machine whose clock may be minutes off."""
        return off_by(self._chance.choice([0, 0, MINUTES_5, -MINUTES_5]))

    async def strike(self) -> None:
        """One blow. A worker that found no Redis as it began has ended, and is begun again first."""
        for worker in [worker for worker in self.cluster.workers if worker.returncode is not None]:
            self.cluster.workers.remove(worker)
            await worker.communicate()
            await self.add_worker()
        blow = self._chance.choice(
            [
                self.kill_worker,
                self.stop_worker,
                self.kill_submit,
                self.kill_collect,
                self.kill_redis,
                self.restart_redis,
                self.fill_redis,
                self.claim_by_force,
                self.cut_off,
                self.lose_replies,
                self.cut_off_engagelab,
            ]
        )
        self.struck[blow.__name__] += 1
        await blow()

    async def kill_worker(self) -> None:
        at = self._chance.randrange(WORKERS)
        worker = self.cluster.workers.pop(at)
        if worker.returncode is None:
            worker.kill()
        await worker.communicate()
        await self.add_worker()

    async def stop_worker(self) -> None:
        worker = self._chance.choice([one for one in self.cluster.workers if one.returncode is None])
        worker.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self._chance.uniform(0, 2 * LEASE_S))
        worker.send_signal(signal.SIGCONT)

    async def kill_submit(self) -> None:
        assert self._submit is not None
        if self._submit.returncode is None:
            self._submit.kill()
            await self._submit.communicate()
            await self.submit(self._rate)

    async def kill_collect(self) -> None:
        if self._collect is not None:
            if self._collect.returncode is None:
                self._collect.kill()
            await self._collect.communicate()
        words = ("collect", self.cluster.run_id, "--log", str(self.cluster.log), "--follow")
        self._collect = await self.cluster.start(*words, environment=self._some_clock())

    async def kill_redis(self) -> None:
        self._redis.kill()
        await asyncio.sleep(self._chance.uniform(0, 1))
        await asyncio.to_thread(self._redis.start)

    async def restart_redis(self) -> None:
        await asyncio.to_thread(self._redis.stop)
        await asyncio.to_thread(self._redis.start)

    async def fill_redis(self) -> None:
        self._redis.command("CONFIG", "SET", "maxmemory", "1mb")
        await asyncio.sleep(self._chance.uniform(0, LEASE_S))
        self._redis.command("CONFIG", "SET", "maxmemory", "0")

    async def claim_by_force(self) -> None:
        """Make every lease as old as it takes for others to take over."""
        chunks, group = keys.of_run(self.cluster.run_id, "chunks")[0], keys.GROUP
        redis = connect(self._redis.url)
        for pending in await redis.xpending_range(chunks, group, "-", "+", 100):
            owner, name = (bytes(cast(bytes, pending[key])) for key in ("consumer", "message_id"))
            await redis.xclaim(chunks, group, owner, 0, [name], idle=3_600_000, justid=True)
        await redis.aclose()

    async def cut_off_engagelab(self) -> None:
        await self.cluster.server.go_away()
        await asyncio.sleep(self._chance.uniform(0, LEASE_S))
        await self.cluster.server.come_back()

    async def cut_off(self) -> None:
        self._proxy.go_away()
        await asyncio.sleep(self._chance.uniform(0, 2 * LEASE_S))
        self._proxy.away = False

    async def lose_replies(self) -> None:
        self._proxy.cuts = 0.2
        await asyncio.sleep(self._chance.uniform(0, 1))
        self._proxy.cuts = 0.0

    async def calm(self) -> None:
        """Let go of what was begun for it, once all rows are submitted."""
        assert self._submit is not None
        await self._submit.communicate()
        if self._submit.returncode:  # it found no Redis as it began
            await self.submit(self._rate)
            await self._submit.communicate()

    async def end(self) -> None:
        if self._collect is not None:
            if self._collect.returncode is None:
                self._collect.terminate()
            await self._collect.communicate()


async def storm(folder: Path, *, blows: int, rows: int, rate: int, seed: int) -> str:
    """Play it; raises AssertionError where the books do not balance. Return what happened, in a line."""
    chance = random.Random(seed)
    (folder / "redis").mkdir()
    began = time.monotonic()
    with RedisServer(folder / "redis", **SAFE) as redis:
        async with recording(folder) as server, CuttingProxy(redis.port, seed) as proxy:
            cluster = Cluster(folder, server, proxy.url, mixed_crowd(chance, rows))
            weather = Storm(cluster, redis, proxy, chance)
            await weather.submit(rate)
            for _ in range(WORKERS):
                await weather.add_worker()
            for _ in range(blows):
                await asyncio.sleep(chance.uniform(0, 2 * rows / rate / blows))
                await weather.strike()
            await weather.calm()
            await cluster.until("finished")
            seconds = time.monotonic() - began
            await weather.end()
            await cluster.end()
            await cluster.collect()
            struck = weather.struck
            # Whoever is cut off or stopped past a lease loses what it had, and so may all of them at once.
            of_all = struck["cut_off"] + struck["claim_by_force"] + struck["cut_off_engagelab"]
            of_one = struck["kill_worker"] + struck["stop_worker"]
            most = (of_one + WORKERS * of_all + 1) * (IN_FLIGHT + rate // 10)
            totals = cluster.audit(unknown_max=most, rate=rate)
    return f"seed {seed}: {dict(struck)} over {rows:,} rows in {seconds:.0f} s: {dict(totals)}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--blows", type=int, default=100)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(asyncio.run(storm(Path(folder), **vars(options))))


if __name__ == "__main__":
    main()

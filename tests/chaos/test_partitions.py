"""Machines that cannot reach Redis or EngageLab, or hear from them: packets are dropped without a word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.cluster_process import LEASE_S
from tests.chaos.namespaces import Machine, machines
from tests.chaos.recipients import crowd
from tests.chaos.recorder import recording
from tests.cluster.redis_server import SAFE, RedisServer

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]

RATE = 300
LOST_AT_ONCE = 64 + RATE // 20
"""In flight, and announced ahead."""


class Site:
    """Three workers, each on a machine of its own, and a campaign."""

    def __init__(self, cluster: Cluster, hosts: list[Machine]) -> None:
        self.cluster = cluster
        self.hosts = hosts

    async def begin(self) -> None:
        """Submit the campaign, and let the workers begin."""
        await self.cluster.submit("--rate", str(RATE))
        for host in self.hosts:
            await self.cluster.add_worker(host.command)

    async def end(self) -> None:
        """Let the campaign come to its end, and collect it."""
        await self.cluster.until("finished")
        await self.cluster.end()
        await self.cluster.collect()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    with machines(3) as (lan, hosts):
        (tmp_path / "redis").mkdir()
        with RedisServer(tmp_path / "redis", host=lan.addresses["redis"], **SAFE) as redis:
            async with recording(tmp_path, host=lan.addresses["api"]) as server:
                yield Site(Cluster(tmp_path, server, redis.url, crowd(3500)), hosts)


async def test_workers_that_do_not_reach_redis(site: Site) -> None:
    """For less than a lease and for more, both ways, and only the way back."""
    cluster, hosts = site.cluster, site.hosts
    await site.begin()
    await cluster.server.arrived(400)
    hosts[0].cut("redis")
    await asyncio.sleep(LEASE_S / 2)
    hosts[0].mend("redis")
    await cluster.server.arrived(900)
    hosts[1].cut("redis")
    await asyncio.sleep(3 * LEASE_S)
    hosts[1].mend("redis")
    hosts[2].lose_replies("redis")
    await asyncio.sleep(3 * LEASE_S)
    hosts[2].deliver_replies("redis")
    await site.end()
    totals = cluster.audit(unknown_max=2 * LOST_AT_ONCE, rate=RATE)
    assert totals["accepted"] >= 3500 - 2 * LOST_AT_ONCE


async def test_workers_that_do_not_reach_engagelab(site: Site) -> None:
    """What was on its way arrives once the network is back, or is unknown: nothing is sent a second time."""
    cluster, hosts = site.cluster, site.hosts
    await site.begin()
    await cluster.server.arrived(400)
    hosts[0].cut("api")
    await asyncio.sleep(LEASE_S)
    hosts[0].mend("api")
    hosts[1].lose_replies("api")
    await asyncio.sleep(LEASE_S)
    hosts[1].deliver_replies("api")
    await cluster.server.arrived(1500)
    for way in ("redis", "api"):
        hosts[2].cut(way)
    await asyncio.sleep(2 * LEASE_S)
    cluster.workers[2].kill()
    await site.end()
    cluster.audit(unknown_max=3 * LOST_AT_ONCE)

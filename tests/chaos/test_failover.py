"""Sentinels that make a replica the master, in the middle of a campaign."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.recipients import crowd
from tests.chaos.recorder import Recorder
from tests.cluster.redis_server import SAFE, RedisServer, free_port, started

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]

RATE = 300
ROWS = 3500
REPLICATED_S = 0.5
"""What was written in so short a time before, a replica may lack."""
IN_FLIGHT = 64
WORKERS = 3


@contextmanager
def watched(folder: Path, **options: str) -> Iterator[tuple[RedisServer, RedisServer, str]]:
    """A master, its replica and three Sentinels, with their address."""
    with ExitStack() as stack:
        servers = []
        for name in ("one", "other"):
            (folder / name).mkdir()
            servers.append(stack.enter_context(RedisServer(folder / name, **SAFE)))
        master, replica = servers
        replica.command("REPLICAOF", "127.0.0.1", str(master.port))
        while replica.info("master_link_status") != "up":
            pass
        for name, value in options.items():
            for server in servers:
                server.command("CONFIG", "SET", name.replace("_", "-"), value)
        ports = [stack.enter_context(sentinel(folder / f"s{number}", master.port)) for number in range(3)]
        yield master, replica, "redis+sentinel://" + ",".join(f"127.0.0.1:{port}" for port in ports) + "/wa/0"


@contextmanager
def sentinel(folder: Path, master: int) -> Iterator[int]:
    """A Sentinel that watches the master at this port; its own port."""
    folder.mkdir()
    port, log = free_port(), folder / "sentinel.log"
    (folder / "sentinel.conf").write_text(
        f"port {port}\ndir {folder}\nlogfile {log}\n"
        f"sentinel monitor wa 127.0.0.1 {master} 2\n"
        "sentinel down-after-milliseconds wa 1000\nsentinel failover-timeout wa 5000\n"
    )
    program = shutil.which("redis-server")
    assert program is not None
    process = started([program, str(folder / "sentinel.conf"), "--sentinel"], port, log)
    try:
        yield port
    finally:
        process.kill()
        process.wait()


async def test_a_master_that_is_killed(tmp_path: Path, server: Recorder) -> None:
    with watched(tmp_path) as (master, replica, url):
        cluster = Cluster(tmp_path, server, url, crowd(ROWS))
        await cluster.submit("--rate", str(RATE))
        for _ in range(WORKERS):
            await cluster.add_worker()
        await server.arrived(1200)
        master.kill()
        await server.arrived(2000)
        assert replica.info("role") == "master"
        master.start()  # Sentinels make it a replica
        await end(cluster)


async def test_a_master_that_stands_still_and_wakes_up(tmp_path: Path, server: Recorder) -> None:
    """Two masters for a while: one without a replica takes nothing, with `min-replicas-to-write 1`."""
    with watched(tmp_path, min_replicas_to_write="1", min_replicas_max_lag="2") as (master, replica, url):
        cluster = Cluster(tmp_path, server, url, crowd(ROWS))
        await cluster.submit("--rate", str(RATE))
        for _ in range(WORKERS):
            await cluster.add_worker()
        await server.arrived(1200)
        assert master.process is not None
        master.process.send_signal(signal.SIGSTOP)
        while replica.info("role") != "master":
            await asyncio.sleep(0.2)
        master.process.send_signal(signal.SIGCONT)
        await end(cluster)


async def end(cluster: Cluster) -> None:
    """Let the campaign come to its end; what may be lost is what was not replicated."""
    await cluster.server.arrived(ROWS - 500)
    await cluster.until("finished")
    await cluster.end()
    await cluster.collect()
    lost = round(RATE * REPLICATED_S)
    totals = cluster.audit(unknown_max=WORKERS * (IN_FLIGHT + RATE // 20), lost_max=lost)
    print(totals)

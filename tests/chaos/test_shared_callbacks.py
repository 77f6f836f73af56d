"""Receivers, Redis and the collector die at any moment: what was answered with 200 is in the memory."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.servers.running import free_port
from tests.callbacks.process import post, running
from tests.callbacks.rows import RUN, body, status
from tests.cluster.redis_server import RedisServer
from wa_bulk.history import History

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

REQUESTS = 3_000
ROWS = 3
"""Of a request."""
BLOWS = 12


def request(number: int) -> bytes:
    rows = range(number * ROWS + 1, (number + 1) * ROWS + 1)
    return body(*(status("delivered", message_id=f"m{row}", tag=f"{RUN}:{row}") for row in rows))


class Poster(threading.Thread):
    """Posts to one receiver after the other, what got no 200 again later, as a patient vendor would."""

    def __init__(self, ports: list[int]) -> None:
        super().__init__(daemon=True)
        self.answered: set[int] = set()
        self._ports = ports

    def run(self) -> None:
        left = list(range(REQUESTS))
        while left:
            number = left.pop(0)
            if post(self._ports[number % 2], request(number)) == 200:
                self.answered.add(number)
            else:
                left.append(number)


class Collector:
    """`wa-bulk cluster collect --follow`, killed and started."""

    def __init__(self, file: Path, url: str) -> None:
        self._environment = {**os.environ, "WA_BULK_DB": str(file), "WA_BULK_REDIS": url}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = self._begin("--follow")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def finish(self) -> None:
        """Collect what there is."""
        process = self._begin()
        assert process.wait(60) == 0

    def _begin(self, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "wa_bulk", "cluster", "collect", *options]
        return subprocess.Popen(command, env=self._environment, stderr=subprocess.DEVNULL)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder, appendonly="yes", appendfsync="always") as server:
        yield server


@pytest.mark.parametrize("seed", range(2))
def test_what_was_answered_is_kept(tmp_path: Path, redis: RedisServer, seed: int) -> None:
    chance, file = random.Random(seed), tmp_path / "memory.db"
    ports = [free_port(), free_port()]
    collector = Collector(file, redis.url)
    with ExitStack() as receivers:
        own = [
            receivers.enter_context(running(tmp_path / "elsewhere.db", port, "--redis", redis.url))
            for port in ports
        ]
        collector.start()
        poster = Poster(ports)
        poster.start()
        for blow in range(1, BLOWS + 1):
            while poster.is_alive() and len(poster.answered) < blow * REQUESTS // (BLOWS + 2):
                poster.join(chance.random() / 20)
            match chance.choice(["collector", "collector", "redis", "receiver"]):
                case "collector":
                    collector.kill()
                    collector.start()
                case "redis":
                    redis.kill()
                    redis.start()
                case "receiver":
                    which = chance.randrange(2)
                    own[which].process.kill()
                    own[which].process.wait()
                    own[which] = receivers.enter_context(
                        running(tmp_path / "elsewhere.db", ports[which], "--redis", redis.url)
                    )
        poster.join(120)
        assert not poster.is_alive()
    collector.kill()
    collector.finish()
    with History.open(file) as history:
        heard = [delivery.row for delivery in history.deliveries.of_run(RUN)]
    assert heard == list(range(1, REQUESTS * ROWS + 1))

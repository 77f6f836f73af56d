"""The network between processes and Redis, under redis-py's own client: what is lost, late, or in vain."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection

from tests.simulation.cluster.process import Machines, Process
from tests.simulation.cluster.server import SimulatedRedis, decoded, encoded
from wa_bulk.cluster.connection import TIMEOUT_S, _settings

LATE_S = 12.0
"""How late a request may arrive that its sender has given up."""
FAULTS = ("lost before", "reply lost", "reply too late", "request too late")


class Network:
    """All connections to a Redis. `weights` are of the faults of each request; `note` is told of them."""

    def __init__(
        self,
        machines: Machines,
        redis: SimulatedRedis,
        chance: random.Random,
        weights: dict[str, float],
        latency_s: float,
        note: Callable[[str], None],
    ) -> None:
        self.machines = machines
        self.redis = redis
        self.is_calm = False
        self._chance = chance
        self._fates = ["well", *weights]
        self._weights = [1 - sum(weights.values()), *weights.values()]
        self._latency_s = latency_s
        self._note = note
        self._links: set[Link] = set()

    def client(self, process: Process) -> Redis:
        """Make a client for a process, as `connect` does."""
        settings: dict[str, Any] = _settings()
        pool = BlockingConnectionPool(
            connection_class=Connection, network=self, process=process, timeout=TIMEOUT_S, **settings
        )
        return Redis.from_pool(pool)

    def fate(self) -> str:
        """Draw what becomes of a request."""
        if self.is_calm:
            return "well"
        fate = self._chance.choices(self._fates, self._weights)[0]
        if fate != "well":
            self._note(f"redis: {fate}")
        return fate

    def delay(self, process: Process) -> float:
        """Draw how long something takes from or to a process: what waits for a partition to end is sent again
        a while after that."""
        delay_s = self._latency_s * (0.2 + 2 * self._chance.random() ** 3)
        cut_off_s = process.reaches_redis_from - self.machines.now
        if cut_off_s > 0:
            delay_s += cut_off_s * (1 + self._chance.random())
        return delay_s

    def late(self) -> float:
        """Draw how long something takes that arrives when nobody waits for it any more, or just not yet."""
        return self._chance.random() * LATE_S

    async def connect(self, process: Process) -> Link:
        """Connect a process. Raises OSError, or waits for ever."""
        loop = asyncio.get_running_loop()
        delay_s = self.delay(process)
        await asyncio.sleep(delay_s)
        if not self.redis.is_up:
            raise ConnectionRefusedError(111, "Connection refused")
        link = Link(self, process, loop)
        self._links.add(link)
        return link

    def reset_all(self) -> None:
        """Break every connection: the server has ended."""
        for link in sorted(self._links, key=lambda link: link.number):
            link.reset()
        self._links.clear()


class Link:
    """One connection, with the server's end of it."""

    _count = 0

    def __init__(self, network: Network, process: Process, loop: asyncio.AbstractEventLoop) -> None:
        Link._count += 1
        self.number = Link._count
        self.reader = asyncio.StreamReader(loop=loop)
        self.is_open = True
        """Whether the server has it still."""
        self.is_closed = False
        """Whether its process has closed it."""
        self._network = network
        self._process = process
        self._rest = b""
        self._there_by = self._back_by = 0.0

    # -- what redis-py does with it: as an asyncio.StreamWriter ---------------------------------------

    def writelines(self, chunks: Iterable[bytes]) -> None:
        if self._process.is_over:
            return
        if not self.is_open:
            raise ConnectionResetError(104, "Connection reset by peer")
        network = self._network
        fate, machines = network.fate(), network.machines
        delay_s = network.delay(self._process) + (network.late() if fate == "request too late" else 0.0)
        self._there_by = max(self._there_by, machines.now + delay_s)
        machines.at(self._there_by, partial(self._arrived, b"".join(chunks), fate))

    async def drain(self) -> None:
        pass

    def close(self) -> None:
        self.is_closed = True

    async def wait_closed(self) -> None:
        pass

    def get_extra_info(self, name: str) -> None:
        return None

    # -- the server's end -----------------------------------------------------------------------------

    def reset(self) -> None:
        """Break it off; the process learns of it soon."""
        self.is_open = False
        machines = self._network.machines
        error = ConnectionResetError(104, "Connection reset by peer")
        machines.at(machines.now + self._network.delay(self._process), lambda: self._tell(error))

    def _arrived(self, data: bytes, fate: str) -> None:
        if not self.is_open:
            return
        if fate == "lost before":
            self.reset()
            return
        self._rest += data
        reply = b""
        while True:
            words, self._rest = decoded(self._rest)
            if words is None:
                break
            reply += encoded(self._network.redis.execute(words))
        if fate == "reply lost":
            self.reset()
            return
        machines = self._network.machines
        delay_s = self._network.delay(self._process)
        if fate == "reply too late":
            delay_s += self._network.late()
        self._back_by = max(self._back_by, machines.now + delay_s)
        machines.at(self._back_by, lambda: self._came_back(reply))

    def _came_back(self, reply: bytes) -> None:
        if self.is_open and not self.is_closed:
            self._process.call(self.reader.feed_data, reply)

    def _tell(self, error: Exception) -> None:
        if not self.is_closed:
            self._process.call(self.reader.set_exception, error)


class Connection(AbstractConnection):
    """redis-py's connection, over a simulated link."""

    def __init__(self, *, network: Network, process: Process, **settings: Any) -> None:
        super().__init__(**settings)
        self._network = network
        self._process = process

    def __del__(self, _warnings: Any = None) -> None:
        """Say nothing: its process may have been killed."""

    def repr_pieces(self) -> list[tuple[str, object]]:
        return [("simulated", self._process.number)]

    def _host_error(self) -> str:
        return "simulated:6379"

    async def _connect(self) -> None:
        async with asyncio.timeout(self.socket_connect_timeout):
            link = await self._network.connect(self._process)
        self._reader, self._writer = link.reader, cast(asyncio.StreamWriter, link)

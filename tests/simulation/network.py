"""The simulated network, as a transport: connections that are refused, break, are silent, or lie."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from tests.simulation.answers import BY_NAME, Answer
from tests.simulation.server import Attempt, Server
from tests.simulation.world import World
from wa_bulk.send.transport.interface import BadAddress, MaybeSent, NotSent, Reply, TransportError


class Mistake(Exception):
    """Stands for an error of a transport's own that nobody expects."""


class Connection:
    """One connection: what was last written to it, and whether it may be used again."""

    def __init__(self) -> None:
        self.last: tuple[bytes, Attempt] | None = None
        self.before: tuple[bytes, Attempt] | None = None
        self.waiting = False
        self.is_discarded = False


class SimulatedTransport:
    """A `Transport` over a simulated network.

    `on_event` is told of everything that is seen from outside, `on_error` of the simulation's own errors,
    which the sender would take for the transport's.
    """

    name = "simulated"

    def __init__(
        self,
        world: World,
        server: Server,
        timeout: float,
        on_attempt: Callable[[Attempt], None],
        on_event: Callable[[], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        self._world = world
        self._server = server
        self._timeout = timeout
        self._on_attempt = on_attempt
        self._on_event = on_event
        self._on_error = on_error
        self._chance = world.chance(f"network {world.stretch}")
        weights = world.scenario.connect_weights
        self._connects, self._connect_weights = [*weights], [*weights.values()]
        self._idle: list[Connection] = []
        self._busy: list[Connection] = []
        self._closing = False
        self._posts = 0
        self._preparing = 0
        self.about_to_write = 0
        """Posts that were begun, and have not written yet."""
        self._emptied: asyncio.Future[None] | None = None

    def ready(self) -> bool:
        return bool(self._idle)

    async def prepare(self) -> None:
        self._preparing += 1
        try:
            self._idle.append(await self._connect())
        finally:
            self._preparing -= 1

    async def post(self, payload: bytes) -> Reply:
        if self._closing:
            raise NotSent("the transport is closed")
        self._posts += 1
        try:
            return await self._post(payload)
        except Exception as error:
            if not isinstance(error, TransportError | Mistake):
                self._on_error(error)
            raise
        finally:
            self._posts -= 1
            if self._emptied is not None and not self._posts and not self._emptied.done():
                self._emptied.set_result(None)

    def other_requests(self, reply: Reply) -> list[bytes]:
        own = reply.origin
        assert isinstance(own, Connection)
        found = [written[0] for written in (own.last, own.before) if written is not None]
        others = (other.last for other in self._busy if other is not own and other.waiting)
        return found + [written[0] for written in others if written is not None]

    def give_up_unwritten(self) -> None:
        """Nothing waits: a request leaves when it is posted."""

    def distrust(self, reply: Reply) -> None:
        assert isinstance(reply.origin, Connection)
        reply.origin.is_discarded = True
        if reply.origin in self._idle:
            self._idle.remove(reply.origin)

    async def close(self, timeout: float | None = None) -> None:
        self._closing = True
        if self._posts:
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied
        self._idle.clear()

    async def _connect(self) -> Connection:
        await asyncio.sleep(self._chance.random() * self._world.scenario.latency_s / 2)
        fate = "connected"
        if self._server.is_down():
            fate = "refused"
        elif not self._world.is_calm:
            fate = self._chance.choices(self._connects, self._connect_weights)[0]
        if self._world.is_dead:
            await self._for_ever()
        if fate == "connected":
            return Connection()
        self._world.note(f"network: {fate}")
        if fate == "certificate":
            raise BadAddress("the certificate of localhost cannot be verified: it has expired")
        if fate == "connect hangs":
            await asyncio.sleep(self._timeout)
            raise NotSent("timed out while connecting")
        raise NotSent(f"cannot connect: {fate}")

    async def _post(self, payload: bytes) -> Reply:
        begun_at = self._world.time
        self.about_to_write += 1
        try:
            connection = self._idle.pop() if self._idle else await self._connect()
            await self._event()
        finally:
            self.about_to_write -= 1
        # From here on the server may have it, whatever becomes of the process.
        attempt = self._server.receive(payload, begun_at)
        self._on_attempt(attempt)
        connection.before, connection.last = connection.last, (payload, attempt)
        connection.waiting = True
        self._busy.append(connection)
        await self._event()
        try:
            return await self._reply(connection, attempt)
        finally:
            connection.waiting = False
            self._busy.remove(connection)

    async def _reply(self, connection: Connection, attempt: Attempt) -> Reply:
        wait_s = min(self._server.latency(), self._timeout * 0.99)
        fate = attempt.fate
        await asyncio.sleep(self._timeout if fate == "silence" else wait_s)
        await self._event()
        attempt.answered_at = self._world.time
        if fate == "reset before":
            attempt.evidence = "try again"
            raise NotSent("connection lost while the request was being written")
        if fate == "reset after":
            raise MaybeSent("connection reset by peer")
        if fate == "silence":
            raise MaybeSent(f"no reply within {self._timeout} s")
        if fate == "cut reply":
            raise MaybeSent("the connection was closed in the middle of the reply")
        if fate == "error in the transport":
            raise Mistake
        if fate == "foreign reply":
            return self._foreign(connection, attempt)
        answer = self._server.answer(attempt)
        attempt.evidence = BY_NAME[fate].evidence
        if BY_NAME[fate].throttles:
            attempt.pause_s = answer.retry_after or 0.0
            attempt.underway = self._preparing
        return self._deliver(connection, answer)

    def _foreign(self, connection: Connection, attempt: Attempt) -> Reply:
        """Deliver the reply to the request before on this connection, or to one that is in flight."""
        others = [other.last for other in self._busy if other is not connection and other.waiting]
        written = [one[1] for one in (connection.before, *others) if one is not None]
        written = [one for one in written if one.request_id != attempt.request_id]
        if not written:
            raise MaybeSent("the reply cannot be read")
        other = self._chance.choice(written)
        self._world.note(
            "network: foreign reply delivered", f"row {attempt.row} gets that of row {other.row}"
        )
        body: dict[str, object] = {"message_id": other.message_id, "request_id": other.request_id}
        status = 200
        if self._chance.random() < 0.3:
            status, body = 400, {"code": 3002, "message": "no", "request_id": other.request_id}
        return self._deliver(connection, Answer(status, json.dumps(body).encode()))

    def _deliver(self, connection: Connection, answer: Answer) -> Reply:
        if self._chance.random() < 0.9:
            self._idle.append(connection)
        return Reply(answer.status, answer.body, answer.retry_after, connection)

    async def _event(self) -> None:
        """Something that is seen from outside: the process may have died over it."""
        self._on_event()
        if self._world.is_dead:
            await self._for_ever()

    async def _for_ever(self) -> None:
        await asyncio.get_running_loop().create_future()

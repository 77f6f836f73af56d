"""A bound on open connections: those that ask for nothing make room for those that do."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler

from wa_bulk.callbacks.limits import Limits

_SWEEP_EVERY_S = 1.0
_arrived: ContextVar[Callable[[], None] | None] = ContextVar("wa_bulk.callbacks arrived", default=None)


def note_arrival() -> None:
    """Note that the request of this task has come in whole, where somebody wants to know."""
    arrived = _arrived.get()
    if arrived is not None:
        arrived()


class Connections:
    """A factory of protocols for `loop.create_server`, each around one of aiohttp's.

    A connection waits from its opening, or from the end of its last request, until its next request has come
    in whole. When there are too many, the one that has waited longest is closed, so that neither thousands of
    idle ones nor as many slow ones can keep the vendor out.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._server: web.Server | None = None
        self._loop = asyncio.get_running_loop()
        self._open: dict[asyncio.BaseTransport, Connection] = {}
        self._waiting: OrderedDict[Connection, float] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None
        self._in_progress = 0
        self._all_answered = asyncio.Event()
        self._all_answered.set()
        self._ending = False

    def start(self, server: web.Server) -> None:
        """Hand connections to `server` from now on."""
        self._server = server
        self._sweep()

    def __call__(self) -> Connection:
        assert self._server is not None
        return Connection(self, self._server())

    def __len__(self) -> int:
        return len(self._open)

    async def drain(self, timeout_s: float) -> None:
        """Wait until the requests that have begun to arrive are answered, each the last of its connection.

        Once aiohttp is told to end, it reads nothing more, not even the rest of a body.
        """
        self._ending = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._all_answered.wait()

    def close(self) -> None:
        """Stop looking after them; those that are open stay so."""
        if self._timer is not None:
            self._timer.cancel()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Have a connection not count as waiting while its request is worked on."""
        connection = self._open.get(request.transport) if request.transport is not None else None
        if connection is not None:
            _arrived.set(partial(self._stop_waiting, connection))
        self._in_progress += 1
        self._all_answered.clear()
        try:
            response = await handler(request)
        finally:
            self._in_progress -= 1
            if not self._in_progress:
                self._all_answered.set()
            if connection is not None and connection.transport in self._open:
                self._waiting[connection] = self._loop.time()
                self._waiting.move_to_end(connection)
        if self._ending:
            response.force_close()
        return response

    def _stop_waiting(self, connection: Connection) -> None:
        self._waiting.pop(connection, None)

    def add(self, connection: Connection, transport: asyncio.BaseTransport) -> None:
        """Take a new connection in, in the place of another where there are too many."""
        self._open[transport] = connection
        self._waiting[connection] = self._loop.time()
        if len(self._open) > self._limits.connections:
            # The new one is last; where all others are busy, it is the one that goes.
            self._close(next(iter(self._waiting)))

    def remove(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self._waiting.pop(connection, None)
        if connection.transport is not None:
            self._open.pop(connection.transport, None)

    def _sweep(self) -> None:
        before_s = self._loop.time() - self._limits.idle_s
        while self._waiting:
            connection, since_s = next(iter(self._waiting.items()))
            if since_s > before_s:
                break
            self._close(connection)
        self._timer = self._loop.call_later(_SWEEP_EVERY_S, self._sweep)

    def _close(self, connection: Connection) -> None:
        transport = connection.transport
        self.remove(connection)
        if transport is not None:
            transport.abort()


class Connection(asyncio.Protocol):
    """Hands everything on to aiohttp's protocol, and tells when it opens and closes."""

    def __init__(self, connections: Connections, inner: asyncio.Protocol) -> None:
        self._connections = connections
        self._inner = inner
        self.transport: asyncio.Transport | None = None
        self.data_received = inner.data_received  # type: ignore[method-assign]  # spares a call for each read

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are no subclasses of it
        self._inner.connection_made(transport)
        self._connections.add(self, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Close."""
        self._connections.remove(self)
        self._inner.connection_lost(exc)

    def eof_received(self) -> bool | None:
        """Hand it on."""
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        """Hand it on."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Hand it on."""
        self._inner.resume_writing()

"""The fast transport: a pool of keep-alive HTTP/1.1 connections directly on the event loop."""

import asyncio
import math
import socket
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic

from aiohappyeyeballs import start_connection

from .connection import Connection, words
from .interface import BadAddress, NotSent, Reply
from .limits import EYEBALLS_DELAY
from .request import endpoint, request_head
from .tls import TlsClient, TlsConnection

HEADS_MAX = 1024  # request heads kept, one for each length of payload

FRESH = 1.0  # seconds since its last request after which a connection is looked at before it is used


class LeanTransport:
    """Posts to one URL over at most `connections` connections, each carrying one request at a time.

    `timeout` bounds a whole post and `connect_timeout` the making of a connection, both in seconds. One timer
    for all posts looks at them now and then, so a timeout may come late by a fifth of it, at most 1 s.
    Works on any event loop; must be used from one only.
    """

    name = "lean"

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        connections: int = 64,
        timeout: float = 30.0,
        connect_timeout: float = 10.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._endpoint = endpoint(url)
        self._head_start = request_head(self._endpoint, headers)
        self._heads: dict[int, bytes] = {}
        self._tls = TlsClient(self._endpoint.host, ssl_context) if self._endpoint.tls else None
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._sweep_interval = min(0.5, timeout / 10)
        self._sweeper: asyncio.TimerHandle | None = None
        self._late = -math.inf  # posts begun before this were late at the last sweep
        self._limit = connections
        self._connections: set[Connection] = set()  # being made, busy, idle or being closed
        self._idle: list[Connection] = []  # last used last, and given out first
        self.usual = (b"", -1)  # of all connections: they lead to the same server
        self._waiters: deque[tuple[float, asyncio.Future[Connection]]] = deque()
        self._closing = False
        self._all_closed: asyncio.Future[None] | None = None
        self._create_future: Callable[[], asyncio.Future[Reply]]

    async def post(self, payload: bytes) -> Reply:
        """Send `payload` as the body of one POST and return the reply; raises NotSent or MaybeSent."""
        try:
            request = self._heads[len(payload)] + payload
        except KeyError:
            request = self._head(len(payload)) + payload
        now = monotonic()
        if self._idle and now - self._idle[-1].started < FRESH:
            connection = self._idle.pop()
        else:
            connection = await self._obtain(now)
        connection.started = now
        connection.reply = reply = self._create_future()
        connection.write(request)
        if connection.is_closing():  # the very write failed, and took nothing
            connection.reply = None
            connection.discard()
            raise NotSent("connection lost before the request was written")
        try:
            return await reply
        except asyncio.CancelledError:
            connection.abandon(reply)
            raise

    def ready(self) -> bool:
        """Whether a post would leave now, over a connection that is at hand."""
        connection = self._pick_idle(monotonic())
        if connection is None:
            return False
        self._idle.append(connection)
        return True

    async def prepare(self) -> None:
        """Have a connection at hand; raises NotSent."""
        self.release(await self._obtain(monotonic()))

    def other_requests(self, reply):
        return []

    def distrust(self, reply):
        pass

    async def close(self, timeout=None) -> None:
        """Refuse new posts, wait for those in flight, then let go of every connection."""
        self._closing = True
        while self._idle:
            self._idle[-1].discard()
        if self._connections:
            if self._all_closed is None:
                self._all_closed = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._all_closed)

    # -- for connections ------------------------------------------------------------------------------

    def release(self, connection: Connection) -> None:
        """Take back a connection whose request has been answered."""
        if self._waiters and self._hand(connection):
            return
        if self._closing:
            connection.discard()
        else:
            self._idle.append(connection)

    def forget(self, connection: Connection) -> None:
        """Never give this connection out again."""
        if connection in self._idle:
            self._idle.remove(connection)

    def lost(self, connection: Connection) -> None:
        """The connection is closed: another may be made in its place."""
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        if self._waiters:
            self._hand(self._new())
        if not self._connections:
            if self._sweeper is not None:
                self._sweeper.cancel()
                self._sweeper = None
            if self._all_closed is not None and not self._all_closed.done():
                self._all_closed.set_result(None)

    # -- finding a connection -------------------------------------------------------------------------

    async def _obtain(self, started: float) -> Connection:
        """A connection for one request: idle, new, or the next that another post gives back."""
        if self._closing:
            raise NotSent("the transport is closed")
        loop = asyncio.get_running_loop()
        if self._sweeper is None:
            self._create_future = loop.create_future
            self._sweeper = loop.call_later(self._sweep_interval, self._sweep, loop)
        while True:
            connection = self._pick(started) or await self._turn(loop, started)
            if not connection.made:
                await self._connect(loop, connection, started)
            if connection.open:
                return connection

    def _pick(self, now: float) -> Connection | None:
        if connection := self._pick_idle(now):
            return connection
        return self._new() if len(self._connections) < self._limit else None

    def _pick_idle(self, now: float) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if now - connection.started < FRESH or connection.quiet():
                return connection
            connection.discard()
        return None

    def _new(self) -> Connection:
        connection = TlsConnection(self, self._tls) if self._tls else Connection(self)
        self._connections.add(connection)
        return connection

    async def _turn(self, loop: asyncio.AbstractEventLoop, started: float) -> Connection:
        waiter: asyncio.Future[Connection] = loop.create_future()
        self._waiters.append((started, waiter))
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and not waiter.exception():
                connection = waiter.result()
                if connection.open:
                    self.release(connection)
                else:
                    self.lost(connection)
            raise

    def _hand(self, connection: Connection) -> bool:
        while self._waiters:
            _, waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    async def _connect(self, loop: asyncio.AbstractEventLoop, connection: Connection, started: float) -> None:
        seconds = max(0.0, min(self._connect_timeout, self._timeout - (monotonic() - started)))
        host, port = self._endpoint.host, self._endpoint.port
        try:
            async with asyncio.timeout(seconds):
                addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                sock = await start_connection(addresses, happy_eyeballs_delay=EYEBALLS_DELAY, loop=loop)
                await loop.create_connection(lambda: connection, sock=sock)
                await connection.ready()
                if not connection.open:
                    raise ConnectionResetError("closed as soon as it was made")
        except BaseException as error:
            connection.discard()
            self.lost(connection)
            if isinstance(error, ssl.SSLCertVerificationError):
                raise BadAddress.by(host, error) from error
            if isinstance(error, TimeoutError) and not str(error):
                raise NotSent(f"no connection to {host}:{port} within {seconds:g} s") from error
            if isinstance(error, (OSError, RuntimeError)):  # uvloop raises the latter for some of the former
                raise NotSent(f"no connection to {host}:{port}: {words(error)}") from error
            raise

    # -- time -----------------------------------------------------------------------------------------

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweeper = loop.call_later(self._sweep_interval, self._sweep, loop)
        now = monotonic()
        # What was late a sweep ago: were it what is late now, a process that stood still would give up
        # replies that wait to be read.
        late, self._late = self._late, now - self._timeout
        while self._waiters and self._waiters[0][0] <= late:
            _, waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(NotSent(f"no connection came free within {self._timeout:g} s"))
        for connection in list(self._connections):
            if connection.reply is not None:
                if connection.started <= late:
                    connection.fail(f"no whole reply within {self._timeout:g} s")
            elif connection.open and now - connection.started >= connection.idle_max:
                connection.discard()

    def _head(self, length: int) -> bytes:
        head = b"%b%d\r\n\r\n" % (self._head_start, length)
        if len(self._heads) < HEADS_MAX:
            self._heads[length] = head
        return head

"""The fast transport: a pool of keep-alive HTTP/1.1 connections directly on the event loop."""

import asyncio
import math
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from threading import get_ident
from time import monotonic
from typing import NoReturn

from aiohappyeyeballs import start_connection

from wa_bulk.send import defaults
from wa_bulk.send.forks import watch_forks

from .connection import Connection
from .interface import CLOSED, BadAddress, NotSent, Reply
from .limits import EYEBALLS_DELAY, MAX_REPLY
from .loop_binding import LoopBinding, detach_sockets
from .patience import Patience
from .reason import reason_of
from .request import endpoint, request_head
from .resolver import resolver
from .tls import TlsClient, TlsConnection, is_plain_text

HEADS_MAX = 1024  # request heads kept, one for each length of payload

# Seconds since its last reply was read in which a connection is used without a look at its socket. A look
# costs 0.4 µs of about 9 for a whole request; what came within this time is no different from what crosses
# our request on its way.
FRESH = 0.02


class LeanTransport:
    """Posts to one URL over at most `connections` connections, each carrying one request at a time.

    `method` may be another than POST, and `reply_max` bounds the bytes of a reply's body.

    `timeout` bounds a whole post and `connect_timeout` the making of a connection, both in seconds of the
    loop's clock. One timer for all posts looks at them now and then, so a timeout may come late by a fifth of
    it, at most 1 s.
    """

    name = "lean"

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        connections: int = defaults.CONCURRENCY,
        timeout: float = defaults.TIMEOUT,
        connect_timeout: float = defaults.CONNECT_TIMEOUT,
        ssl_context: ssl.SSLContext | None = None,
        method: str = "POST",
        reply_max: int = MAX_REPLY,
    ) -> None:
        self._endpoint = endpoint(url)
        self.address = (self._endpoint.host, self._endpoint.port)
        self.reply_max = reply_max
        self._head_start = request_head(self._endpoint, headers, method)
        self._heads: dict[int, bytes] = {}
        self._tls = TlsClient(self._endpoint.host, ssl_context) if self._endpoint.tls else None
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._patience = Patience(timeout)
        self._limit = connections
        self.closing = False
        self.start_anew()
        watch_forks(self)

    def start_anew(self) -> None:
        """Begin without connections and without a loop: at first, and in a forked child."""
        parents: set[Connection] = getattr(self, "_connections", set())
        if parents:
            detach_sockets(connection.fileno() for connection in parents if connection.open)
        self._parents = parents  # kept, so that nothing of theirs is cleaned up in the child
        self._binding = LoopBinding()
        self._thread = 0  # the two that tell, at the least cost, that this is the loop we belong to
        self._loop_is_running: Callable[[], bool]
        self._connections: set[Connection] = set()  # being made, busy, idle or being closed
        self.idle: list[Connection] = []  # last used last, and given out first
        self.waiters: deque[tuple[float, asyncio.Future[Connection]]] = deque()
        self.cached_head = (b"", 0, -1)  # of all connections: they lead to the same server
        self._sweeper: asyncio.TimerHandle | None = None
        self._swept = -math.inf  # when, by the loop's clock; what posts take for the present
        self._abandoned = False
        self._all_closed: asyncio.Future[None] | None = None
        self._create_future: Callable[[], asyncio.Future[Reply]]

    async def post(self, payload: bytes) -> Reply:
        """Send `payload` as the body of one POST and return the reply; raises NotSent or MaybeSent."""
        try:
            request = self._heads[len(payload)] + payload
        except KeyError:
            request = self._head(len(payload)) + payload
        idle = self.idle
        if (
            get_ident() == self._thread
            and idle
            and monotonic() - idle[-1].answered < FRESH
            and self._loop_is_running()
        ):
            connection = idle.pop()
            connection.started = self._swept
        else:
            connection = await self._obtain()
        connection.earlier = connection.previous
        connection.previous = connection.payload
        connection.payload = payload
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
        """Return whether a post would leave now, over a connection that is at hand."""
        self._binding.bind()
        connection = self._pick_idle()
        if connection is None:
            return False
        self.idle.append(connection)
        return True

    async def prepare(self) -> None:
        """Have a connection at hand; raises NotSent."""
        self.release(await self._obtain())

    def other_requests(self, reply: Reply) -> list[bytes]:
        """Return the payloads that `reply` could be meant for instead of its own."""
        origin = reply.origin
        on_its_connection = (
            [origin.earlier, origin.previous, origin.payload] if isinstance(origin, Connection) else []
        )
        elsewhere = [one.payload for one in self._connections if one.reply is not None and one is not origin]
        return [payload for payload in on_its_connection + elsewhere if payload is not None]

    def distrust(self, reply: Reply) -> None:
        """Discard the connection that `reply` came on: a post waiting on it ends as MaybeSent."""
        if isinstance(reply.origin, Connection) and reply.origin in self._connections:
            reply.origin.fail("an earlier reply on its connection was meant for another request")

    def give_up_unwritten(self) -> None:
        """End the posts that still wait for a connection: they raise NotSent."""
        self._abandoned = True
        waiters, self.waiters = self.waiters, deque()
        for _, waiter in waiters:
            if not waiter.done():
                waiter.set_exception(NotSent(f"{CLOSED} before it had a connection"))
        for connection in list(self._connections):
            if connection.making is not None and not connection.making.expired():
                connection.making.reschedule(-math.inf)

    async def close(self, timeout: float | None = None) -> None:
        """Refuse new posts, wait for those in flight, at most `timeout` seconds, then give those up."""
        if self._connections:
            loop = self._binding.bind()
            if self._all_closed is None:
                self._all_closed = loop.create_future()
        self.closing = True
        while self.idle:
            self.idle[-1].discard()
        if self._all_closed is None:
            return
        try:
            async with asyncio.timeout(timeout):
                await asyncio.shield(self._all_closed)
        except TimeoutError:
            self._give_up()
            await asyncio.shield(self._all_closed)
        except asyncio.CancelledError:
            self._give_up()
            raise

    # -- for connections ------------------------------------------------------------------------------

    def release(self, connection: Connection) -> None:
        """Take back a connection whose request has been answered."""
        if self.waiters and self._hand(connection):
            return
        if self.closing:
            connection.discard()
        else:
            self.idle.append(connection)

    def forget(self, connection: Connection) -> None:
        """Never give this connection out again."""
        if connection in self.idle:
            self.idle.remove(connection)

    def lost(self, connection: Connection) -> None:
        """Note that the connection is closed: another may be made in its place."""
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        if self.waiters:
            self._hand(self._new())
        if not self._connections:
            if self._sweeper is not None:
                self._sweeper.cancel()
                self._sweeper = None
            if self._all_closed is not None and not self._all_closed.done():
                self._all_closed.set_result(None)

    # -- finding a connection -------------------------------------------------------------------------

    async def _obtain(self) -> Connection:
        """Return a connection for one request: idle, new, or the next that another post gives back."""
        loop = self._binding.bind()
        if self.closing:
            raise NotSent("the transport is closed")
        started = loop.time()
        if self._sweeper is None:
            self._create_future = loop.create_future
            self._thread, self._loop_is_running = get_ident(), loop.is_running
            self._swept = started
            self._patience.begin(started)
            self._sweeper = loop.call_later(self._patience.interval, self._sweep, loop)
        while True:
            connection = self._pick() or await self._turn(loop, started)
            if not connection.made:
                await self._connect(loop, connection, started)
            if connection.open:
                connection.started = started
                return connection

    def _pick(self) -> Connection | None:
        if connection := self._pick_idle():
            return connection
        return self._new() if len(self._connections) < self._limit else None

    def _pick_idle(self) -> Connection | None:
        while self.idle:
            connection = self.idle.pop()
            if not connection.is_readable():
                return connection
            connection.discard()
        return None

    def _new(self) -> Connection:
        connection = TlsConnection(self, self._tls) if self._tls else Connection(self)
        self._connections.add(connection)
        return connection

    async def _turn(self, loop: asyncio.AbstractEventLoop, started: float) -> Connection:
        waiter: asyncio.Future[Connection] = loop.create_future()
        self.waiters.append((started, waiter))
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
        while self.waiters:
            _, waiter = self.waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    async def _connect(self, loop: asyncio.AbstractEventLoop, connection: Connection, started: float) -> None:
        seconds = max(0.0, min(self._connect_timeout, self._timeout - (loop.time() - started)))
        host, port = self.address
        try:
            async with asyncio.timeout(seconds) as connection.making:
                if self._abandoned:
                    raise NotSent(CLOSED)
                addresses = await resolver.addresses(host, port)
                sock = await start_connection(addresses, happy_eyeballs_delay=EYEBALLS_DELAY, loop=loop)
                await loop.create_connection(lambda: connection, sock=sock)
                await connection.handshake()
                if not connection.open:
                    raise ConnectionResetError("closed as soon as it was made")
        except BaseException as error:
            connection.discard()
            self.lost(connection)
            self._raise_as_not_sent(error, seconds)
        finally:
            connection.making = None

    def _raise_as_not_sent(self, error: BaseException, seconds: float) -> NoReturn:
        host, port = self.address
        if isinstance(error, TimeoutError) and self._abandoned:
            raise NotSent(f"{CLOSED} before it had a connection") from error
        if isinstance(error, ssl.SSLCertVerificationError):
            raise BadAddress.by_certificate(host, error) from error
        if isinstance(error, ssl.SSLError) and is_plain_text(error):
            raise BadAddress.without_tls(host, port) from error
        if isinstance(error, TimeoutError) and not str(error):
            raise NotSent(f"no connection to {host}:{port} within {seconds:g} s") from error
        if isinstance(error, (OSError, RuntimeError)):  # uvloop raises the latter for some of the former
            raise NotSent(f"no connection to {host}:{port}: {reason_of(error)}") from error
        raise error

    # -- time -----------------------------------------------------------------------------------------

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweeper = loop.call_later(self._patience.interval, self._sweep, loop)
        now = loop.time()
        late = self._patience.late_before(now)
        self._swept = now
        while self.waiters and self.waiters[0][0] <= late:
            _, waiter = self.waiters.popleft()
            if not waiter.done():
                waiter.set_exception(NotSent(f"no connection came free within {self._timeout:g} s"))
        for connection in list(self._connections):
            if connection.making is not None:
                continue
            if connection.reply is not None:
                if connection.started <= late:
                    connection.fail(f"no whole reply within {self._timeout:g} s")
            elif connection.open and now - connection.started >= connection.idle_max:
                connection.discard()

    def _give_up(self) -> None:
        """Let go of everything at once."""
        self.give_up_unwritten()
        for connection in list(self._connections):
            if connection.making is None:
                connection.fail(CLOSED)

    def _head(self, length: int) -> bytes:
        head = b"%b%d\r\n\r\n" % (self._head_start, length)
        if len(self._heads) < HEADS_MAX:
            self._heads[length] = head
        return head

    def __repr__(self) -> str:
        scheme = "https" if self._endpoint.tls else "http"
        return f"LeanTransport({scheme}://{self._endpoint.authority}{self._endpoint.target})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a transport cannot be pickled or copied: it holds credentials and connections")

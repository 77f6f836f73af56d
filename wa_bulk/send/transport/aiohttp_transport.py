"""The general transport: through aiohttp, for proxies and for a session that the host program already has."""

import asyncio
import ssl
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

import aiohttp

from wa_bulk.send import defaults
from wa_bulk.send.forks import watch_forks

from . import aiohttp_pool as pool
from .aiohttp_request import Body, Written, judged, read
from .aiohttp_session import check_session, check_use, open_session
from .interface import CLOSED, BadAddress, MaybeSent, NotSent, Reply, TransportError, Unusable
from .limits import MAX_HEAD, MAX_HEADERS, MAX_REPLY
from .loop_binding import LoopBinding, detach_sockets
from .patience import Patience
from .reply_head import wants_tls
from .request import endpoint, request_headers

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ConnectionKey

NEW_CONNECTIONS = 2  # tried for one post, beside those in the pool: all of these may have been closed


class AiohttpTransport:
    """Posts to one URL through an aiohttp session: the caller's own, or one made here and closed with it.

    `timeout` bounds a whole post and `connect_timeout` the making of one connection, both in seconds of the
    loop's clock; a timeout may come late by a fifth of it, at most 1 s. A given `session` keeps its own
    connector, trust and cookies, and is left open; `connections` and `ssl_context` then have no effect. Its
    credentials and middlewares do not apply to our requests: a middleware may send again, which only the
    callers may decide. `proxy` is the http:// URL of a proxy. `method` may be another than POST, and
    `reply_max` bounds the bytes of a reply's body.

    Raises ValueError for a session that cannot work; a post raises Unusable for one that no longer can.
    """

    name = "aiohttp"

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        connections: int = defaults.CONCURRENCY,
        timeout: float = defaults.TIMEOUT,
        connect_timeout: float = defaults.CONNECT_TIMEOUT,
        session: aiohttp.ClientSession | None = None,
        proxy: str | None = None,
        ssl_context: ssl.SSLContext | None = None,
        method: str = "POST",
        reply_max: int = MAX_REPLY,
    ) -> None:
        self._endpoint = endpoint(url)
        self._url = url
        self._method = method
        self._reply_max = reply_max
        given = request_headers(headers)
        self._credentials = {name: value for name, value in given.items() if name.lower() == "authorization"}
        self._headers = {name: value for name, value in given.items() if name not in self._credentials}
        self._connections = connections
        self._patience = Patience(timeout)
        self._timeout = aiohttp.ClientTimeout(
            total=None,
            # The lookup, the proxy's tunnel and TLS included. With a given session others may be in line.
            connect=connect_timeout if session is None else None,
            sock_connect=connect_timeout,
        )
        self._host_session = session
        self._host_session_is_parents = False
        self._proxy = proxy
        self._closing = False
        if session is not None:
            check_session(session)
        elif ssl_context is None and (self._endpoint.tls or (proxy or "").startswith("https:")):
            # aiohttp's own was made when it was imported: SSL_CERT_FILE and SSL_CERT_DIR may be newer.
            ssl_context = ssl.create_default_context()
        self._ssl: ssl.SSLContext | bool = ssl_context or True
        self._session: aiohttp.ClientSession | None = session
        self._begin()
        watch_forks(self)

    def _begin(self) -> None:
        self._binding = LoopBinding()
        self._in_flight: set[Body] = set()
        self._written: Written = weakref.WeakKeyDictionary()
        self._key: ConnectionKey | None = None  # which of the session's connections are for our requests
        self._sweeper: asyncio.TimerHandle | None = None
        self._emptied: asyncio.Future[None] | None = None

    def start_anew(self) -> None:
        """Begin without connections and without a loop, in a forked child."""
        session = self._session
        if session is not None and not session.closed and self._host_session is None:
            protocols = {*self._written, *pool.idle_protocols(session.connector)}
            detach_sockets(
                protocol.transport.get_extra_info("socket").fileno()
                for protocol in protocols
                if protocol.transport is not None
            )
            pool.leave_to_parent(session)
        self._session = self._host_session
        self._host_session_is_parents = self._host_session is not None
        self._parents = self._in_flight, session  # kept, so that nothing of theirs is cleaned up
        self._begin()

    async def post(self, payload: bytes) -> Reply:
        """Send `payload` as the body of one POST and return the reply; raises NotSent or MaybeSent.

        Raises Unusable where a given session cannot send.
        """
        loop, session = self._enter()
        body = Body(payload, loop.time(), self._written)
        try:
            return await self._bounded(loop, session, body)
        finally:
            self._leave(body)

    def ready(self) -> bool:
        """Return whether a post would leave now, over a connection that is at hand."""
        self._binding.bind()
        if self._session is None or self._key is None:
            return False
        return any(
            pool.is_clean(protocol) and not pool.is_readable(protocol)
            for protocol in pool.idle_protocols(self._session.connector, self._key)
        )

    async def prepare(self) -> None:
        """Have a connection at hand; raises NotSent."""
        loop, session = self._enter()
        body = _NoBody(b"", loop.time(), self._written)
        try:
            await self._bounded(loop, session, body)
        except _Prepared:
            return
        finally:
            self._leave(body)

    def other_requests(self, reply: Reply) -> list[bytes]:
        """Return the payloads that `reply` could be meant for instead of its own."""
        on_its_connection = next(
            (written for protocol, written in self._written.items() if protocol is reply.origin), ()
        )
        elsewhere = [
            body.payload for body in self._in_flight if body.begun and body.protocol is not reply.origin
        ]
        return [*on_its_connection, *elsewhere]

    def distrust(self, reply: Reply) -> None:
        """Discard the connection that `reply` came on: a post waiting on it ends as MaybeSent."""
        for protocol in self._written:
            if protocol is reply.origin and protocol.transport is not None:
                protocol.transport.abort()

    def give_up_unwritten(self) -> None:
        """End the posts that still wait for a connection: they raise NotSent."""
        for body in [body for body in self._in_flight if not body.begun]:
            body.given_up = True
            body.end()

    async def close(self, timeout: float | None = None) -> None:
        """Refuse new posts, wait for those in flight, at most `timeout` seconds, then give those up.

        The session is closed if it was made here.
        """
        ours = None if self._host_session is not None else self._session
        if self._in_flight or (ours is not None and not ours.closed):
            self._binding.bind()
        self._closing = True
        try:
            async with asyncio.timeout(timeout):
                await self._empty()
        except TimeoutError:
            self._give_up()
            await self._empty()
        except asyncio.CancelledError:
            self._give_up()
            raise
        finally:
            if ours is not None:
                await ours.close()

    # -- one post -------------------------------------------------------------------------------------

    def _enter(self) -> tuple[asyncio.AbstractEventLoop, aiohttp.ClientSession]:
        loop = self._binding.bind()
        if self._closing:
            raise NotSent("the transport is closed")
        if self._host_session is not None:
            if self._host_session_is_parents:
                raise Unusable(
                    "the given session belongs to the parent of this process: give the client one of its own"
                )
            check_use(self._host_session, loop)
        if self._session is None:
            self._session = open_session(self._connections, self._ssl)
        return loop, self._session

    async def _bounded(
        self, loop: asyncio.AbstractEventLoop, session: aiohttp.ClientSession, body: Body
    ) -> Reply:
        """Post within the time allowed; aiohttp's own timers would not wait for what is there to be read."""
        self._in_flight.add(body)
        if self._sweeper is None:
            self._patience.begin(loop.time())
            self._sweeper = loop.call_later(self._patience.interval, self._sweep, loop)
        try:
            async with asyncio.timeout(None) as body.scope:
                for _ in range(self._count_idle(session) + NEW_CONNECTIONS):
                    reply = await self._exchange(session, body)
                    if reply is not None:
                        return reply
        except TimeoutError:
            why = CLOSED if body.given_up else f"no whole reply within {self._patience.timeout:g} s"
            if body.begun:
                failure: NotSent | MaybeSent = MaybeSent(f"{why} after the request was written")
            else:
                failure = NotSent(f"{why} before the request was written")
        else:
            failure = NotSent("connections were lost, or brought bytes nobody asked for, before their use")
        raise failure

    def _count_idle(self, session: aiohttp.ClientSession) -> int:
        return sum(1 for _ in pool.idle_protocols(session.connector, self._key))

    async def _exchange(self, session: aiohttp.ClientSession, body: Body) -> Reply | None:
        """One request and its reply; None where the pool's connection turned out useless before any write."""
        body.refused = body.accepted = False
        cannot = ""
        try:
            async with session.request(
                self._method,
                self._url,
                data=body,
                headers=self._headers,
                skip_auto_headers=("Accept", "User-Agent"),
                allow_redirects=False,
                auto_decompress=False,
                expect100=False,
                max_field_size=MAX_HEAD,
                max_line_size=MAX_HEAD,
                max_headers=MAX_HEADERS,
                middlewares=(self._pass_on,),
                proxy=self._proxy,
                raise_for_status=False,
                timeout=self._timeout,
            ) as response:
                reply = await read(response, body, self._reply_max)
                if reply is None or reply.status != 400 or self._endpoint.tls or not wants_tls(reply.body):
                    return reply
                failure: TransportError = BadAddress.with_tls(self._endpoint.host, self._endpoint.port)
        except _Prepared:
            raise
        except Exception as error:
            if body.refused:
                return None
            if not body.accepted and not session.closed:
                cannot = type(error).__name__
            else:
                first = body.protocol is not None and len(self._written.get(body.protocol, ())) <= 1
                failure = judged(error, body, self._endpoint, first)
        # Out here, so that aiohttp's error, which holds the request's headers, is not chained to ours.
        if cannot:
            raise Unusable(f"the given session refuses our requests ({cannot}): nothing was sent")
        raise failure

    async def _pass_on(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Put the account's credentials in the place of the session's, then hand the request on."""
        body = request.body
        assert isinstance(body, Body)
        body.accepted = True
        if self._key is None:
            self._key = request.connection_key
        assert self._session is not None
        pool.discard_stale(self._session.connector, self._key, self._written)
        request.headers.update(self._credentials)
        if isinstance(body, _NoBody):
            await self._connect(request)
            raise _Prepared
        return await handler(request)

    async def _connect(self, request: aiohttp.ClientRequest) -> None:
        """Have a connection for `request` in the pool."""
        assert self._session is not None
        assert self._session.connector is not None
        for _ in range(self._count_idle(self._session) + NEW_CONNECTIONS):
            connection = await self._session.connector.connect(request, traces=[], timeout=self._timeout)
            try:
                protocol = connection.protocol
                if protocol is not None and await pool.is_usable(protocol, protocol in self._written):
                    connection.release()
                    return
            finally:
                connection.close()
        raise ConnectionResetError("connections were lost as soon as they were made")

    # -- time, and the end ----------------------------------------------------------------------------

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweeper = None
        if not self._in_flight:
            return
        self._sweeper = loop.call_later(self._patience.interval, self._sweep, loop)
        late = self._patience.late_before(loop.time())
        for body in list(self._in_flight):
            if body.started <= late:
                body.end()

    def _leave(self, body: Body) -> None:
        self._in_flight.discard(body)
        if not self._in_flight and self._emptied is not None and not self._emptied.done():
            self._emptied.set_result(None)

    async def _empty(self) -> None:
        """Wait until no post is in flight."""
        if self._in_flight:
            if self._emptied is None:
                self._emptied = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._emptied)
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    def _give_up(self) -> None:
        for body in list(self._in_flight):
            body.given_up = True
            body.end()

    def __repr__(self) -> str:
        scheme = "https" if self._endpoint.tls else "http"
        return f"AiohttpTransport({scheme}://{self._endpoint.authority}{self._endpoint.target})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a transport cannot be pickled or copied: it holds credentials and connections")


class _NoBody(Body):
    """Nothing to send yet: only a connection is wanted."""


class _Prepared(Exception):
    """The connection that was wanted is in the pool."""

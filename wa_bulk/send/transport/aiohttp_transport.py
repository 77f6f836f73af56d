"""The general transport: through aiohttp, for proxies and for a session that the host program already has."""

import asyncio
import ssl
from collections.abc import Mapping
from http import HTTPStatus

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from .interface import BadAddress, MaybeSent, NotSent, Reply, TransportError
from .limits import IDLE_MAX, MAX_HEAD, MAX_REPLY
from .reply_head import retry_after_seconds
from .request import endpoint, request_headers


class AiohttpTransport:
    """Posts to one URL through an aiohttp session: the caller's own, or one made here and closed with it.

    `timeout` bounds a whole post and `connect_timeout` the making of one connection, both in seconds.
    A given `session` keeps its own connector, trust and cookies, and is left open; `connections` and
    `ssl_context` then have no effect. `proxy` is the http:// URL of a proxy.
    """

    name = "aiohttp"

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        connections: int = 64,
        timeout: float = 30.0,
        connect_timeout: float = 10.0,
        session: aiohttp.ClientSession | None = None,
        proxy: str | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        endpoint(url)
        self._url = url
        self._headers = request_headers(headers)
        self._connections = connections
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=connect_timeout)
        self._session = session
        self._session_is_ours = session is None
        self._proxy = proxy
        self._ssl = ssl_context or True
        self._in_flight = 0
        self._closing = False
        self._settled = asyncio.Event()

    async def post(self, payload: bytes) -> Reply:
        """Send `payload` as the body of one POST and return the reply; raises NotSent or MaybeSent."""
        if self._closing:
            raise NotSent("the transport is closed")
        self._in_flight += 1
        try:
            reply = await self._exchange(payload) or await self._exchange(payload)
            if reply is None:
                raise NotSent(
                    "two connections were lost, or brought bytes nobody asked for, before their use"
                )
            return reply
        finally:
            self._in_flight -= 1
            self._settle()

    def ready(self) -> bool:
        """True: aiohttp does not tell whether it has a connection at hand."""
        return True

    async def prepare(self) -> None:
        """Nothing: aiohttp makes its connections when it posts."""

    def other_requests(self, reply):
        return []

    def distrust(self, reply):
        pass

    async def close(self, timeout=None) -> None:
        """Refuse new posts, wait for those in flight, then close the session if it was made here."""
        self._closing = True
        self._settle()
        await self._settled.wait()
        if self._session_is_ours and self._session is not None:
            await self._session.close()

    async def _exchange(self, payload: bytes) -> Reply | None:
        """One request and its reply; None where the pool's connection turned out useless before any write."""
        body = _Body(payload)
        try:
            async with self._open_session().post(
                self._url,
                data=body,
                headers=self._headers,
                skip_auto_headers=("Accept", "User-Agent"),
                allow_redirects=False,
                auto_decompress=False,
                expect100=False,
                max_field_size=MAX_HEAD,
                max_line_size=MAX_HEAD,
                proxy=self._proxy,
                raise_for_status=False,
                timeout=self._timeout,
            ) as response:
                if not body.begun:
                    response.close()
                    return None
                if response.status == HTTPStatus.SWITCHING_PROTOCOLS:
                    raise ValueError("the server turned to another protocol")
                content = await _read(response)
                fields = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status, content, retry_after_seconds(fields))
        except Exception as error:
            if body.refused:
                return None
            failure = _judged(error, body)
        # Out here, so that aiohttp's error, which holds the request's headers, is not chained to ours.
        raise failure

    def _settle(self) -> None:
        if self._closing and not self._in_flight:
            self._settled.set()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=self._connections, ssl=self._ssl, keepalive_timeout=IDLE_MAX, use_dns_cache=False
            )
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session


class _Body(aiohttp.Payload):
    """The payload, noting whether any of it was handed to a connection.

    aiohttp tells neither that nor whether a pooled connection holds an old reply, so both are seen to here.
    """

    def __init__(self, payload: bytes) -> None:
        super().__init__(payload)
        self._payload = payload
        self.begun = False
        self.refused = False

    @property
    def size(self) -> int:
        return len(self._payload)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._payload.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        protocol = getattr(writer, "protocol", None)
        if protocol is not None and (protocol.should_close or not protocol.is_connected()):
            self.refused = True
            raise ConnectionResetError("the pooled connection is no longer clean")
        self.begun = True
        await writer.write(self._payload)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    while chunk := await response.content.readany():
        content += chunk
        if len(content) > MAX_REPLY:
            raise ValueError(f"the reply is longer than {MAX_REPLY} bytes")
    return bytes(content)


def _judged(error: Exception, body: _Body) -> TransportError:
    """What `error` means for the request; only words known to hold no header and no URL are taken over."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return BadAddress.by(error.host, error.certificate_error)
    if isinstance(error, TimeoutError):
        why = "timeout"
    elif isinstance(error, OSError) and error.strerror:
        why = error.strerror
    elif type(error) is ValueError:
        why = str(error)
    else:
        why = type(error).__name__
    if body.begun:
        return MaybeSent(f"{why} after the request was written")
    return NotSent(f"{why} before the request was written")

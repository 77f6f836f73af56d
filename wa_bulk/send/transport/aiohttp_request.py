"""One post through aiohttp: its body, which sees the connection it goes out on, and what an error means."""

import asyncio
import weakref
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from .aiohttp_pool import holds_more, is_usable
from .interface import BadAddress, MaybeSent, NotSent, Reply, TransportError
from .limits import MAX_HEAD, NEW_CONNECTION_AFTER
from .reason import reason_of
from .reply_head import retry_after_seconds
from .request import Endpoint
from .tls import is_plain_text

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler

KEPT = 3  # payloads of each connection: two may be written before the reply to the first is looked at

TLS_ALERT = repr(b"\x15\x03")[2:-1]  # as aiohttp quotes it from what it could not read

Written = weakref.WeakKeyDictionary["ResponseHandler", tuple[bytes, ...]]
"""Of each connection, the payloads last written to it."""


class Body(aiohttp.Payload):
    """A payload on its way, noting how far it came and over which connection.

    aiohttp tells neither whether any of it was handed to a connection nor whether a pooled connection holds
    an old reply, or has ended, so both are seen to here.
    """

    def __init__(self, payload: bytes, started: float, written: "Written") -> None:
        super().__init__(payload)
        self.payload = payload
        self.started = started  # by the loop's clock
        self._written = written
        self.scope: asyncio.Timeout  # what ends it early
        self.protocol: ResponseHandler | None = None
        self.accepted = False  # the session took the request, and looks for a connection
        self.begun = False
        self.refused = False
        self.given_up = False  # not for being late

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.payload)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the payload as text, for whoever traces requests."""
        return self.payload.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write the payload, after one look at the connection."""
        protocol: ResponseHandler = writer.protocol  # type: ignore[attr-defined]
        before = self._written.get(protocol, ())
        if not await is_usable(protocol, used_before=bool(before)):
            self.refused = True
            raise ConnectionResetError("the pooled connection is no longer clean")
        if self.given_up:  # a moment ago: what ends the post has not reached it yet
            raise ConnectionAbortedError("given up")
        self.protocol = protocol
        self.begun = True
        self._written[protocol] = (*before[1 - KEPT :], self.payload)
        await writer.write(self.payload)

    def end(self) -> None:
        """Give up: at the next turn of the loop, the post raises TimeoutError within its scope."""
        if not self.scope.expired():
            self.scope.reschedule(float("-inf"))
        if self.protocol is not None and self.protocol.transport is not None:
            self.protocol.transport.abort()


def judged(error: Exception, body: Body, target: Endpoint, first_on_connection: bool) -> TransportError:
    """Say what `error` means for the request; only words known to hold no header and no URL are kept."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return BadAddress.by_certificate(error.host, error.certificate_error)
    if isinstance(error, aiohttp.ClientConnectorSSLError) and is_plain_text(error.os_error):
        return BadAddress.without_tls(error.host, error.port or target.port)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return _refused_by_proxy(error.status)
    if (
        isinstance(error, aiohttp.ClientResponseError)
        and not target.tls
        and first_on_connection
        and TLS_ALERT in error.message
    ):
        return BadAddress.with_tls(target.host, target.port)
    if isinstance(error, TimeoutError):
        why = "timeout"
    elif isinstance(error, OSError):
        why = reason_of(error)
    elif type(error) is ValueError:
        why = str(error)
    elif isinstance(error, (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError)):
        why = "connection closed by the server"
    elif isinstance(error, aiohttp.ClientResponseError):
        why = "the server sent something that is not HTTP"
    else:
        why = type(error).__name__
    if body.begun:
        return MaybeSent(f"{why} after the request was written")
    return NotSent(f"{why} before the request was written")


def _refused_by_proxy(status: int) -> TransportError:
    if status == 407:
        return BadAddress(
            "the proxy answered 407: it takes no connection without the right user name and password "
            "(http://user:password@host:port)",
            status,
        )
    return NotSent(f"the proxy answered {status}, and made no connection")


async def read(response: aiohttp.ClientResponse, body: Body, reply_max: int) -> Reply | None:
    """Return the reply, read to its end; None where it came before the request."""
    protocol = body.protocol
    if not body.begun or protocol is None:
        response.close()
        return None
    # Nothing else ran since the head was read. A connection whose reply is whole is back in the pool.
    connection = response.connection
    if response.status < 200 or response.status in NEW_CONNECTION_AFTER:
        protocol.force_close()
        if connection is None and protocol.transport is not None:
            protocol.transport.abort()
    if response.status < 200:
        raise ValueError("the server sent no final reply, or turned to another protocol")
    _check_head(response)
    surplus: list[bool] = []
    if connection is None:
        surplus.append(holds_more(protocol))
    else:
        connection.add_callback(lambda: surplus.append(holds_more(protocol)))
    content = bytearray()
    while chunk := await response.content.readany():
        content += chunk
        if len(content) > reply_max:
            raise ValueError(f"the reply is longer than {reply_max} bytes")
    if any(surplus):
        raise ValueError("bytes that nobody asked for came with the reply")
    fields = {
        name.lower(): response.headers.getone(name)
        for name in ("Retry-After", "Date")
        if name in response.headers
    }
    return Reply(response.status, bytes(content), retry_after_seconds(fields), protocol)


def _check_head(response: aiohttp.ClientResponse) -> None:
    """Raise ValueError for a head that the lean transport's parser does not take either."""
    codings = response.headers.getall("Transfer-Encoding", ())
    if codings and codings[-1].rpartition(",")[2].strip().lower() != "chunked":
        raise ValueError("the reply has no end that can be told")
    fields = response.raw_headers
    if len(fields) > 100 and sum(len(name) + len(value) + 4 for name, value in fields) > MAX_HEAD:
        raise ValueError(f"the head of the reply is longer than {MAX_HEAD} bytes")

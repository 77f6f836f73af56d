"""What aiohttp does not tell of its connections. All use of its private names is here.

Where a later version renames them, connections count as never at hand, and a second reply in one read goes
unnoticed; the tests say so.
"""

import asyncio
import select
from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.client_reqrep import ConnectionKey

TURNS = 4  # of the loop, for it to read what a socket holds


def is_clean(protocol: "ResponseHandler") -> bool:
    """Return whether a connection can carry a request, as far as the event loop has read it."""
    return protocol.is_connected() and not protocol.should_close


def is_readable(protocol: "ResponseHandler") -> bool:
    """Return whether its socket holds what the event loop has not read, the end of the stream included."""
    transport = protocol.transport
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def discard_stale(
    connector: aiohttp.BaseConnector | None, key: "ConnectionKey", used: "Container[ResponseHandler]"
) -> None:
    """Close the connections at the head of the pool that cannot carry a request: the next one given out can.

    To be done before aiohttp takes one out, which may then read, and hide, the beginning of an old reply.
    `used` are those that have carried a request before.
    """
    for protocol in idle_protocols(connector, key):
        may_hold_tickets = _is_encrypted(protocol) and protocol not in used
        if is_clean(protocol) and (may_hold_tickets or not is_readable(protocol)):
            return
        if protocol.transport is not None:
            protocol.transport.abort()


async def is_usable(protocol: "ResponseHandler", used_before: bool) -> bool:
    """Return whether a connection can carry a request, what its socket holds included.

    On a new one through TLS that is read instead: servers send tickets once the handshake is over.
    """
    if used_before or not _is_encrypted(protocol):
        return is_clean(protocol) and not is_readable(protocol)
    for _ in range(TURNS):
        if not is_readable(protocol):
            break
        await asyncio.sleep(0)
    return is_clean(protocol)


def _is_encrypted(protocol: "ResponseHandler") -> bool:
    return protocol.transport is not None and protocol.transport.get_extra_info("sslcontext") is not None


def holds_more(protocol: "ResponseHandler") -> bool:
    """Return whether bytes were read behind the reply that was taken from this connection."""
    return bool(getattr(protocol, "_buffer", None) or getattr(protocol, "_tail", None))


def idle_protocols(
    connector: aiohttp.BaseConnector | None, key: "ConnectionKey | None" = None
) -> "Iterator[ResponseHandler]":
    """Yield the connections that wait in the pool: those made for `key`, or all."""
    pool = getattr(connector, "_conns", {})
    for made_for, connections in pool.items():
        if key is None or key == made_for:
            yield from (protocol for protocol, _ in connections)


def leave_to_parent(session: aiohttp.ClientSession) -> None:
    """Have `session` do nothing more, not even complain that nobody closed it: its loop is the parent's."""
    getattr(session.connector, "_conns", {}).clear()
    session.detach()


def belongs_to(session: aiohttp.ClientSession, loop: asyncio.AbstractEventLoop) -> bool:
    """Return whether `session` was made in `loop`."""
    return getattr(session, "_loop", loop) is loop

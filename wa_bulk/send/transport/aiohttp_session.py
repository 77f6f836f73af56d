"""The aiohttp session that requests go through: one of our own, or one that was given and has to be fit."""

import asyncio
import socket
import ssl

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from .aiohttp_pool import belongs_to
from .interface import Unusable
from .limits import IDLE_MAX
from .resolver import Resolver, resolver

# Default headers of a session that would change what our bytes mean.
FRAMING = ("Content-Encoding", "Content-Length", "Expect", "Host", "Transfer-Encoding")


def open_session(connections: int, context: ssl.SSLContext | bool) -> aiohttp.ClientSession:
    """Make a session of at most `connections` connections, for the running event loop."""
    connector = aiohttp.TCPConnector(
        limit=connections,
        ssl=context,
        keepalive_timeout=IDLE_MAX,
        resolver=SharedResolver(resolver),
        use_dns_cache=False,
    )
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def check_session(session: aiohttp.ClientSession) -> None:
    """Raise ValueError, saying what to change, for a given session that cannot carry our requests.

    Raises TypeError for what is no session of aiohttp's.
    """
    if not isinstance(session, aiohttp.ClientSession):
        raise TypeError(f"session is {type(session).__name__}; expected an aiohttp.ClientSession")
    if session.closed:
        raise ValueError("the given session is closed")
    for name in FRAMING:
        if name in session.headers:
            raise ValueError(
                f"the given session sends {name} with every request, which would spoil ours: "
                f"leave it out of its default headers"
            )
    if session.auth is not None and "Authorization" in session.headers:
        raise ValueError("the given session has both auth and a default Authorization header: leave one out")


def check_use(session: aiohttp.ClientSession, loop: asyncio.AbstractEventLoop) -> None:
    """Raise Unusable for a given session that cannot be used any more, or not in `loop`."""
    if session.closed:
        raise Unusable("the given session is closed: close the client before its session")
    if not belongs_to(session, loop):
        raise Unusable("the given session belongs to another event loop: make both in one")


class SharedResolver(AbstractResolver):
    """Has aiohttp ask our own resolvers, which others use too: of several always the same for a name."""

    def __init__(self, *resolvers: Resolver) -> None:
        self._resolvers = resolvers

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        chosen = self._resolvers[hash(host) % len(self._resolvers)]
        return [
            ResolveResult(
                hostname=host,
                host=str(sockaddr[0]),
                port=port,
                family=int(found_family),
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for found_family, _, protocol, _, sockaddr in await chosen.addresses(host, port)
            if family in (socket.AF_UNSPEC, found_family)
        ]

    async def close(self) -> None:
        """Nothing to close: others use the resolvers too."""

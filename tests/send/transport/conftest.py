import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import trustme
import uvloop

from wa_bulk.send.transport import Transport
from wa_bulk.send.transport.aiohttp_transport import AiohttpTransport
from wa_bulk.send.transport.lean import LeanTransport

from .hostile import HostileServer, Script, serving

SECRET = "Basic c2VjcmV0LWtleTpzZWNyZXQtcGFzcw=="


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every asynchronous test here runs on both event loops."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


Identity = tuple[ssl.SSLContext, ssl.SSLContext]  # for clients, for servers


class Ground:
    """One transport over one scheme: what a contract test runs on."""

    def __init__(
        self, kind: str, scheme: str, identity: Identity, authority: trustme.CA | None = None
    ) -> None:
        self.kind = kind
        self._authority = authority
        self.scheme = scheme
        self.client_context, self.server_context = identity

    @property
    def authority(self) -> trustme.CA:
        assert self._authority is not None
        return self._authority

    @property
    def tls(self) -> bool:
        return self.scheme == "https"

    @contextlib.asynccontextmanager
    async def serving(self, *scripts: Script) -> AsyncIterator[HostileServer]:
        async with serving(*scripts, tls=self.server_context if self.tls else None) as server:
            yield server

    def url(self, server: HostileServer, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{server.port}/v1/messages"

    def make(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        connections: int = 4,
        timeout: float = 10.0,
        connect_timeout: float = 10.0,
        trusting: bool = True,
    ) -> LeanTransport | AiohttpTransport:
        make = LeanTransport if self.kind == "lean" else AiohttpTransport
        return make(
            url,
            {"Authorization": SECRET} if headers is None else headers,
            connections=connections,
            timeout=timeout,
            connect_timeout=connect_timeout,
            ssl_context=self.client_context if trusting else None,
        )

    @contextlib.asynccontextmanager
    async def transport(self, server: HostileServer, **settings: float) -> AsyncIterator[Transport]:
        transport = self.make(self.url(server), **settings)  # type: ignore[arg-type]
        try:
            yield transport
        finally:
            await transport.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def identity(authority: trustme.CA) -> Identity:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(client)
    return client, server_context(authority, "localhost", "127.0.0.1")


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture(params=["lean", "aiohttp"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ground(kind: str, scheme: str, identity: Identity, authority: trustme.CA) -> Ground:
    return Ground(kind, scheme, identity, authority)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """aiohttp's own work on uvloop is aiohttp's to test, but for the order of timers and sockets."""
    twice = [
        item
        for item in items
        if "[uvloop-aiohttp" in item.name
        and "/transport/" in item.nodeid
        and "/test_time.py" not in item.nodeid
    ]
    config.hook.pytest_deselected(items=twice)
    items[:] = [item for item in items if item not in twice]

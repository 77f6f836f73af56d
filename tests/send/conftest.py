"""The grounds that clients are tried on."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.send.client_ground import Ground, serving
from tests.send.engagelab import EngageLab


@pytest.fixture(scope="session")
def client_authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    """Return an authority, and the file that makes clients trust it."""
    authority = trustme.CA()
    file = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return authority, file


@pytest.fixture(params=["lean", "aiohttp"])
def client_transport(request: pytest.FixtureRequest) -> str:
    """Return the name of each transport."""
    return str(request.param)


@pytest.fixture(params=["http", "https"])
def client_tls(
    request: pytest.FixtureRequest,
    client_authority: tuple[trustme.CA, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> ssl.SSLContext | None:
    """Return what a server needs for TLS, or None; clients made from now on trust it."""
    if request.param == "http":
        return None
    authority, file = client_authority
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(params=["asyncio", "uvloop"])
def client_loop(request: pytest.FixtureRequest) -> str:
    """Return the name of each kind of event loop."""
    return str(request.param)


@pytest.fixture
def client_ground(
    client_transport: str, client_tls: ssl.SSLContext | None, client_loop: str
) -> Iterator[Ground]:
    """Give a server in a thread, and clients of it: over every transport, plain and TLS, on every loop."""
    server = EngageLab(tls=client_tls)
    with serving(server) as in_server:
        yield Ground(client_transport, client_loop, server, in_server)  # type: ignore[arg-type]

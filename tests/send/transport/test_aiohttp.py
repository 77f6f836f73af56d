"""What the aiohttp transport is there for: the host's own session, and proxies."""

import aiohttp
import pytest

from wa_bulk.send.transport import NotSent, Reply, make_transport
from wa_bulk.send.transport.aiohttp_transport import AiohttpTransport

from .conftest import SECRET, Ground
from .hostile import Peer, reply, serving
from .test_hostile import fails


@pytest.fixture
def kind() -> str:
    return "aiohttp"


async def test_a_given_session_is_used_and_left_open(ground: Ground) -> None:
    connector = aiohttp.TCPConnector(ssl=ground.client_context)
    async with (
        ground.serving() as server,
        aiohttp.ClientSession(connector=connector, raise_for_status=True, headers={"X-Host": "1"}) as session,
    ):
        transport = AiohttpTransport(ground.url(server), {"Authorization": SECRET}, session=session)
        assert await transport.post(b"x") == Reply(200, b"x")
        await transport.close()
        assert not session.closed
        async with session.post(ground.url(server), data=b"host's own") as response:
            assert await response.read() == b"host's own"


async def test_a_given_session_that_raises_for_status_does_not_raise_for_ours(ground: Ground) -> None:
    async def refusing(peer: Peer) -> None:
        await peer.request()
        await peer.send(reply(b"no", "401 Unauthorized"))

    connector = aiohttp.TCPConnector(ssl=ground.client_context)
    async with (
        ground.serving(refusing) as server,
        aiohttp.ClientSession(connector=connector, raise_for_status=True) as session,
    ):
        transport = AiohttpTransport(ground.url(server), {}, session=session)
        assert await transport.post(b"x") == Reply(401, b"no")


async def test_a_closed_session_sends_nothing(ground: Ground) -> None:
    session = aiohttp.ClientSession()
    await session.close()
    transport = AiohttpTransport("http://127.0.0.1:1/", {}, session=session)
    await fails(NotSent, transport.post(b"x"))


async def test_plain_requests_through_a_proxy() -> None:
    async def proxy(peer: Peer) -> None:
        assert await peer.request() == b"x"
        assert peer.head.startswith(b"POST http://api.example/v1 HTTP/1.1\r\n")
        await peer.send(reply(b"through"))

    async with serving(proxy) as server:
        transport = make_transport(
            "auto",
            "http://api.example/v1",
            {},
            connections=1,
            timeout=5,
            proxy=f"http://127.0.0.1:{server.port}",
        )
        assert await transport.post(b"x") == Reply(200, b"through")
        await transport.close()


async def test_tls_goes_through_the_proxy_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    async def proxy(peer: Peer) -> None:
        heads.append(await peer.read_some(4096))
        await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        heads.append(await peer.read_some(4096))

    heads: list[bytes] = []
    async with serving(proxy) as server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:hidden@127.0.0.1:{server.port}")
        monkeypatch.setenv("NO_PROXY", "")
        transport = make_transport(
            "auto", "https://api.example/v1", {"Authorization": SECRET}, connections=1, timeout=5
        )
        error = await fails(NotSent, transport.post(b"x"))
        await transport.close()
    assert heads[0].startswith(b"CONNECT api.example:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6aGlkZGVu" in heads[0]
    assert SECRET.encode() not in b"".join(heads)
    assert heads[1][0] == 0x16  # a TLS handshake record
    assert "hidden" not in str(error)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 Who are you\r\n\r\n", b"", b"noise\r\n\r\n"])
async def test_a_proxy_that_refuses(answer: bytes) -> None:
    async def proxy(peer: Peer) -> None:
        await peer.read_some(4096)
        await peer.send(answer)

    async with serving(proxy, proxy) as server:
        transport = AiohttpTransport(
            "https://api.example/v1",
            {"Authorization": SECRET},
            proxy=f"http://me:hidden@127.0.0.1:{server.port}",
            timeout=5,
        )
        error = await fails(NotSent, transport.post(b"x"))
        assert "hidden" not in repr(error)
        await transport.close()

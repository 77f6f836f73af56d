"""What the aiohttp transport is there for: the host's own session, and proxies."""

import asyncio
import gzip
import ssl
from pathlib import Path

import aiohttp
import pytest
import trustme

from wa_bulk.send.transport import BadAddress, NotSent, Reply, make_transport
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


async def test_a_session_that_is_closed() -> None:
    session = aiohttp.ClientSession()
    transport = AiohttpTransport("http://127.0.0.1:1/", {}, session=session)
    await session.close()
    with pytest.raises(RuntimeError, match="session is closed"):
        await transport.post(b"x")
    with pytest.raises(ValueError, match="session is closed"):
        AiohttpTransport("http://127.0.0.1:1/", {}, session=session)


async def test_a_session_of_another_event_loop() -> None:
    async def make() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    def in_another_loop() -> aiohttp.ClientSession:
        return other.run_until_complete(make())

    other = asyncio.new_event_loop()
    session = await asyncio.to_thread(in_another_loop)
    transport = AiohttpTransport("http://127.0.0.1:1/", {}, session=session)
    with pytest.raises(RuntimeError, match="session belongs to another event loop"):
        await transport.post(b"x")
    await asyncio.to_thread(lambda: other.run_until_complete(session.close()))
    other.close()


@pytest.mark.parametrize(
    "name", ["Expect", "content-length", "Transfer-Encoding", "Content-Encoding", "Host"]
)
async def test_a_session_whose_headers_would_spoil_ours(name: str) -> None:
    async with aiohttp.ClientSession(headers={name: "100-continue"}) as session:
        with pytest.raises(ValueError, match=f"sends {name.title()} with every request"):
            AiohttpTransport("http://127.0.0.1:1/", {}, session=session)


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning")
@pytest.mark.parametrize("own", ["auth", "header", "netrc"])
async def test_the_accounts_credentials_win_over_the_sessions(
    own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def proud(peer: Peer) -> None:
        await peer.request()
        heads.append(peer.head)
        await peer.send(reply(b"{}"))

    (tmp_path / "netrc").write_text("machine 127.0.0.1 login host password hidden\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("NO_PROXY", "*")
    heads: list[bytes] = []
    session = aiohttp.ClientSession(
        auth=aiohttp.BasicAuth("host", "hidden") if own == "auth" else None,
        headers={"authorization": "Bearer hidden"} if own == "header" else None,
        trust_env=own == "netrc",
    )
    async with serving(proud) as server, session:
        transport = AiohttpTransport(
            f"http://127.0.0.1:{server.port}/", {"Authorization": SECRET}, session=session
        )
        assert await transport.post(b"x") == Reply(200, b"{}")
    assert [line for line in heads[0].split(b"\r\n") if line.lower().startswith(b"authorization")] == [
        b"Authorization: " + SECRET.encode()
    ]


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning")
async def test_a_session_with_two_kinds_of_credentials_of_its_own() -> None:
    headers, auth = {"Authorization": "Bearer x"}, aiohttp.BasicAuth("a", "b")
    async with aiohttp.ClientSession(headers=headers, auth=auth) as session:
        with pytest.raises(ValueError, match="both auth and a default Authorization"):
            AiohttpTransport("http://127.0.0.1:1/", {}, session=session)


async def test_a_session_that_refuses_every_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login host password hidden\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("NO_PROXY", "*")
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer x"}, trust_env=True) as session:
        transport = AiohttpTransport("http://127.0.0.1:1/", {}, session=session)
        with pytest.raises(RuntimeError, match=r"refuses our requests .*nothing was sent"):
            await transport.post(b"x")


async def test_what_else_a_session_may_have_set_makes_no_difference() -> None:
    async def again(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        await handler(request)
        return await handler(request)

    zipped = gzip.compress(b"{}")

    async def unasked(peer: Peer) -> None:
        await peer.request()
        await peer.send(reply(zipped, "201 Created", "Content-Encoding: gzip"))

    async with (
        serving(unasked) as server,
        aiohttp.ClientSession(
            base_url="http://elsewhere.example/v9/",
            middlewares=(again,),
            auto_decompress=True,
            raise_for_status=True,
            json_serialize=repr,
            timeout=aiohttp.ClientTimeout(total=1e-9),
        ) as session,
    ):
        transport = AiohttpTransport(f"http://127.0.0.1:{server.port}/", {}, session=session)
        assert await transport.post(b"x") == Reply(201, zipped)
        assert server.requests == [b"x"]


async def test_a_certificate_store_named_after_aiohttp_was_imported(
    ground: Ground, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    async with ground.serving() as server:
        transport = ground.make(ground.url(server), trusting=False)
        monkeypatch.undo()
        assert await transport.post(b"x") == Reply(200, b"x")
        await transport.close()


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


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        (b"HTTP/1.1 407 Who are you\r\n\r\n", BadAddress, "the proxy answered 407"),
        (b"HTTP/1.1 403 Not there\r\n\r\n", NotSent, "the proxy answered 403"),
        (b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", NotSent, "the proxy answered 502"),
        (b"", NotSent, "before the request"),
        (b"noise\r\n\r\n", NotSent, "before the request"),
    ],
)
async def test_a_proxy_that_refuses(answer: bytes, expected: type[NotSent], words: str) -> None:
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
        error = await fails(expected, transport.post(b"x"))
        assert words in str(error)
        assert "hidden" not in repr(error)
        assert getattr(error, "http_status", None) == (407 if expected is BadAddress else None)
        await transport.close()


async def test_a_token_is_not_taken_before_a_tunnel_is_there(
    identity: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    async def stalling_proxy(peer: Peer) -> None:
        await peer.head_only()
        asked.set()
        await allow.wait()
        await peer.tunnel_to(server.port)

    asked, allow = asyncio.Event(), asyncio.Event()
    async with serving(tls=identity[1]) as server, serving(*[stalling_proxy] * 3) as proxy:
        transport = AiohttpTransport(
            f"https://127.0.0.1:{server.port}/",
            {"Authorization": SECRET},
            proxy=f"http://127.0.0.1:{proxy.port}",
            ssl_context=identity[0],
        )
        assert not transport.ready()
        preparing = [asyncio.ensure_future(transport.prepare()) for _ in range(3)]
        await asked.wait()
        assert not transport.ready()
        assert not any(one.done() for one in preparing)
        allow.set()
        await asyncio.gather(*preparing)
        assert transport.ready()
        assert server.requests == []
        answers = await asyncio.gather(*(transport.post(b"%d" % n) for n in range(3)))
        assert [answer.body for answer in answers] == [b"0", b"1", b"2"]
        assert proxy.connections == server.connections == 3
        await transport.close()


async def test_a_tunnel_that_does_not_come_is_given_up_as_any_connection_is() -> None:
    async def silent_proxy(peer: Peer) -> None:
        await peer.head_only()
        await peer.client_gone()

    async with serving(*[silent_proxy] * 2) as proxy:
        transport = AiohttpTransport(
            "https://nowhere.invalid/",
            {"Authorization": SECRET},
            proxy=f"http://127.0.0.1:{proxy.port}",
            timeout=3600,
            connect_timeout=0.2,
        )
        with pytest.raises(NotSent):
            await transport.prepare()
        await fails(NotSent, transport.post(b"x"))
        await transport.close()


async def test_a_proxy_that_is_spoken_to_over_tls(identity: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async def proxy(peer: Peer) -> None:
        await peer.head_only()
        await peer.tunnel_to(server.port)

    async with serving(tls=identity[1]) as server, serving(proxy, tls=identity[1]) as secure:
        transport = AiohttpTransport(
            f"https://127.0.0.1:{server.port}/",
            {},
            proxy=f"https://127.0.0.1:{secure.port}",
            ssl_context=identity[0],
        )
        assert await transport.post(b"x") == Reply(200, b"x")
        assert await transport.post(b"y") == Reply(200, b"y")
        await transport.close()
    assert secure.connections == 1

"""What every transport says of an address that nothing can be sent to: wrong certificates, wrong schemes."""

import re

import pytest
import trustme

from wa_bulk.send.transport import BadAddress, MaybeSent, NotSent

from .conftest import Ground, server_context
from .hostile import Peer, reply
from .test_hostile import fails, sending


class TestHandshake:
    @pytest.fixture
    def scheme(self) -> str:
        return "https"

    async def test_an_unknown_authority(self, ground: Ground) -> None:
        async with ground.serving() as server:
            transport = ground.make(ground.url(server), trusting=False)
            error = await fails(BadAddress, transport.post(b"x"))
            await transport.close()
        assert re.search("certificate of .* cannot be verified: unable to get local issuer", str(error))
        assert server.requests == []

    async def test_a_certificate_for_another_name(self, ground: Ground, authority: trustme.CA) -> None:
        ground.server_context = server_context(authority, "elsewhere.example")
        async with ground.serving() as server:
            transport = ground.make(ground.url(server))
            error = await fails(BadAddress, transport.post(b"x"))
            await transport.close()
        assert "IP address mismatch, certificate is not valid for '127.0.0.1'" in str(error)
        assert server.requests == []

    @pytest.mark.parametrize(
        ("noise", "expected"),
        [(b"HTTP/1.1 400 Bad Request\r\n\r\n", BadAddress), (b"", NotSent)],
        ids=["plain HTTP", "close"],
    )
    async def test_a_server_that_speaks_no_tls(
        self, ground: Ground, noise: bytes, expected: type[NotSent]
    ) -> None:
        async def plain(peer: Peer) -> None:
            await peer.read_some(1)
            await peer.send(noise)

        async with (Ground(ground.kind, "http", (ground.client_context, ground.server_context))).serving(
            plain, plain
        ) as server:
            transport = ground.make(ground.url(server))
            error = await fails(expected, transport.post(b"x"))
            assert ("did you mean http://?" in str(error)) == (expected is BadAddress)
            await transport.close()

    async def test_a_handshake_that_never_ends(self, ground: Ground) -> None:
        async def mute(peer: Peer) -> None:
            await peer.client_gone()

        plain = Ground(ground.kind, "http", (ground.client_context, ground.server_context))
        async with plain.serving(mute) as server:
            transport = ground.make(ground.url(server), connect_timeout=0.5)
            await fails(NotSent, transport.post(b"x"))
            await transport.close()


@pytest.mark.parametrize("scheme", ["http"])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x46", id="alert"),
        pytest.param(
            reply(b"<h1>400</h1><p>The plain HTTP request was sent to HTTPS port", "400 Bad Request"),
            id="nginx",
        ),
        pytest.param(
            b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", id="Go"
        ),
        pytest.param(
            reply(b"You're speaking plain HTTP to an SSL-enabled server port.<br>", "400 Bad Request"),
            id="Apache",
        ),
    ],
)
async def test_a_server_that_speaks_tls_behind_http(ground: Ground, answer: bytes) -> None:
    async with ground.serving(sending(answer, Peer.cut)) as server:
        transport = ground.make(ground.url(server))
        error = await fails(BadAddress, transport.post(b"x"))
        assert str(error) == f"127.0.0.1:{server.port} speaks TLS: did you mean https://?"
        await transport.close()


@pytest.mark.parametrize("scheme", ["https"])
async def test_within_tls_nothing_is_an_alert(ground: Ground) -> None:
    async with (
        ground.serving(sending(b"\x15\x03\x01\x00\x02\x02\x46", Peer.cut)) as server,
        ground.transport(server) as transport,
    ):
        await fails(MaybeSent, transport.post(b"x"))

"""Closing a transport takes no longer than it may, and says what became of every post."""

import asyncio

import pytest

from wa_bulk.send.transport import MaybeSent, NotSent, Reply

from .conftest import Ground
from .hostile import Peer, honest
from .test_hostile import LARGE, fails


class Silent:
    """A server that takes one request and never answers."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.gone = asyncio.Event()

    async def __call__(self, peer: Peer) -> None:
        await peer.request()
        self.arrived.set()
        await peer.client_gone()
        self.gone.set()


async def test_closing_within_a_time(ground: Ground) -> None:
    silent = Silent()
    async with ground.serving(silent) as server:
        transport = ground.make(ground.url(server), connections=1)
        written, queued = (asyncio.ensure_future(transport.post(payload)) for payload in (b"1", b"queued"))
        await silent.arrived.wait()
        closing, unbounded = asyncio.ensure_future(transport.close(0.05)), transport.close()
        await asyncio.gather(closing, unbounded)
        await fails(MaybeSent, written)
        await fails(NotSent, queued)
        await silent.gone.wait()
        with pytest.raises(NotSent, match="closed"):
            await transport.post(b"late")
    assert server.requests == [b"1"]


async def test_a_cancelled_close_lets_go_of_everything(ground: Ground) -> None:
    silent = Silent()
    async with ground.serving(silent) as server:
        transport = ground.make(ground.url(server), connections=1)
        written, queued = (asyncio.ensure_future(transport.post(payload)) for payload in (b"1", b"queued"))
        await silent.arrived.wait()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(transport.close(), 0.05)
        await fails(MaybeSent, written)
        await fails(NotSent, queued)
        await silent.gone.wait()
        await transport.close()


async def test_closing_in_time_gives_nothing_up(ground: Ground) -> None:
    async with ground.serving() as server:
        transport = ground.make(ground.url(server), connections=1)
        posts = [asyncio.ensure_future(transport.post(b"%d" % n)) for n in range(5)]
        await asyncio.sleep(0)
        await transport.close(10)
        assert [answer.body for answer in await asyncio.gather(*posts)] == [b"%d" % n for n in range(5)]


async def test_closing_before_the_request_has_left_whole(ground: Ground) -> None:
    async def unread(peer: Peer) -> None:
        await peer.read_some(1000)
        begun.set()
        await done.wait()

    begun, done = asyncio.Event(), asyncio.Event()
    async with ground.serving(unread) as server:
        transport = ground.make(ground.url(server))
        post = asyncio.ensure_future(transport.post(LARGE))
        await begun.wait()
        await transport.close(0)
        await fails(NotSent if ground.kind == "lean" else MaybeSent, post)
        done.set()


async def test_closing_while_a_connection_is_made(ground: Ground) -> None:
    async def mute(peer: Peer) -> None:
        accepted.set()
        await peer.client_gone()
        gone.set()

    accepted, gone = asyncio.Event(), asyncio.Event()
    secure = Ground(ground.kind, "https", (ground.client_context, ground.server_context))
    plain = Ground(ground.kind, "http", (ground.client_context, ground.server_context))
    async with plain.serving(mute) as server:
        transport = secure.make(secure.url(server))
        post = asyncio.ensure_future(transport.post(b"x"))
        preparing = asyncio.ensure_future(transport.prepare())
        await accepted.wait()
        await transport.close(0)
        await fails(NotSent, post)
        with pytest.raises(NotSent):
            await preparing
        await gone.wait()


async def test_a_prepared_connection_carries_the_next_post(ground: Ground) -> None:
    async with ground.serving() as server, ground.transport(server) as transport:
        assert not transport.ready()
        await transport.prepare()
        assert transport.ready()
        assert await transport.post(b"x") == Reply(200, b"x")
        assert server.connections == 1
        assert transport.ready()
        await transport.prepare()
        assert server.connections == 1


async def test_preparing_many_makes_as_many_connections(ground: Ground) -> None:
    async with ground.serving() as server, ground.transport(server, connections=3) as transport:
        await asyncio.gather(*(transport.prepare() for _ in range(3)))
        await asyncio.gather(*(transport.post(b"%d" % n) for n in range(3)))
        assert server.connections <= 3
        assert len(server.requests) == 3


async def test_nothing_is_at_hand_where_nobody_listens(ground: Ground) -> None:
    async with ground.serving(honest) as server:
        url = ground.url(server)
    transport = ground.make(url)
    with pytest.raises(NotSent):
        await transport.prepare()
    assert not transport.ready()
    await transport.close()


async def test_what_has_no_connection_is_given_up_alone(ground: Ground) -> None:
    silent = Silent()
    async with ground.serving(silent) as server:
        transport = ground.make(ground.url(server), connections=1)
        written, queued = (asyncio.ensure_future(transport.post(payload)) for payload in (b"1", b"queued"))
        await silent.arrived.wait()
        transport.give_up_unwritten()
        await fails(NotSent, queued)
        assert not written.done()
        await transport.close(0)
        await fails(MaybeSent, written)
    assert server.requests == [b"1"]

"""Replies that are meant for another request: what a transport can tell, and what it lets its caller tell."""

import asyncio

from wa_bulk.send.transport import MaybeSent, Reply

from .conftest import Ground
from .hostile import Peer, reply
from .test_hostile import fails, honest_once


async def test_two_replies_in_one_read_answer_nothing(ground: Ground) -> None:
    async def one_behind(peer: Peer) -> None:
        await honest_once(peer)
        await peer.request()
        await peer.send(reply(b"stale") + reply(b"2"))
        await peer.client_gone()

    async with ground.serving(one_behind) as server, ground.transport(server) as transport:
        assert await transport.post(b"1") == Reply(200, b"1")
        await fails(MaybeSent, transport.post(b"2"))
        assert await transport.post(b"3") == Reply(200, b"3")
    assert server.requests == [b"1", b"2", b"3"]


async def test_what_else_a_reply_could_be_meant_for(ground: Ground) -> None:
    async def held(peer: Peer) -> None:
        payload = await peer.request()
        arrived.set()
        await answer.wait()
        await peer.send(reply(payload))

    arrived, answer = asyncio.Event(), asyncio.Event()
    async with ground.serving(held) as server, ground.transport(server, connections=2) as transport:
        elsewhere = asyncio.ensure_future(transport.post(b"elsewhere"))
        await arrived.wait()
        first = await transport.post(b"first")
        assert set(transport.other_requests(first)) - {b"first"} == {b"elsewhere"}
        await transport.post(b"before")
        second = await transport.post(b"second")
        assert set(transport.other_requests(second)) - {b"second"} == {b"before", b"elsewhere", b"first"}
        answer.set()
        third = await elsewhere
        assert set(transport.other_requests(third)) == {b"elsewhere"}


async def test_the_request_before_is_known_though_the_next_is_on_its_way(ground: Ground) -> None:
    async with ground.serving() as server, ground.transport(server, connections=1) as transport:

        async def post(payload: bytes) -> list[bytes]:
            return transport.other_requests(await transport.post(payload))

        others = await asyncio.gather(*(post(b"%d" % n) for n in range(30)))
    for n in range(1, 30):
        assert b"%d" % (n - 1) in others[n]


async def test_a_distrusted_connection_ends_with_what_it_carries(ground: Ground) -> None:
    async def held(peer: Peer) -> None:
        await honest_once(peer)
        await peer.request()
        arrived.set()
        await peer.client_gone()
        gone.set()

    arrived, gone = asyncio.Event(), asyncio.Event()
    async with ground.serving(held) as server, ground.transport(server, connections=1) as transport:
        answer = await transport.post(b"1")
        carried = asyncio.ensure_future(transport.post(b"2"))
        await arrived.wait()
        transport.distrust(answer)
        await fails(MaybeSent, carried)
        await gone.wait()
        assert await transport.post(b"3") == Reply(200, b"3")
        transport.distrust(answer)
        assert await transport.post(b"4") == Reply(200, b"4")
    assert server.served == [2, 2]


async def test_a_distrusted_idle_connection_is_not_used(ground: Ground) -> None:
    async with ground.serving() as server, ground.transport(server) as transport:
        transport.distrust(await transport.post(b"1"))
        assert await transport.post(b"2") == Reply(200, b"2")
    assert server.served == [1, 1]


async def test_replies_of_another_transport_mean_nothing(ground: Ground) -> None:
    async with ground.serving() as server, ground.transport(server) as one, ground.transport(server) as other:
        answer = await one.post(b"1")
        assert other.other_requests(answer) in ([], [b"1"])
        other.distrust(answer)
        other.distrust(Reply(200, b""))
        assert other.other_requests(Reply(200, b"")) == []
        assert await one.post(b"2") == Reply(200, b"2")
    assert server.served == [2]

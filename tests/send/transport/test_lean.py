"""What the lean transport does beyond the contract: connections kept, distrusted and made anew."""

import asyncio
import gc
import itertools
import math
import socket
import struct
from collections.abc import AsyncIterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wa_bulk.send.transport import MaybeSent, NotSent, Reply, TransportError, lean
from wa_bulk.send.transport.connection import TLS_ALERT, Connection
from wa_bulk.send.transport.limits import IDLE_MAX

from .conftest import Ground
from .hostile import Peer, reply
from .test_hostile import BODY, CHUNKED, LARGE, WHOLE, fails, sending, settle


@pytest.fixture
def kind() -> str:
    return "lean"


async def test_posts_that_wait_are_served_in_order(ground: Ground) -> None:
    payloads = [b"%d" % n for n in range(20)]
    async with ground.serving() as server, ground.transport(server, connections=1) as transport:
        await asyncio.gather(*map(transport.post, payloads))
    assert server.requests == payloads


async def test_a_post_cancelled_as_its_turn_comes_gives_the_connection_on(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ground.serving() as server:
        transport = lean.LeanTransport(
            ground.url(server), {}, connections=1, ssl_context=ground.client_context
        )
        release = transport.release

        def release_and_cancel(connection: Connection) -> None:
            release(connection)
            second.cancel()

        monkeypatch.setattr(transport, "release", release_and_cancel)
        first, second, third = (
            asyncio.ensure_future(transport.post(payload)) for payload in (b"1", b"2", b"3")
        )
        assert (await first).body == b"1"
        assert (await third).body == b"3"
        assert second.cancelled()
        await transport.close()
    assert server.requests == [b"1", b"3"]
    assert server.connections == 1


async def test_a_post_cancelled_as_its_reply_comes_leaves_the_connection_in_use(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ground.serving() as server:
        transport = lean.LeanTransport(ground.url(server), {}, ssl_context=ground.client_context)
        release = transport.release

        def release_and_cancel(connection: Connection) -> None:
            release(connection)
            first.cancel()

        monkeypatch.setattr(transport, "release", release_and_cancel)
        first = asyncio.ensure_future(transport.post(b"1"))
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await transport.post(b"2")).body == b"2"
        await transport.close()
    assert server.connections == 1


async def test_the_last_connection_used_is_used_next(ground: Ground) -> None:
    async with ground.serving() as server, ground.transport(server, connections=3) as transport:
        await asyncio.gather(*(transport.post(b"x") for _ in range(3)))
        for _ in range(5):
            await transport.post(b"y")
    assert sorted(server.served) == [1, 1, 6]


async def test_a_prepared_connection_carries_the_next_post(ground: Ground) -> None:
    async with ground.serving(sending(WHOLE, Peer.cut)) as server, ground.transport(server) as transport:
        assert not transport.ready()
        await transport.prepare()
        assert transport.ready()
        assert await transport.post(b"x") == Reply(200, BODY)
        assert server.connections == 1
        await settle()
        assert not transport.ready()
        server.refuse()
        with pytest.raises(NotSent):
            await transport.prepare()


async def test_a_connection_that_the_server_will_not_keep_is_closed_in_time(ground: Ground) -> None:
    async def brief(peer: Peer) -> None:
        await peer.request()
        await peer.send(reply(BODY, "200 OK", "Keep-Alive: max=5, timeout=1"))
        await peer.client_gone()
        gone.set()

    gone = asyncio.Event()
    async with ground.serving(brief) as server, ground.transport(server, timeout=0.2) as transport:
        await transport.post(b"x")
        async with asyncio.timeout(IDLE_MAX / 3):
            await gone.wait()
        assert await transport.post(b"own") == Reply(200, b"own")
    assert server.connections == 2


async def test_a_waiting_post_makes_a_connection_in_place_of_a_lost_one(ground: Ground) -> None:
    async with (
        ground.serving(sending(b"", Peer.cut), sending(WHOLE[:9], Peer.reset)) as server,
        ground.transport(server, connections=1) as transport,
    ):
        outcomes = await asyncio.gather(
            *map(transport.post, (b"1", b"2", b"3", b"4")), return_exceptions=True
        )
    assert [type(outcome) for outcome in outcomes] == [MaybeSent, MaybeSent, Reply, Reply]
    assert server.connections == 3


async def test_an_early_reply_ends_the_connection_even_if_the_server_keeps_it(ground: Ground) -> None:
    async def hasty(peer: Peer) -> None:
        await peer.read_some(1000)
        await peer.send(WHOLE)
        await done.wait()

    done = asyncio.Event()
    async with ground.serving(hasty) as server, ground.transport(server) as transport:
        assert await transport.post(LARGE) == Reply(200, BODY)
        assert await transport.post(b"own") == Reply(200, b"own")
        done.set()


async def test_a_body_without_length_must_end_with_tls_goodbye(ground: Ground) -> None:
    cut = sending(b"HTTP/1.1 200 OK\r\n\r\n" + BODY, Peer.cut)
    async with ground.serving(cut) as server, ground.transport(server) as transport:
        if ground.tls:
            await fails(MaybeSent, transport.post(b"x"))
        else:
            assert await transport.post(b"x") == Reply(200, BODY)


async def test_a_tls_session_is_taken_up_again(ground: Ground) -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        resumed.append(peer.resumed)
        await peer.send(reply(BODY, "200 OK", "Connection: close"))

    resumed: list[bool] = []
    async with ground.serving(once, once, once) as server, ground.transport(server) as transport:
        for _ in range(3):
            assert await transport.post(b"x") == Reply(200, BODY)
    assert resumed == [False, ground.tls, ground.tls]


def belongs(thing: object, owner: object) -> bool:
    return isinstance(thing, Connection) and thing._owner == owner


async def test_a_closed_connection_is_freed_without_the_garbage_collector(ground: Ground) -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.send(reply(BODY, "200 OK", "Connection: close"))

    async with ground.serving(*[once] * 20) as server, ground.transport(server) as transport:
        gc.disable()
        try:
            for _ in range(20):
                await transport.post(b"x")
            await settle()
            alive = [thing for thing in gc.get_objects() if belongs(thing, transport)]
        finally:
            gc.enable()
    assert len(alive) <= 2


class TestRawSockets:
    """The server acts at once, between two steps of the loop."""

    @pytest.fixture
    async def listener(self) -> AsyncIterator[socket.socket]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            yield listener

    @staticmethod
    async def warm(listener: socket.socket, transport: lean.LeanTransport) -> socket.socket:
        """The server's end of a connection that has served one post and is idle."""
        loop = asyncio.get_running_loop()
        post = asyncio.ensure_future(transport.post(b"warm"))
        server_end, _ = await asyncio.wait_for(loop.sock_accept(listener), 10)
        server_end.setblocking(False)
        await loop.sock_recv(server_end, 65536)
        await loop.sock_sendall(server_end, WHOLE)
        await post
        return server_end

    def transport(self, listener: socket.socket) -> lean.LeanTransport:
        return lean.LeanTransport(f"http://127.0.0.1:{listener.getsockname()[1]}/", {}, timeout=5)

    async def test_the_write_fails_at_once(
        self, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lean, "FRESH", math.inf)
        transport = self.transport(listener)
        server_end = await self.warm(listener, transport)
        server_end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server_end.close()
        await fails(NotSent, transport.post(b"x"))
        await transport.close()

    async def test_the_connection_closes_under_the_write(
        self, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lean, "FRESH", math.inf)
        transport = self.transport(listener)
        (await self.warm(listener, transport)).close()
        await fails(MaybeSent, transport.post(b"x"))
        await transport.close()

    async def test_each_new_connection_resolves_anew_and_tries_every_address(
        self, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def getaddrinfo(host: str, port: int, **options: int) -> list[tuple[object, ...]]:
            asked.append(host)
            return [
                (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
                for address in ("127.0.0.9", "127.0.0.8", "127.0.0.1")
            ]

        asked: list[str] = []
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        transport = lean.LeanTransport(f"http://api.test:{listener.getsockname()[1]}/", {})
        server_end = await self.warm(listener, transport)
        server_end.close()
        await settle()
        (await self.warm(listener, transport)).close()
        assert asked == ["api.test", "api.test"]
        await transport.close()


class Line:
    """Both neighbours of a connection, in memory: the pool above it and the stream below it."""

    def __init__(self) -> None:
        self.address = ("api.test", 80)
        self.reply_max = 1000
        self.idle: list[Connection] = []
        self.waiters = ["somebody, so that every connection is released by name"]
        self.closing = False
        self.cached_head = (b"", 0, -1)
        self.kept = False
        self.closed = False
        self.connection = Connection(self)
        self.connection.connection_made(self)  # type: ignore[arg-type]

    def release(self, connection: Connection) -> None:
        self.kept = True

    def forget(self, connection: Connection) -> None:
        self.kept = False

    def lost(self, connection: Connection) -> None: ...

    def set_write_buffer_limits(self, high: int) -> None:
        self.held_back_unnoticed = high

    def write(self, data: bytes) -> None: ...

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        self.closed = True

    abort = close


def outcome(
    segments: list[bytes], *, after: bytes = b"", forget: bool = False
) -> tuple[Reply | type[TransportError], bool]:
    """What one post gets from `segments` and the end of the stream, and whether the connection was kept.

    `after` is the reply to a post before it; with `forget`, the pool does not remember what that was like.
    """
    loop = asyncio.new_event_loop()
    try:
        line = Line()
        if after:
            line.connection.reply = before = loop.create_future()
            line.connection.data_received(after)
            assert before.done()
            assert before.exception() is None
            assert line.kept
            line.kept = False
        if forget:
            line.cached_head = (b"", 0, -1)
        post: asyncio.Future[Reply] = loop.create_future()
        line.connection.reply = post
        for segment in segments:
            if not line.closed:
                line.connection.data_received(segment)
        kept = line.kept
        if not line.closed:
            line.connection.eof_received()
        assert line.closed
        error = post.exception()
        return (post.result() if error is None else type(error)), kept  # type: ignore[return-value]
    finally:
        loop.close()


PIECES = st.sampled_from(
    [
        WHOLE,
        CHUNKED,
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200 OK\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"\r\n",
        b"{}\r\n",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b"\x00",
    ]
)
STREAMS = st.lists(PIECES | st.binary(max_size=4), max_size=7).map(b"".join)


@given(stream=STREAMS | st.just(WHOLE + b"\r\n"), data=st.data())
def test_segments_make_no_difference(stream: bytes, data: st.DataObject) -> None:
    assume(not stream.startswith(TLS_ALERT))  # which never comes in two segments
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    bounds = [0, *cuts, len(stream)]
    segments = [stream[start:end] for start, end in itertools.pairwise(bounds) if start < end]
    at_once = outcome([stream] if stream else [])
    for parts in (segments, [stream[at : at + 1] for at in range(len(stream))]):
        reply_or_error, kept = outcome(parts)
        if at_once == (MaybeSent, False) and isinstance(reply_or_error, Reply):
            assert not kept  # what follows a reply at once, or while idle, ends the connection
        else:
            assert (reply_or_error, kept) == at_once


@given(before=STREAMS, stream=STREAMS | st.sampled_from([WHOLE, 2 * WHOLE, WHOLE[:-1], WHOLE + b"x"]))
def test_what_was_usual_before_makes_no_difference(before: bytes, stream: bytes) -> None:
    for after in (WHOLE, before):
        try:
            expected = outcome([stream], after=after, forget=True)
        except AssertionError:  # the connection was not kept
            continue
        assert outcome([stream], after=after) == expected


def test_a_reply_like_the_one_before_is_not_parsed() -> None:
    line = Line()
    loop = asyncio.new_event_loop()
    for body in (b"1st", b"2nd", b"3rd"):
        line.connection.reply = post = loop.create_future()
        line.connection.data_received(reply(body))
        assert post.result() == Reply(200, body)
        line.connection._feed = None  # type: ignore[assignment]
    loop.close()


def test_no_byte_of_a_request_is_held_back_unnoticed() -> None:
    assert Line().held_back_unnoticed == 0


def test_request_heads_are_kept_within_bounds() -> None:
    transport = lean.LeanTransport("http://127.0.0.1:1/", {})
    for length in range(3 * lean.HEADS_MAX):
        assert transport._head(length).endswith(b"Content-Length: %d\r\n\r\n" % length)
    assert len(transport._heads) == lean.HEADS_MAX

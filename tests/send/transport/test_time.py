"""The client's event loop is busy, stands still, or has another clock: what is proven stays so."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from wa_bulk.send.transport import MaybeSent, Reply, lean

from .conftest import Ground
from .hostile import Peer, Script, reply, serving
from .test_hostile import BODY, WHOLE, End, fails, honest_once, settle
from .threaded import serving_in_a_thread


def be_busy() -> None:
    """Let nothing else run for as long as makes a connection count as unused for a moment."""
    until = time.perf_counter() + 2 * lean.FRESH
    while time.perf_counter() < until:
        pass


@pytest.mark.parametrize("end", [Peer.cut, Peer.reset], ids=["close", "reset"])
async def test_a_connection_closed_while_the_loop_was_busy_is_not_used(ground: Ground, end: End) -> None:
    async def leaving(peer: Peer) -> None:
        await honest_once(peer)
        await leave.wait()
        end(peer)
        gone.release()

    leave, gone = asyncio.Event(), asyncio.Semaphore(0)
    with serving_in_a_thread(*[leaving] * 3, tls=ground.server_context if ground.tls else None) as server:

        async def all_leave() -> None:
            leave.set()
            for _ in range(3):
                await gone.acquire()

        transport = ground.make(f"{ground.scheme}://127.0.0.1:{server.port}/")
        await asyncio.gather(*(transport.post(b"%d" % n) for n in range(3)))
        server.do(all_leave)
        be_busy()
        assert await asyncio.gather(*(transport.post(b"own%d" % n) for n in range(3))) == [
            Reply(200, b"own%d" % n) for n in range(3)
        ]
        await transport.close()
    assert sorted(server.requests) == [b"0", b"1", b"2", b"own0", b"own1", b"own2"]


@pytest.mark.parametrize(
    "unasked",
    [reply(b"", "408 Request Timeout", "Connection: close"), reply(b"", "408 Request Timeout"), WHOLE, b"H"],
    ids=["408 and close", "408", "a stale reply", "one byte"],
)
async def test_bytes_that_came_while_the_loop_was_busy_end_the_connection(
    ground: Ground, unasked: bytes
) -> None:
    async def impatient(peer: Peer) -> None:
        await honest_once(peer)
        await say.wait()
        await peer.send(unasked)
        said.set()
        await peer.client_gone()

    say, said = asyncio.Event(), asyncio.Event()
    with serving_in_a_thread(impatient, tls=ground.server_context if ground.tls else None) as server:

        async def speak() -> None:
            say.set()
            await said.wait()

        transport = ground.make(f"{ground.scheme}://127.0.0.1:{server.port}/")
        await transport.post(b"1")
        server.do(speak)
        be_busy()
        assert await transport.post(b"own") == Reply(200, b"own")
        await transport.close()
    assert server.requests == [b"1", b"own"]


async def test_replies_that_came_while_the_process_stood_still_are_read(ground: Ground) -> None:
    async def slow(peer: Peer) -> None:
        payload = await peer.request()
        arrived.release()
        await answer.wait()
        answered.release()
        await peer.send(reply(payload * 150_000))  # more than is read at once
        await peer.client_gone()

    count, timeout = 4, 1.5
    arrived, answered = asyncio.Semaphore(0), asyncio.Semaphore(0)
    answer = asyncio.Event()
    tls = ground.server_context if ground.tls else None
    with serving_in_a_thread(*[slow] * count, tls=tls) as server:

        async def until(happened: asyncio.Semaphore) -> None:
            for _ in range(count):
                await happened.acquire()

        async def answer_all() -> None:
            answer.set()
            await until(answered)

        transport = ground.make(
            f"{ground.scheme}://127.0.0.1:{server.port}/", connections=count, timeout=timeout
        )
        posts = [asyncio.ensure_future(transport.post(b"%d" % n)) for n in range(count)]
        await asyncio.to_thread(server.do, lambda: until(arrived))
        server.do(answer_all)
        time.sleep(timeout + 0.4)  # noqa: ASYNC251
        replies = await asyncio.gather(*posts)
        assert [answer.body for answer in replies] == [b"%d" % n * 150_000 for n in range(count)]
        await transport.close()


async def test_timeouts_follow_the_clock_of_the_loop(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(peer: Peer) -> None:
        await peer.request()
        await peer.client_gone()

    async with ground.serving(silent) as server, ground.transport(server, timeout=0.3) as transport:
        loop = asyncio.get_running_loop()
        if isinstance(loop, asyncio.SelectorEventLoop):  # as libraries that freeze time leave it
            monkeypatch.setattr(loop, "time", time.monotonic)
        frozen = _always(time.monotonic())
        for name in ("monotonic", "time", "perf_counter"):
            monkeypatch.setattr(time, name, frozen)
        monkeypatch.setattr("wa_bulk.send.transport.lean.monotonic", frozen)
        monkeypatch.setattr("wa_bulk.send.transport.connection.monotonic", frozen)
        await fails(MaybeSent, transport.post(b"x"))
        assert await transport.post(b"own") == Reply(200, b"own")
        assert await transport.post(b"next") == Reply(200, b"next")


async def test_a_handshake_may_take_as_long_as_a_connection_may(ground: Ground) -> None:
    timeout = 2.0

    async def far_away(peer: Peer) -> None:
        await asyncio.sleep(0.6 * timeout)
        await peer.relay_to(server.port)

    async with (
        ground.serving() as server,
        serving(far_away) as far,
        ground.transport(far, timeout=timeout) as transport,
    ):
        await transport.prepare()
        assert await transport.post(b"x") == Reply(200, b"x")
    assert far.connections == 1


def _always(value: float) -> Callable[[], float]:
    return lambda: value


async def test_a_retry_of_these_goes_over_another_connection(ground: Ground) -> None:
    async def keeping(status: str, peer: Peer) -> None:
        await peer.request()
        await peer.send(reply(b"again", status, "Retry-After: 0"))
        await peer.client_gone()

    statuses = ["408 Request Timeout", "421 Misdirected Request", "425 Too Early"]
    async with (
        ground.serving(*(_bound(keeping, status) for status in statuses)) as server,
        ground.transport(server) as transport,
    ):
        for status in statuses:
            assert await transport.post(b"x") == Reply(int(status[:3]), b"again", 0.0)
        assert await transport.post(b"x") == Reply(200, b"x")
    assert server.served == [1, 1, 1, 1]


def _bound(script: Callable[[str, Peer], Awaitable[None]], status: str) -> Script:
    return lambda peer: script(status, peer)


async def test_an_unasked_408_on_an_idle_connection_answers_nothing(ground: Ground) -> None:
    async def impatient(peer: Peer) -> None:
        await peer.request()
        await peer.send(WHOLE)
        await answered.wait()
        await peer.send(reply(b"", "408 Request Timeout", "Connection: close"))
        said.set()
        await peer.client_gone()

    answered, said = asyncio.Event(), asyncio.Event()
    async with ground.serving(impatient) as server, ground.transport(server) as transport:
        assert await transport.post(b"x") == Reply(200, BODY)
        answered.set()
        await said.wait()
        await settle()
        assert await transport.post(b"own") == Reply(200, b"own")
    assert server.requests == [b"x", b"own"]

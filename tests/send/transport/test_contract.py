"""What every transport promises, against a server that keeps to HTTP."""

import asyncio

import pytest

from wa_bulk.send.transport import NotSent, Reply

from .conftest import SECRET, Ground
from .hostile import Peer, Script, honest, reply


def answering(*segments: bytes, then_close: bool = False) -> Script:
    """Answer one request with `segments`, and those after it honestly."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(*segments)
        if not then_close:
            await honest(peer)

    return script


async def test_every_post_gets_its_own_reply_over_a_bounded_number_of_connections(ground: Ground) -> None:
    payloads = [f'{{"n":{n}}}'.encode() * (n % 7 + 1) for n in range(60)]
    async with ground.serving() as server, ground.transport(server, connections=4) as transport:
        replies = await asyncio.gather(*(transport.post(payload) for payload in payloads))
    assert [answer.body for answer in replies] == payloads
    assert {answer.status for answer in replies} == {200}
    assert server.connections == 4


async def test_posts_one_after_the_other_share_a_connection(ground: Ground) -> None:
    async with ground.serving() as server, ground.transport(server) as transport:
        for payload in (b"1", b"", b"333"):
            assert await transport.post(payload) == Reply(200, payload)
    assert server.connections == 1


async def test_a_large_payload_arrives_whole(ground: Ground) -> None:
    payload = bytes(range(256)) * 3000
    async with ground.serving() as server, ground.transport(server) as transport:
        assert (await transport.post(payload)).body == payload
        assert (await transport.post(b"after")).body == b"after"


async def test_the_request_carries_what_was_asked_for_and_little_else(ground: Ground) -> None:
    async def cookie_setter(peer: Peer) -> None:
        heads.append((await peer.request(), peer.head))
        await peer.send(reply(b"{}", "200 OK", "Set-Cookie: a=b; Path=/"))
        heads.append((await peer.request(), peer.head))
        await peer.send(reply(b"{}"))

    heads: list[tuple[bytes, bytes]] = []
    async with ground.serving(cookie_setter) as server:
        transport = ground.make(ground.url(server) + "?a=%20b", {"Authorization": SECRET, "User-Agent": "wa"})
        await transport.post(b'{"a":1}')
        await transport.post(b'{"b":22}')
        await transport.close()
    for (payload, head), length in zip(heads, (b"7", b"8"), strict=True):
        request_line, *lines = head.rstrip(b"\r\n").split(b"\r\n")
        assert request_line == b"POST /v1/messages?a=%20b HTTP/1.1"
        fields = dict(line.split(b": ", 1) for line in lines)
        assert len(fields) == len(lines)
        assert {name.title(): value for name, value in fields.items()} == {
            b"Host": f"127.0.0.1:{server.port}".encode(),
            b"Authorization": SECRET.encode(),
            b"User-Agent": b"wa",
            b"Accept-Encoding": b"identity",
            b"Content-Type": b"application/json",
            b"Content-Length": length,
        }
        assert len(payload) == int(length)


@pytest.mark.parametrize(
    ("status", "headers", "retry_after"),
    [
        ("202 Accepted", (), None),
        ("302 Found", ("Location: /elsewhere",), None),
        ("307 Temporary Redirect", ("Location: http://127.0.0.1:1/",), None),
        ("401 Unauthorized", ('WWW-Authenticate: Basic realm="x"',), None),
        ("429 Too Many Requests", ("Retry-After: 7",), 7.0),
        (
            "503 Service Unavailable",
            ("Date: Wed, 21 Oct 2015 07:28:00 GMT", "retry-after:  Wed, 21 Oct 2015 07:29:30 GMT "),
            90.0,
        ),
        ("503 Service Unavailable", ("Retry-After: soon",), None),
        ("599 Whatever", (), None),
    ],
)
async def test_any_status_is_a_reply(
    ground: Ground, status: str, headers: tuple[str, ...], retry_after: float | None
) -> None:
    script = answering(reply(b"<html>", status, *headers))
    async with ground.serving(script) as server, ground.transport(server) as transport:
        assert await transport.post(b"x") == Reply(int(status[:3]), b"<html>", retry_after)
        assert await transport.post(b"own") == Reply(200, b"own")
    assert server.requests == [b"x", b"own"]
    assert server.connections == 1


BODY = b'{"message_id":"1"}'
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(reply(BODY), Reply(200, BODY), id="length"),
        pytest.param(
            HEAD
            + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\n"
            + BODY[:5]
            + b"\r\nD\r\n"
            + BODY[5:]
            + b"\r\n0\r\nTrailer: t\r\n\r\n",
            Reply(200, BODY),
            id="chunked",
        ),
        pytest.param(
            HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00",
            Reply(200, b"\x1f\x8b\x08\x00"),
            id="encoded unasked",
        ),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", Reply(204, b""), id="204"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", Reply(304, b""), id="304"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + reply(BODY), Reply(200, BODY), id="100"),
        pytest.param(
            b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + reply(BODY),
            Reply(200, BODY),
            id="several 1xx",
        ),
        pytest.param(HEAD + b"Content-Length: 0\r\nX-Folded: a\r\n\r\n", Reply(200, b""), id="empty"),
        pytest.param(
            b"HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 1\r\n\r\n!",
            Reply(429, b"!", 3.0),
            id="429",
        ),
    ],
)
@pytest.mark.parametrize("trickled", [False, True], ids=["at once", "byte by byte"])
async def test_forms_of_reply_that_keep_the_connection(
    ground: Ground, raw: bytes, expected: Reply, trickled: bool
) -> None:
    segments = [raw[at : at + 1] for at in range(len(raw))] if trickled else [raw]
    async with ground.serving(answering(*segments)) as server, ground.transport(server) as transport:
        assert await transport.post(b"x") == expected
        assert await transport.post(b"own") == Reply(200, b"own")
    assert server.connections == 1


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(reply(BODY, "200 OK", "Connection: close"), id="close"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 18\r\n\r\n" + BODY, id="HTTP 1.0"),
        pytest.param(HEAD + b"\r\n" + BODY, id="ends at close"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n" + BODY, id="HTTP 1.0 ends at close"),
        pytest.param(HEAD + b"Connection: close\r\n\r\n" + BODY, id="close, ends at close"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"\r\n" + BODY, id="100, ends at close"),
    ],
)
@pytest.mark.parametrize("trickled", [False, True], ids=["at once", "byte by byte"])
async def test_forms_of_reply_that_end_the_connection(ground: Ground, raw: bytes, trickled: bool) -> None:
    segments = [raw[at : at + 1] for at in range(len(raw))] if trickled else [raw]
    script = answering(*segments, then_close=True)
    async with ground.serving(script) as server, ground.transport(server) as transport:
        assert await transport.post(b"x") == Reply(200, BODY)
        assert await transport.post(b"own") == Reply(200, b"own")
    assert server.connections == 2


async def test_closing_waits_for_what_is_in_flight(ground: Ground) -> None:
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def patient(peer: Peer) -> None:
        payload = await peer.request()
        arrived.set()
        await answer.wait()
        await peer.send(reply(payload))
        await honest(peer)

    async with ground.serving(patient) as server:
        transport = ground.make(ground.url(server), connections=1)
        posts = [asyncio.ensure_future(transport.post(payload)) for payload in (b"first", b"queued")]
        await arrived.wait()
        closing = asyncio.ensure_future(transport.close())
        await asyncio.sleep(0)
        with pytest.raises(NotSent, match="closed"):
            await transport.post(b"late")
        assert not closing.done()
        answer.set()
        assert [post.body for post in await asyncio.gather(*posts)] == [b"first", b"queued"]
        await closing
        await transport.close()
    assert server.requests == [b"first", b"queued"]


async def test_closing_lets_go_of_idle_connections(ground: Ground) -> None:
    gone = asyncio.Event()

    async def watchful(peer: Peer) -> None:
        await peer.send(reply(await peer.request()))
        await peer.client_gone()
        gone.set()

    async with ground.serving(watchful) as server:
        transport = ground.make(ground.url(server))
        await transport.post(b"x")
        await transport.close()
        await gone.wait()
        with pytest.raises(NotSent, match="closed"):
            await transport.post(b"y")


async def test_closing_what_was_never_used(ground: Ground) -> None:
    transport = ground.make(f"{ground.scheme}://127.0.0.1:1/")
    await transport.close()
    with pytest.raises(NotSent):
        await transport.post(b"x")


async def test_cancelling_one_post_hurts_no_other(ground: Ground) -> None:
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def patient(peer: Peer) -> None:
        while True:
            payload = await peer.request()
            if len(server.requests) == 3:
                arrived.set()
            await answer.wait()
            await peer.send(reply(payload))

    async with ground.serving(patient, patient, patient) as server, ground.transport(server) as transport:
        posts = [asyncio.ensure_future(transport.post(payload)) for payload in (b"0", b"1", b"2")]
        await arrived.wait()
        posts[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await posts[1]
        answer.set()
        assert [(await posts[n]).body for n in (0, 2)] == [b"0", b"2"]
        later = [b"3", b"4", b"5", b"6"]
        assert [one.body for one in await asyncio.gather(*map(transport.post, later))] == later


async def test_cancelling_a_post_that_waits_for_a_connection(ground: Ground) -> None:
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def patient(peer: Peer) -> None:
        payload = await peer.request()
        arrived.set()
        await answer.wait()
        await peer.send(reply(payload))
        await honest(peer)

    async with ground.serving(patient) as server, ground.transport(server, connections=1) as transport:
        posts = [asyncio.ensure_future(transport.post(payload)) for payload in (b"0", b"1", b"2")]
        await arrived.wait()
        posts[1].cancel()
        answer.set()
        assert (await posts[0]).body == b"0"
        assert (await posts[2]).body == b"2"
        with pytest.raises(asyncio.CancelledError):
            await posts[1]
    assert server.requests == [b"0", b"2"]


@pytest.mark.parametrize("settle", range(8))
async def test_cancelling_at_any_step(ground: Ground, settle: int) -> None:
    async with ground.serving() as server, ground.transport(server, connections=1) as transport:
        for warm in (False, True):
            post = asyncio.ensure_future(transport.post(b"cancelled"))
            for _ in range(settle * (3 if not warm else 1)):
                await asyncio.sleep(0)
            post.cancel()
            await asyncio.gather(post, return_exceptions=True)
            assert (await transport.post(b"own")).body == b"own"

"""Replies at the edge of HTTP, and beyond it: both transports read each in the way that is written here."""

import pytest

from wa_bulk.send.transport import MaybeSent, Reply

from .conftest import Ground
from .hostile import Peer, honest
from .test_hostile import fails

BODY = b'{"message_id":"1"}'
HEAD = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 18\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
TAKEN = Reply(200, BODY)


def with_header(line: bytes) -> bytes:
    return HEAD + line + LENGTH + b"\r\n" + BODY


def with_status(line: bytes) -> bytes:
    return line + LENGTH + b"\r\n" + BODY


KEPT: dict[str, tuple[bytes, Reply]] = {
    "folded header": (with_header(b"X-A: b\r\n c\r\n"), TAKEN),
    "folded with a tab": (with_header(b"X-A: b\r\n\tc\r\n"), TAKEN),
    "folded length": (HEAD + b"Content-Length:\r\n 18\r\n\r\n" + BODY, TAKEN),
    "folded first header": (with_header(b" X: y\r\n"), TAKEN),
    "LF alone": ((HEAD + LENGTH).replace(b"\r\n", b"\n") + b"\n" + BODY, TAKEN),
    "LF alone in one header": (with_header(b"X: y\n"), TAKEN),
    "LF alone at the end of the head": (HEAD + LENGTH + b"\n" + BODY, TAKEN),
    "200 headers": (with_header(b"".join(b"X%d: y\r\n" % n for n in range(200))), TAKEN),
    "control character": (with_header(b"X: a\x01b\r\n"), TAKEN),
    "vertical tab": (with_header(b"X: a\x0bb\r\n"), TAKEN),
    "delete": (with_header(b"X: a\x7fb\r\n"), TAKEN),
    "not ASCII": (with_header(b"X: \xff\xfe\r\n"), TAKEN),
    "no reason": (with_status(b"HTTP/1.1 200\r\n"), TAKEN),
    "reason not ASCII": (with_status("HTTP/1.1 200 Ökay\r\n".encode()), TAKEN),
    "long reason": (with_status(b"HTTP/1.1 200 " + b"x" * 60_000 + b"\r\n"), TAKEN),
    "long header": (with_header(b"X: " + b"a" * 60_000 + b"\r\n"), TAKEN),
    "empty header": (with_header(b"X:\r\n"), TAKEN),
    "blank before the colon of the length": (HEAD + b"Content-Length : 18\r\n\r\n" + BODY, TAKEN),
    "length with zeros": (HEAD + b"Content-Length: 0018\r\n\r\n" + BODY, TAKEN),
    "empty lines before": (b"\r\n\r\n" + HEAD + LENGTH + b"\r\n" + BODY, TAKEN),
    "empty line behind": (HEAD + LENGTH + b"\r\n" + BODY + b"\r\n", TAKEN),
    "chunk size with blanks": (CHUNKED + b"12 \r\n" + BODY + b"\r\n0\r\n\r\n", TAKEN),
    "chunked in capitals": (
        CHUNKED.replace(b"chunked", b"CHUNKED") + b"12\r\n" + BODY + b"\r\n0\r\n\r\n",
        TAKEN,
    ),
    "status 999": (with_status(b"HTTP/1.1 999 Odd\r\n"), Reply(999, BODY)),
    "204 with a length": (b"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", Reply(204, b"")),
    "an upgrade offered": (with_header(b"Upgrade: h2c\r\n"), TAKEN),
    "unknown coding of the body": (with_header(b"Content-Encoding: junk\r\n"), TAKEN),
    "gzip that is none": (with_header(b"Content-Encoding: gzip\r\n"), TAKEN),
    "a cookie that is none": (with_header(b"Set-Cookie: ;;;=\xff;\r\n"), TAKEN),
    "a type that is none": (with_header(b"Content-Type: \xff/;;;\r\n"), TAKEN),
    "two Retry-After": (
        b"HTTP/1.1 429 Slow\r\nRetry-After: 2\r\nRetry-After: 3\r\n" + LENGTH + b"\r\n" + BODY,
        Reply(429, BODY, 2.0),
    ),
    "folded Retry-After": (
        b"HTTP/1.1 429 Slow\r\nRetry-After:\r\n 2\r\n" + LENGTH + b"\r\n" + BODY,
        Reply(429, BODY, 2.0),
    ),
}

UNREADABLE: dict[str, bytes] = {
    "NUL in a header": with_header(b"X: a\x00b\r\n"),
    "CR alone": (HEAD + LENGTH).replace(b"\r\n", b"\r") + b"\r" + BODY,
    "a blank in a name": with_header(b"X Y: a\r\n"),
    "no colon": with_header(b"Xa\r\n"),
    "no name": with_header(b": a\r\n"),
    "5000 headers": with_header(b"".join(b"X%d: y\r\n" % n for n in range(5000))) + b"z" * 70_000,
    "a byte order mark": b"\xef\xbb\xbf" + HEAD + LENGTH + b"\r\n" + BODY,
    "two digits of status": with_status(b"HTTP/1.1 20 OK\r\n"),
    "four digits of status": with_status(b"HTTP/1.1 2000 OK\r\n"),
    "status 099": with_status(b"HTTP/1.1 099 Odd\r\n"),
    "status 000": with_status(b"HTTP/1.1 000 Odd\r\n"),
    "lower case": with_status(b"http/1.1 200 OK\r\n"),
    "length with a sign": HEAD + b"Content-Length: +18\r\n\r\n" + BODY,
    "length in hexadecimal": HEAD + b"Content-Length: 0x12\r\n\r\n" + BODY,
    "length twice in one": HEAD + b"Content-Length: 18, 18\r\n\r\n" + BODY,
    "length and chunked": HEAD + LENGTH + CHUNKED[len(HEAD) :] + b"12\r\n" + BODY + b"\r\n0\r\n\r\n",
    "identity": HEAD + b"Transfer-Encoding: identity\r\n\r\n" + BODY,
    "gzip alone": HEAD + b"Transfer-Encoding: gzip\r\n\r\n" + BODY,
    "chunked, then identity": CHUNKED.replace(b"chunked", b"chunked, identity")
    + b"12\r\n"
    + BODY
    + b"\r\n0\r\n\r\n",
    "a coding nobody knows": CHUNKED.replace(b"chunked", b"xchunked") + b"12\r\n" + BODY + b"\r\n0\r\n\r\n",
    "chunk size with 0x": CHUNKED + b"0x12\r\n" + BODY + b"\r\n0\r\n\r\n",
    "204 with a body": b"HTTP/1.1 204 No\r\n" + LENGTH + b"\r\n" + BODY,
    "304 with a body": b"HTTP/1.1 304 No\r\n" + LENGTH + b"\r\n" + BODY,
    "101, then a reply": b"HTTP/1.1 101 Switch\r\n\r\n" + HEAD + LENGTH + b"\r\n" + BODY,
}


@pytest.mark.parametrize(("raw", "expected"), KEPT.values(), ids=KEPT)
async def test_replies_that_are_read(ground: Ground, raw: bytes, expected: Reply) -> None:
    async def odd(peer: Peer) -> None:
        await peer.request()
        await peer.send(raw)
        await honest(peer)

    async with ground.serving(odd) as server, ground.transport(server) as transport:
        assert await transport.post(b"x") == expected
        assert await transport.post(b"own") == Reply(200, b"own")
    assert server.requests == [b"x", b"own"]


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
async def test_replies_that_are_not(ground: Ground, raw: bytes) -> None:
    async def odd(peer: Peer) -> None:
        await peer.request()
        await peer.send(raw)
        peer.cut()

    async with ground.serving(odd) as server, ground.transport(server) as transport:
        await fails(MaybeSent, transport.post(b"x"))
        assert await transport.post(b"own") == Reply(200, b"own")
    assert server.connections == 2

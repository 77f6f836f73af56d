"""An EngageLab behind the gateway that takes every message and answers as no server should."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def sized(body: bytes, extra: int = 0) -> bytes:
    return OK + b"Content-Length: %d\r\n\r\n" % (len(body) + extra) + body


def chunked(body: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body + b"\r\n" + end


STALE = b'{"message_id":"m-stale","request_id":"chaos-1"}'
ANSWERS: dict[str, Callable[[bytes], bytes]] = {
    "as it should": sized,
    "chunked": chunked,
    "until the end": lambda body: OK + b"\r\n" + body,
    "twice": lambda body: sized(body) + sized(STALE),
    "with a stale one behind it": lambda body: sized(body) + b"\r\n\r\n" + sized(STALE),
    "a length too long": lambda body: sized(body, 20),
    "a length too short": lambda body: sized(body, -3),
    "both framings": lambda body: (
        OK
        + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body)
        + body
        + b"\r\n0\r\n\r\n"
    ),
    "two lengths": lambda body: OK + b"Content-Length: %d\r\nContent-Length: 3\r\n\r\n" % len(body) + body,
    "no last chunk": lambda body: chunked(body, b""),
    "a chunk that is no chunk": lambda body: OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body,
    "continue before it": lambda body: b"HTTP/1.1 100 Continue\r\n\r\n" + sized(body),
    "early hints before it": lambda body: b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + sized(body),
    "204 with a body": lambda body: b"HTTP/1.1 204 No Content\r\n\r\n" + sized(STALE),
    "HTTP/0.9": lambda body: body,
    "HTTP/1.0": lambda body: b"HTTP/1.0 200 OK\r\n\r\n" + body,
    "a NUL in a header": lambda body: OK + b"X-A: a\0b\r\nContent-Length: %d\r\n\r\n" % len(body) + body,
    "a bare line feed": lambda body: (
        OK.replace(b"\r\n", b"\n") + b"Content-Length: %d\n\n" % len(body) + body
    ),
    "a large head": lambda body: OK + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n" + body,
    "nothing": lambda body: b"",
}


class OddUpstream:
    """`taken` counts requests by row, `ids` has the message id that each row was given."""

    def __init__(self) -> None:
        self.url = ""
        self.taken: Counter[int] = Counter()
        self.ids: dict[int, str] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
            message = json.loads(await reader.readexactly(int(fields[b"content-length"])))
            row = int(message["custom_args"]["wa_bulk"].rpartition(":")[2])
            self.taken[row] += 1
            self.ids[row] = f"m-{row}-{self.taken[row]}"
            body = json.dumps({"message_id": self.ids[row], "request_id": message["request_id"]}).encode()
            answers = list(ANSWERS.values())
            writer.write(answers[row % len(answers)](body))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def odd_upstream() -> AsyncIterator[OddUpstream]:
    """Listen on a free port."""
    upstream = OddUpstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, backlog=512)
    upstream.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield upstream

"""A small EngageLab on a real socket that answers as each test tells it to."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Self

import msgspec


class Reply(msgspec.Struct, frozen=True):
    status: int = 200
    body: bytes = b""
    headers: str = ""
    after: float = 0.0  # seconds


class Trouble(Enum):
    RESET = "reset once the request was read"
    SILENCE = "no reply, ever"
    GARBAGE = "a reply that is no HTTP"


Answer = Reply | Trouble


class Arrival(msgspec.Struct, frozen=True):
    at: float  # the loop's time
    payload: bytes
    authorization: str
    head: str = ""

    @property
    def message(self) -> dict[str, object]:
        message: dict[str, object] = json.loads(self.payload)
        return message


def accepted(number: int, after: float = 0.0) -> Reply:
    return Reply(body=json.dumps({"message_id": f"id-{number}"}).encode(), after=after)


def error(status: int, code: int | None, message: str = "no", headers: str = "") -> Reply:
    return Reply(status, json.dumps({"code": code, "message": message}).encode(), headers)


class EngageLab:
    """`answer` is asked for each arrival, with its number from 1; everything is accepted by default."""

    def __init__(
        self,
        answer: Callable[[int], Answer | Awaitable[Answer]] = accepted,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answer = answer
        self._tls = tls
        self.arrivals: list[Arrival] = []
        self.open = 0
        self.most_open = 0
        self._streams: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Condition()

    async def arrived(self, count: int) -> None:
        """Wait until `count` requests in all have arrived."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.arrivals) >= count)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for stream in self._streams:
            stream.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._streams.add(task)
        task.add_done_callback(self._streams.discard)
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        authorization = next(
            line for line in head.split("\r\n") if line.lower().startswith("authorization: ")
        )
        payload = await reader.readexactly(int(fields["content-length"]))
        self.arrivals.append(Arrival(asyncio.get_running_loop().time(), payload, authorization[15:], head))
        async with self._arrived:
            self._arrived.notify_all()
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            answer = self.answer(len(self.arrivals))
            if not isinstance(answer, (Reply, Trouble)):
                answer = await answer
            if answer is Trouble.SILENCE:
                await reader.read()
            if isinstance(answer, Reply):
                await asyncio.sleep(answer.after)
        finally:
            self.open -= 1
        if answer is Trouble.GARBAGE:
            writer.write(b"what?\r\n\r\n")
        if not isinstance(answer, Reply):
            return False
        length = len(answer.body)
        writer.write(f"HTTP/1.1 {answer.status} Status\r\nContent-Length: {length}\r\n".encode())
        writer.write(answer.headers.encode() + b"\r\n" + answer.body)
        await writer.drain()
        return True

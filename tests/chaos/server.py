"""The recording server: a process of its own that plays EngageLab badly and writes down every arrival.

`python -m tests.chaos.server ARRIVALS SEED HOST [CERTIFICATE]` prints `{"port": …}`, then obeys the JSON
lines on its stdin, each with an `id`, and answers each with one on its stdout when it is done. It ends with
its stdin.

A line of ARRIVALS is in the file before anything is answered, so it outlives whoever was being answered:
`{"n", "at", "row", "to", "request_id", "kind", "accepted", "message_id"}` when a request has been read, and
`{"n", "replied": status}` when its whole reply was handed to the network. `at` is the monotonic clock.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import ssl
import struct
import sys
import time
from collections import Counter

import msgspec

from benchmarks.servers.constant import run_first
from tests.chaos.faults import COUNTS_AS_ACCEPTED, STATUS, Faults, Kind

RESET = struct.pack("ii", 1, 0)
KNOCK = b"KNOCK\r\n\r\n"
IDLE_CLOSE_AFTER_S = 0.004
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests"}
ERRORS = {
    400: (3002, "参数无效: paramètre refusé"),
    401: (2001, "authentication failed"),
    500: (1000, "内部错误"),
}
Json = dict[str, object]


class Recorder:
    """What all connections share."""

    def __init__(self, arrivals: str, seed: int, host: str, certificate: str | None) -> None:
        self.faults = Faults()
        self.credentials = ""
        """Whose `key:secret` is right; empty: anybody's."""
        self.seed = seed
        self.count = 0
        self.waiting: list[tuple[int, asyncio.Future[None]]] = []
        self.connections: set[Connection] = set()
        self._by_row: Counter[int] = Counter()
        self._fd = os.open(arrivals, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._host = host
        self._port = 0
        self._tls: ssl.SSLContext | None = None
        if certificate:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(certificate)
        self._server: asyncio.Server | None = None

    async def listen(self) -> int:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self), self._host, self._port, backlog=1024, ssl=self._tls
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self._port

    async def go_away(self) -> None:
        """From now on connections are refused; those there are, are reset."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self.connections):
            connection.reset()

    async def come_back(self) -> None:
        if self._server is None:
            await self.listen()

    def write(self, line: Json) -> None:
        os.write(self._fd, json.dumps(line).encode() + b"\n")

    def note(self, message: Json, authorised: bool) -> tuple[int, Kind | None, str, float]:
        """Writes an arrival down: its number, what is to be done, its message id, and when."""
        custom = message.get("custom_args")
        assert isinstance(custom, dict)
        row = int(str(custom["wa_bulk"]).rpartition(":")[2])
        self.count += 1
        self._by_row[row] += 1
        nth = self._by_row[row]
        kind = self.faults.kind_for(self.seed, row, nth) if authorised else None
        accepted = kind in COUNTS_AS_ACCEPTED
        message_id = f"m-{self.count}-{row}"
        self.write(
            {
                "n": self.count,
                "at": time.monotonic(),
                "row": row,
                "to": message["to"],
                "request_id": message["request_id"],
                "kind": kind or "unauthorised",
                "accepted": accepted,
                "message_id": message_id if accepted else None,
            }
        )
        for count, waiter in self.waiting:
            if self.count >= count and not waiter.done():
                waiter.set_result(None)
        return self.count, kind, message_id, self.faults.latency_for(self.seed, row, nth)

    async def obey(self, command: Json) -> Json:
        """Does what `command` says and returns the answer."""
        match command:
            case {"faults": faults}:
                self.faults = msgspec.convert(faults, Faults)
            case {"credentials": str(credentials)}:
                self.credentials = credentials
            case {"away": bool(away)}:
                await (self.go_away() if away else self.come_back())
            case {"wait_for": int(count)}:
                await self._wait_for(count)
            case {"settle": True}:
                await self._settle()
            case _:
                raise ValueError(f"not a command: {command}")
        return {"id": command["id"], "count": self.count}

    async def _settle(self) -> None:
        """Returns when everything that any client now dead had sent is read."""
        if self._server is not None:
            unchecked = ssl._create_unverified_context() if self._tls else None
            reader, writer = await asyncio.open_connection(self._host, self._port, ssl=unchecked)
            writer.write(KNOCK)
            await reader.read()  # accepted in the order made: those before it are known by now
            writer.close()
        while self.connections:
            await asyncio.sleep(0.005)

    async def _wait_for(self, count: int) -> None:
        if self.count < count:
            waiter = (count, asyncio.get_running_loop().create_future())
            self.waiting.append(waiter)
            await waiter[1]
            self.waiting.remove(waiter)


class Connection(asyncio.Protocol):
    """One client's connection: reads a request, writes the arrival down, and does what the faults say."""

    transport: asyncio.Transport

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._buffer = b""
        self._answering: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._recorder.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._recorder.connections.discard(self)
        if self._answering is not None:
            self._answering.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        if self._buffer == KNOCK:
            self.transport.close()
            return
        fields = {}
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            fields[name.lower()] = value.strip()
        length = int(fields[b"content-length"])
        if len(body) < length:
            return
        self._buffer = body[length:]
        given = base64.b64decode(fields[b"authorization"].removeprefix(b"Basic ")).decode()
        self._arrived(json.loads(body[:length]), self._recorder.credentials in ("", given))

    def _arrived(self, message: Json, authorised: bool) -> None:
        n, kind, message_id, latency_s = self._recorder.note(message, authorised)
        if kind in ("reset_before", "reset_after"):
            self.reset()
            return
        if kind == "stall":
            return
        status = 401 if kind is None else STATUS.get(kind, 200)
        if kind in ("garbage", "gateway"):
            body = "<html>一个网关 – une passerelle</html>".encode()
        elif status == 200:
            body = json.dumps({"message_id": message_id, "request_id": message["request_id"]}).encode()
        else:
            code, words = ERRORS.get(status, (4290, "too fast"))
            body = json.dumps({"code": code, "message": words}, ensure_ascii=False).encode()
        loop = asyncio.get_running_loop()
        self._answering = loop.call_later(latency_s, self._answer, n, kind, status, body)

    def _answer(self, n: int, kind: Kind | None, status: int, body: bytes) -> None:
        self._answering = None
        if self.transport.is_closing():
            return
        head = f"HTTP/1.1 {status} {REASONS.get(status, 'Trouble')}\r\nContent-Length: {len(body)}\r\n"
        if status == 429:
            head += "Retry-After: 1\r\n"
        reply = head.encode() + b"\r\n" + body
        if kind == "half_reply":
            self.transport.write(reply[: len(reply) // 2])
            self.transport.close()
            return
        self.transport.write(reply)
        self._recorder.write({"n": n, "replied": status})
        if kind == "close_idle":
            loop = asyncio.get_running_loop()
            loop.call_later(IDLE_CLOSE_AFTER_S * (n % 8) / 8, self.transport.close)

    def reset(self) -> None:
        """Ends the connection by RST, not by FIN."""
        sock = self.transport.get_extra_info("socket")
        if sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()


async def serve(arrivals: str, seed: int, host: str, certificate: str | None = None) -> None:
    """Runs until stdin ends."""
    recorder = Recorder(arrivals, seed, host, certificate)
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    print(json.dumps({"port": await recorder.listen()}), flush=True)

    async def answer(command: Json) -> None:
        print(json.dumps(await recorder.obey(command)), flush=True)

    async with asyncio.TaskGroup() as answering:
        while line := await commands.readline():
            answering.create_task(answer(json.loads(line)))
        os._exit(0)


if __name__ == "__main__":
    run_first()  # or a busy machine would bunch what arrives evenly
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))

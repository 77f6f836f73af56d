"""An HTTP server that does, on each connection, whatever a test tells it to."""

import asyncio
import contextlib
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable


class Peer:
    """One accepted connection, as a script sees it."""

    def __init__(
        self, server: "HostileServer", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._number = len(server.served)
        server.served.append(0)
        self.head = b""

    @property
    def resumed(self) -> bool:
        """Whether the client took up an earlier TLS session."""
        tls = self._writer.get_extra_info("ssl_object")
        return tls is not None and bool(tls.session_reused)

    async def request(self) -> bytes:
        """The payload of the next request; raises IncompleteReadError where the client closes first."""
        self.head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in self.head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        payload = await self._reader.readexactly(length)
        self._server.requests.append(payload)
        self._server.served[self._number] += 1
        return payload

    async def head_only(self) -> bytes:
        """The head of the next request, without a body."""
        return await self._reader.readuntil(b"\r\n\r\n")

    async def tunnel_to(self, port: int) -> None:
        """Answer a CONNECT, then pass on bytes to and from a local port until either side ends."""
        await self.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await self.relay_to(port)

    async def relay_to(self, port: int) -> None:
        """Pass on bytes to and from a local port until either side ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.gather(_pump(self._reader, writer), _pump(reader, self._writer))
        finally:
            writer.close()

    async def send(self, *segments: bytes) -> None:
        """Write each of `segments` by itself, as far as the kernel lets them be apart."""
        for segment in segments:
            self._writer.write(segment)
            await self._writer.drain()
            await asyncio.sleep(0)

    async def read_some(self, most: int) -> bytes:
        return await self._reader.read(most)

    async def client_gone(self) -> None:
        """Wait until the client has closed its end."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while await self._reader.read(65536):
                pass

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        with self._socket() as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def cut(self) -> None:
        """End the connection without a word, TLS's own goodbye included."""
        with self._socket() as raw:
            raw.shutdown(socket.SHUT_WR)

    def _socket(self) -> socket.socket:
        return socket.socket(fileno=os.dup(self._writer.get_extra_info("socket").fileno()))

    async def close(self) -> None:
        """End the connection in good order."""
        self._writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await self._writer.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


Script = Callable[[Peer], Awaitable[None]]


class HostileServer:
    """What the scripts saw.

    `requests` are payloads in order of arrival over all connections, `served` their number on each of these.
    """

    def __init__(self, scripts: tuple[Script, ...]) -> None:
        self._scripts = scripts
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: list[bytes] = []
        self.served: list[int] = []
        self.faults: list[Exception] = []  # of the scripts themselves
        self.port = 0
        self.refuse: Callable[[], None]  # let no further client in

    @property
    def connections(self) -> int:
        return len(self.served)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        script = self._scripts[self.connections] if self.connections < len(self._scripts) else honest
        peer = Peer(self, reader, writer)
        try:
            await script(peer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # the client may go whenever it likes
        except asyncio.CancelledError:
            pass  # `stop`; asyncio's streams complain of handlers that end as cancelled
        except Exception as error:
            self.faults.append(error)
        finally:
            self._tasks.discard(task)
            await peer.close()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def honest(peer: Peer) -> None:
    """Answer every request with its own payload."""
    while True:
        await peer.send(reply(await peer.request()))


def reply(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A whole reply with its length."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextlib.asynccontextmanager
async def serving(*scripts: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[HostileServer]:
    """A server on a free loopback port: its n-th connection plays the n-th script, later ones `honest`."""
    hostile = HostileServer(scripts)
    server = await asyncio.start_server(hostile.accept, "127.0.0.1", 0, ssl=tls)
    hostile.refuse = server.close
    hostile.port = server.sockets[0].getsockname()[1]
    try:
        yield hostile
    finally:
        server.close()
        await hostile.stop()
        await server.wait_closed()
    assert not hostile.faults

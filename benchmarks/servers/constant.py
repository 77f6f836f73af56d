"""The bundled server: `python -m benchmarks.servers.constant --port 8080`.

Answers every request, on any path, with the same accepted reply; after a delay if asked to; and writes
down when each message arrived if asked to: then it runs before all other processes, where it may, since a
time is that of an arrival only if nobody else had to be waited for. Stops on SIGTERM or SIGINT.
"""

import asyncio
import contextlib
import os
import random
import signal
import ssl
from array import array
from pathlib import Path
from time import monotonic_ns
from typing import cast

import click
import uvloop

from benchmarks.servers.framing import BadRequestError, Framing

REPLY_BODY = b'{"message_id":"cbggf4if6o9ukqaalfug"}'
REPLY = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"Content-Length: " + str(len(REPLY_BODY)).encode() + b"\r\n\r\n" + REPLY_BODY
)
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
BACKLOG = 8192
REPEATABLE = 4


class ConstantAnswer(asyncio.Protocol):
    """One connection; pipelined requests are answered together."""

    def __init__(self, framing: Framing, arrivals: "array[int] | None") -> None:
        self._framing = framing
        self._arrivals = arrivals
        self._unfinished = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass of it

    def data_received(self, data: bytes) -> None:
        try:
            requests, self._unfinished = self._framing.split(
                self._unfinished + data if self._unfinished else data
            )
        except BadRequestError:
            self._transport.write(BAD_REQUEST)
            self._transport.close()
            return
        if self._arrivals is not None and not data.startswith(b"GET "):  # what is asked for is no message
            now = monotonic_ns()
            self._arrivals.extend([now] * requests)
        if requests:
            self.answer(requests)

    def answer(self, requests: int) -> None:
        self._transport.write(REPLY if requests == 1 else REPLY * requests)


class DelayedAnswer(ConstantAnswer):
    """Answers each request after its own delay, drawn evenly from delay ± spread."""

    def __init__(
        self, framing: Framing, arrivals: "array[int] | None", delay_s: float, spread_s: float
    ) -> None:
        super().__init__(framing, arrivals)
        self._shortest_s = delay_s - spread_s
        self._longest_s = delay_s + spread_s
        self._call_later = asyncio.get_running_loop().call_later

    def answer(self, requests: int) -> None:
        for _ in range(requests):
            self._call_later(random.uniform(self._shortest_s, self._longest_s), self._answer_one)

    def _answer_one(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(REPLY)


async def serve(
    host: str,
    port: int,
    certificate: Path | None,
    delay_s: float,
    spread_s: float,
    arrivals: "array[int] | None",
) -> None:
    """Serve until told to stop; arrivals are nanoseconds of the monotonic clock."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    framing = Framing()

    def connection() -> ConstantAnswer:
        if delay_s:
            return DelayedAnswer(framing, arrivals, delay_s, spread_s)
        return ConstantAnswer(framing, arrivals)

    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    server = await loop.create_server(connection, host, port, ssl=tls, backlog=BACKLOG)
    click.echo(f"listening on {server.sockets[0].getsockname()[1]}")
    await stop.wait()
    server.close()


def run_first() -> None:
    """Have this process scheduled before all others, where the system knows of that and allows it."""
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


@click.command(help=__doc__)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, help="0 takes a free one; the first line printed names it.")
@click.option(
    "--certificate", type=click.Path(path_type=Path), help="PEM file with key and chain: serve TLS."
)
@click.option("--delay-ms", default=0.0, help="Answer after this long.")
@click.option("--spread-ms", default=0.0, help="Vary the delay evenly by as much either way.")
@click.option("--arrivals", type=click.Path(path_type=Path), help="Write arrival times here at the end.")
def main(
    host: str,
    port: int,
    certificate: Path | None,
    delay_ms: float,
    spread_ms: float,
    arrivals: Path | None,
) -> None:
    random.seed(REPEATABLE)
    times: array[int] | None = array("q") if arrivals else None
    if arrivals:
        run_first()
    uvloop.run(serve(host, port, certificate, delay_ms / 1000, spread_ms / 1000, times))
    if arrivals and times is not None:
        arrivals.write_bytes(times.tobytes())


if __name__ == "__main__":
    main()

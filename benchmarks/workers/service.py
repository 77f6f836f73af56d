"""A service that sends: `python -m benchmarks.workers.service service_httpx --url … --rate 1000 --seconds 5`.

Starts a task a send, at a fixed rate, while a probe in another process asks the same event loop for an
echo every 2 ms. What the sends add to the probe's waits is what they cost everyone else on the loop.
"""

import asyncio
import importlib
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from statistics import quantiles
from typing import cast

import click
import msgspec

from benchmarks.machine import pinned
from benchmarks.messages import Row, rows

TICK_S = 0.002
MOST_IN_FLIGHT = 200

Send = Callable[[Row], Awaitable[object]]
OpenSender = Callable[[str], AbstractAsyncContextManager[Send]]


class ServiceReport(msgspec.Struct):
    """The probe's waits, µs; sends a second that finished; the share of a core used."""

    median_us: float
    p99_us: float
    worst_us: float
    per_s: float
    cpu_share: float


class Echo(asyncio.Protocol):
    """What the host service has to do besides sending: give a byte back."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


class Host:
    """Sends at a rate, a task each; what would exceed the most in flight is left out, and not counted."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._tasks: set[asyncio.Task[None]] = set()
        self.finished = 0

    async def run(self, rate: int) -> None:
        recipients = rows()
        started_at = time.perf_counter()
        begun = 0
        while True:
            due = int((time.perf_counter() - started_at) * rate)
            for _ in range(min(due - begun, MOST_IN_FLIGHT - len(self._tasks))):
                task = asyncio.create_task(self._send_one(next(recipients)))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            begun = due
            await asyncio.sleep(TICK_S)

    async def _send_one(self, row: Row) -> None:
        await self._send(row)
        self.finished += 1

    async def stop(self) -> None:
        """Give up what is in flight."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def measure(
    open_sender: OpenSender, url: str, rate: int, seconds: float, probe_core: int | None
) -> ServiceReport:
    """Probe the loop for some seconds while it sends."""
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    async with open_sender(url) as send:
        await send(next(rows()))
        host = Host(send)
        sending = asyncio.create_task(host.run(rate))
        probe = await asyncio.create_subprocess_exec(
            *pinned(probe_core, [sys.executable, "-m", "benchmarks.workers.probe", str(port), str(seconds)]),
            stdout=asyncio.subprocess.PIPE,
        )
        cpu_s_before, finished_before, started_at = time.process_time(), host.finished, time.perf_counter()
        printed, _ = await probe.communicate()
        took_s = time.perf_counter() - started_at
        cpu_share = (time.process_time() - cpu_s_before) / took_s
        per_s = (host.finished - finished_before) / took_s
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await host.stop()
    server.close()
    waits_us = msgspec.json.decode(printed, type=list[float])
    percentiles = quantiles(waits_us, n=100)
    return ServiceReport(percentiles[49], percentiles[98], max(waits_us), per_s, cpu_share)


@click.command(help=__doc__)
@click.argument("peer")
@click.option("--url", required=True)
@click.option("--rate", type=int, required=True)
@click.option("--seconds", type=float, required=True)
@click.option("--probe-core", type=int, help="Run the probe on this core.")
def main(peer: str, url: str, rate: int, seconds: float, probe_core: int | None) -> None:
    open_sender = importlib.import_module(f"benchmarks.peers.{peer}").open_sender
    report = asyncio.run(measure(open_sender, url, rate, seconds, probe_core))
    click.echo(msgspec.json.encode(report))


if __name__ == "__main__":
    main()

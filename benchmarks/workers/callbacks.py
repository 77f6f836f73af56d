"""Posts callbacks to a receiver, and tells what that cost the receiver.

`python -m benchmarks.workers.callbacks wa_bulk --messages 100000 --rate 0 --directory DIR [--core N]`: starts
the receiver on its core, posts every status of every message, waits for each answer, then stops it and
counts what it stored. At a rate (rows/s), a request's time counts from when it was due.
"""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

import click
import msgspec

from benchmarks.callback_rows import STATUSES, callback_bodies
from benchmarks.machine import peak_resident, pinned, process_cpu_s, resident
from benchmarks.servers.running import free_port

BATCH = 100
CONNECTIONS = 16
START_WITHIN_S = 20.0
SETTLED_AFTER = 0.2
"""The share of the rows after which memory should no longer grow."""


class CallbacksReport(msgspec.Struct, kw_only=True):
    """What a run measured. CPU and memory are the receiver's."""

    rows: int
    seconds: float
    cpu_s: float
    p50_ms: float
    p99_ms: float
    worst_ms: float
    peak_rss: int
    growth: int


class Poster:
    """Some connections, each with one request at a time."""

    def __init__(self, port: int, pid: int, bodies: Iterator[bytes], requests: int, rate: float) -> None:
        self._port = port
        self._pid = pid
        self._bodies = bodies
        self._settled_at = round(requests * SETTLED_AFTER)
        self._every_s = BATCH / rate if rate else 0.0
        self._sent = 0
        self.settled_rss = 0
        self.waits_s: list[float] = []

    async def run(self) -> float:
        """Post everything, and return the seconds it took."""
        self._began_s = time.perf_counter()
        await asyncio.gather(*(self._post_all() for _ in range(CONNECTIONS)))
        return time.perf_counter() - self._began_s

    async def _post_all(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        for body in self._bodies:
            due_s = time.perf_counter()
            if self._every_s:
                due_s = self._began_s + self._sent * self._every_s
            self._sent += 1
            if self._sent == self._settled_at:
                self.settled_rss = resident(self._pid)
            if (ahead_s := due_s - time.perf_counter()) > 0:
                await asyncio.sleep(ahead_s)
            writer.write(
                b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise click.ClickException(f"the receiver answered {head.splitlines()[0]!r}")
            self.waits_s.append(time.perf_counter() - due_s)
        writer.close()


@contextmanager
def receiver(program: str, file: Path, port: int, core: int | None) -> Iterator[int]:
    """Run the receiver, listening, and yield its process id."""
    commands = {
        "wa_bulk": ["-m", "wa_bulk", "callbacks", "--port", str(port)],
        "aiohttp": ["-m", "benchmarks.peers.callbacks_aiohttp", str(port), str(file)],
    }
    process = subprocess.Popen(
        pinned(core, [sys.executable, *commands[program]]),
        env={**os.environ, "WA_BULK_DB": str(file)},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def wait_for(port: int) -> None:
    """Return once something listens on the port."""
    import socket

    give_up_at = time.monotonic() + START_WITHIN_S
    while time.monotonic() < give_up_at:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise click.ClickException("the receiver did not start")


@click.command(help=__doc__)
@click.argument("program", type=click.Choice(["wa_bulk", "aiohttp"]))
@click.option("--messages", type=int, required=True)
@click.option("--rate", type=float, default=0.0)
@click.option("--directory", type=click.Path(path_type=Path), required=True)
@click.option("--core", type=int)
def main(program: str, messages: int, rate: float, directory: Path, core: int | None) -> None:
    file, port, rows = directory / "callbacks.db", free_port(), messages * len(STATUSES)
    for old in directory.glob("callbacks.db*"):
        old.unlink()
    with receiver(program, file, port, core) as pid:
        poster = Poster(port, pid, callback_bodies(messages, BATCH), rows // BATCH, rate)
        cpu_s = process_cpu_s(pid) or 0.0
        seconds = asyncio.run(poster.run())
        cpu_s = (process_cpu_s(pid) or 0.0) - cpu_s
        peak_rss, rss = peak_resident(pid), resident(pid)
    with sqlite3.connect(file) as database:
        (stored,) = database.execute("SELECT count(*) FROM callbacks").fetchone()
    if stored != rows:
        raise click.ClickException(f"{rows} rows were answered with 200, {stored} are stored")
    cuts = quantiles(poster.waits_s, n=100)
    report = CallbacksReport(
        rows=rows,
        seconds=seconds,
        cpu_s=cpu_s,
        p50_ms=cuts[49] * 1000,
        p99_ms=cuts[98] * 1000,
        worst_ms=max(poster.waits_s) * 1000,
        peak_rss=peak_rss,
        growth=rss - poster.settled_rss,
    )
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()

"""Times one peer: `python -m benchmarks.workers.send requests_post --url … --seconds 3 --feed dict`.

The clock starts when the peer takes its first message: imports, sessions and TLS contexts are not timed.
"""

import asyncio
import gc
import importlib
import inspect
import itertools
import json
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Generic, TypeVar

import click
import msgspec
import uvloop

from benchmarks.messages import message_of, rows
from benchmarks.readings import Report

VARIETY = 1000

T = TypeVar("T")


class Supply(Generic[T], Iterator[T]):
    """Yields `items` round and round until `seconds` after the first was taken; safe to share by threads."""

    def __init__(self, items: Iterable[T], seconds: float) -> None:
        self._items = itertools.cycle(items)
        self._seconds = seconds
        self._stop_at = 0.0
        self._count = itertools.count()
        self.started_at = 0.0
        self.cpu_s_before = 0.0

    def __next__(self) -> T:
        if time.perf_counter() >= self._stop_at:
            if self._stop_at:
                raise StopIteration
            self._start()
        next(self._count)
        return next(self._items)

    @property
    def taken(self) -> int:
        """How many were taken; asking counts as taking, so ask once, at the end."""
        return next(self._count)

    def _start(self) -> None:
        gc.collect()
        self.cpu_s_before = time.process_time()
        self.started_at = time.perf_counter()
        self._stop_at = self.started_at + self._seconds


def feed_of(kind: str) -> list[object]:
    """Return what the peer takes: CSV rows, dicts to encode, or bytes ready to go."""
    recipients = list(itertools.islice(rows(), VARIETY))
    if kind == "row":
        return list(recipients)
    messages = [message_of(row) for row in recipients]
    if kind == "dict":
        return list(messages)
    return [json.dumps(message, ensure_ascii=False).encode() for message in messages]


def measure(
    send_all: Callable[..., Coroutine[None, None, None] | None],
    url: str,
    supply: Supply[object],
    tasks: int,
    loop: str,
) -> Report:
    """Let a peer send until the supply ends."""
    if inspect.iscoroutinefunction(send_all):
        run = uvloop.run if loop == "uvloop" else asyncio.run
        run(send_all(url, supply, tasks))
    else:
        send_all(url, supply, tasks)
    return Report(
        messages=supply.taken,
        seconds=time.perf_counter() - supply.started_at,
        cpu_s=time.process_time() - supply.cpu_s_before,
    )


@click.command(help=__doc__)
@click.argument("peer")
@click.option("--url", required=True)
@click.option("--seconds", type=float, required=True)
@click.option("--tasks", default=64)
@click.option("--feed", type=click.Choice(["row", "dict", "bytes"]), default="dict")
@click.option("--loop", type=click.Choice(["asyncio", "uvloop"]), default="asyncio")
def main(peer: str, url: str, seconds: float, tasks: int, feed: str, loop: str) -> None:
    send_all = importlib.import_module(f"benchmarks.peers.{peer}").send_all
    report = measure(send_all, url, Supply(feed_of(feed), seconds), tasks, loop)
    click.echo(msgspec.json.encode(report))


if __name__ == "__main__":
    main()

"""`wa-bulk cluster collect`: a run's results into its log, and callbacks into the memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wa_bulk.cli.cluster_memory import (
    base_url_of,
    home_of,
    note_collected,
    share_suppressed,
    stop_when_notified,
)

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from wa_bulk.callbacks import Counters

_LOOK_S = 1.0
"""How often it is seen, beside a run, whether callbacks wait."""


async def collect_run(redis: Redis, url: str, run: str, log: Path, *, follow: bool) -> None:
    """Collect a run into `log`, and the callbacks that have come meanwhile. Raises ClusterError, LogError."""
    from wa_bulk.cli.cluster_display import noticing
    from wa_bulk.cli.interrupt import two_step
    from wa_bulk.cluster.collector import Collector
    from wa_bulk.cluster.run_record import read_run
    from wa_bulk.history import history_path
    from wa_bulk.report.words import counted, plain

    collector = Collector(redis, url, run, log)
    description = (await read_run(redis, url, run)).description
    path = history_path(base_url_of(description))
    with two_step(collector.stop, lambda: None):
        async with (
            noticing(lambda: collector.notice),
            _callbacks_too(redis, url, path),
            _beside(stop_when_notified(redis, url, path, description)),
        ):
            record = await collector.collect(follow=follow)
    note_collected(record.description, log)
    click.echo(
        f"{counted(collector.rows, 'result')} written to {log}; run {run} is {record.state}.", err=True
    )
    if record.detail:
        click.echo(f"  {plain(record.detail)}", err=True)


async def collect_callbacks(redis: Redis, url: str, keep_s: float | None, *, follow: bool) -> None:
    """Collect callbacks into this machine's memory. Raises ClusterError, HistoryError."""
    from wa_bulk.callbacks import CallbackStore, Counters
    from wa_bulk.cli.callback_display import CallbackDisplay, counters_line
    from wa_bulk.cli.cluster_display import noticing
    from wa_bulk.cli.interrupt import two_step
    from wa_bulk.cli.memory import memory_path
    from wa_bulk.cli.redis import shown
    from wa_bulk.cluster.callback_collector import CallbackCollector, collecting

    path = memory_path()
    home, before = home_of(path), (await collecting(redis, url)).home
    counters = Counters()
    display = CallbackDisplay(counters)
    async with CallbackStore.open(path, keep_s=keep_s) as store, display:
        collector = CallbackCollector(redis, url, store, home, counters)
        with two_step(collector.stop, display.leave):
            head = click.style("Callbacks", bold=True)
            click.echo(f"{head} are collected from Redis at {shown(url)} into {path}.", err=True)
            if before not in (None, home):
                click.secho(
                    f"  Until now they were collected into {before} (machine:file): those are not here.",
                    fg="yellow",
                    err=True,
                )
            if follow:
                click.echo("Ctrl-C ends it.", err=True)
                display.start()
            async with noticing(lambda: collector.notice), _beside(share_suppressed(redis, url, path)):
                await collector.collect(follow=follow)
    if not follow:
        click.echo(counters_line(counters), err=True)


@asynccontextmanager
async def _callbacks_too(redis: Redis, url: str, path: Path) -> AsyncIterator[None]:
    """Within it, and once more at its end, bring the callbacks that wait into the memory at `path`.

    Those that are collected into another memory, or by another process, are left to that.
    """
    from wa_bulk.callbacks import Counters

    counters = Counters()
    told: set[str] = set()

    async def look() -> None:
        trouble = await _bring_in(redis, url, path, counters)
        if trouble and trouble not in told:
            told.add(trouble)
            click.secho(f"Callbacks stay in Redis: {trouble}", fg="yellow", err=True)

    async def keep_looking() -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            await look()

    async with _beside(keep_looking(), share_suppressed(redis, url, path)):
        yield
    await look()
    if counters.rows:
        click.echo(f"{counters.rows:,} callbacks collected into {path}.", err=True)


async def _bring_in(redis: Redis, url: str, path: Path, counters: Counters) -> str | None:
    """Collect the callbacks that wait, where they are to be collected here; return why they cannot be."""
    from wa_bulk.callbacks import CallbackStore
    from wa_bulk.cluster.callback_collector import CallbackCollector, waiting_for
    from wa_bulk.cluster.connection import ClusterError
    from wa_bulk.history import HistoryError

    home = home_of(path)
    try:
        if await waiting_for(redis, url, home):
            async with CallbackStore.open(path) as store:
                await CallbackCollector(redis, url, store, home, counters).collect(follow=False)
    except ClusterError:
        return None  # Redis is away, which the run's collector tells; or another process collects them
    except HistoryError as error:
        return str(error)
    return None


@asynccontextmanager
async def _beside(*work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Have this go on within, and end then."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

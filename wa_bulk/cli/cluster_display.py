"""How a run in Redis is, on the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click
import msgspec

from wa_bulk.report.words import counted, duration, plain

if TYPE_CHECKING:
    from wa_bulk.cluster.callback_collector import Collecting
    from wa_bulk.cluster.control import RunStatus


NOTICE_AFTER_S = 2.0
"""So long nobody is told of a wait: most are over sooner."""


@asynccontextmanager
async def noticing(notice: Callable[[], str]) -> AsyncIterator[None]:
    """Within it, say on stderr what is waited for, each thing once."""

    async def watch() -> None:
        told = ""
        while True:
            before = notice()
            await asyncio.sleep(NOTICE_AFTER_S)
            now = notice()
            if now and now == before and now != told:
                click.secho(plain(now), fg="yellow", err=True)
            told = now

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()


def show_runs(runs: list[RunStatus]) -> None:
    """Print how runs are, a block each."""
    if not runs:
        click.echo("No run is in this Redis.", err=True)
    for status in runs:
        click.echo(f"{click.style(status.run_id, bold=True)}  {plain(status.campaign)}, {status.state}")
        for name, fact in _facts(status):
            click.echo(f"  {name:<9}  {plain(fact)}")


def show_callbacks(callbacks: Collecting) -> None:
    """Print where callbacks are collected, and what waits, if any were received over this Redis."""
    if callbacks.home is None and not callbacks.bytes_waiting:
        return
    click.echo(click.style("callbacks", bold=True))
    facts = [("collector", callbacks.collector or "none: `wa-bulk cluster collect --follow`")]
    if callbacks.bytes_waiting:
        facts.append(("collect", f"{callbacks.bytes_waiting:,} bytes wait"))
    if callbacks.home is not None:
        facts.append(("memory", callbacks.home))
    for name, fact in facts:
        click.echo(f"  {name:<9}  {plain(fact)}")


def _facts(status: RunStatus) -> list[tuple[str, str]]:
    totals = msgspec.structs.asdict(status.totals)
    settled = sum(totals.values())
    parts = [f"{number:,} {name}" for name, number in totals.items() if number]
    facts = [("rows", f"{settled:,} of {status.rows:,} settled" + (f": {', '.join(parts)}" if parts else ""))]
    if status.detail:
        facts.append(("stopped", status.detail))
    if status.submitting:
        facts.append(("submit", "not all rows are in Redis yet"))
    if status.retrying:
        facts.append(("retry", "not all rows that are to be sent again are in Redis yet"))
    if status.state == "active":
        rate = f"{status.rate:,.1f} messages/s"
        left = (
            f", about {duration(status.unsent / status.rate)} left" if status.rate and status.unsent else ""
        )
        facts.append(("rate", rate + left))
        facts.append(("workers", ", ".join(worker.worker for worker in status.workers) or "none at work"))
    if status.queued_chunks:
        facts.append(("queued", f"{counted(status.queued_chunks, 'chunk')}, {status.queued_bytes:,} bytes"))
    if status.uncollected_bytes:
        facts.append(
            (
                "collect",
                f"{status.uncollected_bytes:,} bytes wait: `wa-bulk cluster collect {status.run_id}`",
            )
        )
    if status.log:
        facts.append(("log", status.log))
    return facts

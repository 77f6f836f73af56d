"""The runs of a cluster in the account's memory, which knows no log of them until they are collected."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from wa_bulk.cluster.run_record import Description
    from wa_bulk.cluster.run_record import RunRecord as ClusterRun
    from wa_bulk.history import RunRecord


def home_of(path: Path) -> str:
    """Name the memory at `path` as other machines are told of it."""
    return f"{socket.gethostname()}:{path.resolve()}"


async def share_suppressed(redis: Redis, url: str, path: Path) -> None:
    """Tell workers, again and again, who came onto the list of suppressed numbers in the memory at `path`."""
    from wa_bulk.cluster.connection import ClusterError
    from wa_bulk.cluster.shared_suppression import LOOK_S, SharedSuppression
    from wa_bulk.history import History, HistoryError

    shared, home = SharedSuppression(redis, url), home_of(path)
    while True:
        with suppress(ClusterError, HistoryError):  # which are told by whoever cannot do without
            if history := History.open_existing(path):
                with history:
                    await shared.publish(home, history.suppression)
        await asyncio.sleep(LOOK_S)


async def begin_to_share_suppressed(redis: Redis, url: str, path: Path) -> None:
    """Have workers told who comes onto the list in the memory at `path` from now on. Raises HistoryError."""
    from wa_bulk.cluster.shared_suppression import SharedSuppression
    from wa_bulk.history import History

    change = 0
    if history := History.open_existing(path):
        with history:
            change = history.suppression.last_change()
    await SharedSuppression(redis, url).begin(home_of(path), change)


async def stop_when_notified(redis: Redis, url: str, path: Path, description: Description) -> None:
    """Stop a run for all workers when a trouble with what it uses is notified to the memory at `path`.

    Where only some of its rows use that, it goes on.
    """
    from wa_bulk.campaign.run.blocks import Blocks
    from wa_bulk.campaign.run.gates.notices import EVERY_S, NoticeWatch
    from wa_bulk.cluster.connection import ClusterError
    from wa_bulk.cluster.control import stop
    from wa_bulk.cluster.described import blueprint_of
    from wa_bulk.history import History, HistoryError

    with ExitStack() as opened:
        told: list[str] = []
        watch: NoticeWatch | None = None
        while not told:
            with suppress(ClusterError, HistoryError):  # another version's run, or no memory now
                if watch is None and (history := History.open_existing(path)):
                    inbox = opened.enter_context(history).inbox
                    watch = NoticeWatch(inbox, blueprint_of(description), Blocks(), told.append)
                if watch is not None:
                    watch.look()
            await asyncio.sleep(0 if told else EVERY_S)
    with suppress(ClusterError):
        await stop(redis, url, description.run_id, told[0])


async def share_suppressed_since(redis: Redis, url: str, description: Description) -> None:
    """Tell workers who was suppressed since a run was submitted, rows of which are sent again.

    Raises HistoryError.
    """
    from wa_bulk.cli.memory import existing_memory
    from wa_bulk.cluster.shared_suppression import SharedSuppression

    if history := existing_memory(base_url_of(description)):
        with history:
            entries = history.suppression.since(_submitted_ms(description))
        await SharedSuppression(redis, url).enter(entries)


@contextmanager
def noted(description: Description, base_url: str, *, beside_others: bool, goes_on: bool) -> Iterator[None]:
    """Have the memory know of a run at `base_url` that is created within, or goes on; where that fails, not.

    Raises Problem where the same is being sent by another run, unless it may be `beside_others`, and where
    the memory cannot be written to, as a run on this machine does.
    """
    from wa_bulk.cli.memory import unreadable
    from wa_bulk.cli.sent_already import refuse_beside
    from wa_bulk.history import History, HistoryError, history_path

    path = history_path(base_url)
    try:
        with History.open(path) as history:
            run = _record_of(description, base_url)
            if beside_others:
                if not goes_on or history.runs.get(run.run_id) is None:
                    history.runs.note(run)
            elif (other := history.runs.begin(run)) is not None:
                raise refuse_beside(other)
    except HistoryError as error:
        if _respects_suppression(description) and path.exists():
            raise unreadable(error) from error
        click.echo(f"This run will not be remembered: {error}", err=True)
        yield
        return
    try:
        yield
    except BaseException:
        if not goes_on:
            with History.open(path) as history:
                history.runs.forget(run.run_id)
        raise


def note_collected(description: Description, log: Path) -> None:
    """Note what the log of a run tells, if there is one yet, in this host's memory, if it has one."""
    from wa_bulk.cli.memory import existing_memory
    from wa_bulk.history import HistoryError, caught_up

    if not log.exists():
        return

    base_url = base_url_of(description)
    try:
        history = existing_memory(base_url)
        if history is None:
            return
        with history:
            run = history.runs.get(description.run_id) or _record_of(description, base_url)
            run = replace(run, log=str(log.resolve()), log_bytes=0)
            history.runs.note(run)
            caught_up(history.runs, run)
    except HistoryError as error:
        click.echo(f"How this run is, is not remembered: {error}", err=True)


def note_cancelled(record: ClusterRun) -> None:
    """Note that a run was cancelled which this host's memory knows, and has no log of yet."""
    from wa_bulk.cli.memory import existing_memory
    from wa_bulk.history import HistoryError

    try:
        history = existing_memory(base_url_of(record.description))
        if history is None:
            return
        with history:
            run = history.runs.get(record.description.run_id)
            if run is not None and not run.log:
                history.runs.note(replace(run, state="stopped", stopped="interrupted", totals=record.totals))
    except HistoryError as error:
        click.echo(f"How this run ended is not remembered: {error}", err=True)


def base_url_of(description: Description) -> str:
    from wa_bulk.send.account import base_url_from_env

    return description.base_url or base_url_from_env()


def _submitted_ms(description: Description) -> int:
    return round(datetime.fromisoformat(description.submitted_at).timestamp() * 1000)


def _record_of(description: Description, base_url: str) -> RunRecord:
    from wa_bulk.cluster.described import campaign_of
    from wa_bulk.history import RunRecord
    from wa_bulk.ledger.log_format import Totals

    at_ms = _submitted_ms(description)
    file = campaign_of(description)
    return RunRecord(
        run_id=description.run_id,
        name=description.name,
        message_sha256=file.message_sha256,
        recipients_sha256=description.source_sha256,
        base_url=base_url,
        log="",
        started_ms=at_ms,
        updated_ms=at_ms,
        state="running",
        rows=description.rows,
        totals=Totals(),
    )


def _respects_suppression(description: Description) -> bool:
    from wa_bulk.cluster.described import campaign_of

    return campaign_of(description).respect_suppression

"""The account's memory, as the commands use it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.campaign.file import CampaignFile
    from wa_bulk.campaign.rules.base import RowRule
    from wa_bulk.campaign.run.plan import Plan
    from wa_bulk.history import History, HistoryError, Inbox, RunRecord
    from wa_bulk.ledger.log_format import Stopped, Totals

Note = tuple[str, str]
"""What a person should know before anything is sent: a word for what it is about, and the fact."""


def memory_path() -> Path:
    """Return the file of the memory, by the environment's WA_BULK_DB and WA_BULK_BASE_URL."""
    from wa_bulk.history import history_path
    from wa_bulk.send.account import base_url_from_env

    return history_path(base_url_from_env())


def open_memory() -> History:
    """Open the memory, and make it where there is none. Raises HistoryError where it cannot be used."""
    from wa_bulk.history import History

    return History.open(memory_path())


def consult(plan: Plan, base_url: str, *, again: bool) -> list[Note]:
    """Ask the memory what stands against carrying out `plan`, and have it pass over suppressed numbers.

    Where there is no memory yet it is made, so that a STOP that comes during the run is known to it.

    Raises Problem where the plan was sent already, or its log is not the one that knows most of its run,
    unless `again`; and where there is a memory that cannot be read, since it may hold people's STOP.
    """
    from wa_bulk.campaign.rules.suppression import SuppressionRule
    from wa_bulk.cli.sent_already import look_back
    from wa_bulk.history import History, HistoryError, history_path

    path = history_path(base_url)
    is_new = not path.exists() or not path.stat().st_size
    try:
        history = _open_while_the_command_lasts(History.open(path))
        if plan.file.respect_suppression:
            history.give_wishes()
            plan.suppress(SuppressionRule(history.suppression_list()))
        if is_new:
            return [("memory", f"new, at {path}: no suppressed number and no earlier run is known yet")]
        return [*look_back(plan, base_url, history.runs, again=again), *_warnings(plan, history.inbox)]
    except HistoryError as error:
        if is_new or not plan.file.respect_suppression:
            return [("memory", f"not asked: {error}")]
        raise unreadable(error) from error


def _warnings(plan: Plan, inbox: Inbox) -> list[Note]:
    """Say what EngageLab notified of before the run that its sending number, or the account, suffers from."""
    from datetime import UTC, datetime

    from wa_bulk.history.notification import still_out_of_use
    from wa_bulk.history.person import person_of

    sender = plan.blueprint.message.from_
    is_any = plan.blueprint.senders_vary or sender is None
    return [
        ("warning", f"{notice.words} ({datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC)")
        for at_ms, notice in still_out_of_use(inbox)
        if notice.scope == "account" or is_any or person_of(sender or "") == person_of(notice.name)
    ]


def suppression_for(file: CampaignFile, base_url: str | None) -> RowRule | None:
    """Return the rule that passes over suppressed numbers, as a run of `file` at `base_url` would keep it.

    None where there is no memory, or the campaign does not heed it. Raises Problem where it cannot be read.
    """
    from wa_bulk.campaign.rules.suppression import SuppressionRule
    from wa_bulk.history import HistoryError

    if not file.respect_suppression:
        return None
    try:
        history = existing_memory(base_url)
        if history is None:
            return None
        _open_while_the_command_lasts(history).give_wishes()
        return SuppressionRule(history.suppression_list())
    except HistoryError as error:
        raise unreadable(error) from error


def _open_while_the_command_lasts(history: History) -> History:
    """Have the memory closed at the command's end: the rule that it is opened for asks it again and again."""
    from wa_bulk.history import HistoryError

    def close() -> None:
        with suppress(HistoryError):  # it was lost meanwhile
            history.close()

    click.get_current_context().call_on_close(close)
    return history


def unreadable(error: HistoryError) -> Problem:
    """Return what to say where nothing is sent since the memory cannot be read."""
    return Problem(
        str(error),
        "Nothing was sent, since it may hold the numbers of people who are not to be written to.",
        "To send all the same: respect_suppression = false in the campaign file.",
    )


def existing_memory(base_url: str | None) -> History | None:
    """Open the memory for an API at `base_url`, the environment's where it is None; None where there is none.

    Raises HistoryError where it cannot be used.
    """
    from wa_bulk.history import History, history_path
    from wa_bulk.send.account import base_url_from_env

    return History.open_existing(history_path(base_url or base_url_from_env()))


@contextmanager
def notifications(base_url: str) -> Iterator[Inbox | None]:
    """Yield where notifications come in, None where there is no memory that can be read."""
    from wa_bulk.history import HistoryError

    try:
        history = existing_memory(base_url)
    except HistoryError:
        history = None
    if history is None:
        yield None
        return
    with history:
        yield history.inbox


@dataclass
class Ending:
    """How a run ended, and the keys of those that it wrote to, or may have, as far as that is in hand."""

    totals: Totals | None = None
    stopped: Stopped | None = None
    people: Iterable[array[int]] | None = None


@contextmanager
def remembered(plan: Plan, base_url: str, *, again: bool) -> Iterator[Ending]:
    """Have the memory know of the run that is carried out within: that it began, and how it ended.

    What is noted in the yielded `Ending` is believed; else the log is read for it.

    Where there is none and none can be made that is said, and changes nothing else; so is one that is lost
    meanwhile. Raises Problem where it cannot be written to before anything is sent, and where another process
    began the same, unless `again`.
    """
    from wa_bulk.cli.sent_already import refuse_beside
    from wa_bulk.history import History, HistoryError, history_path

    path = history_path(base_url)
    try:
        with History.open(path) as history:
            run = _record(plan, base_url)
            if plan.resumed or plan.selections or again:
                history.runs.note(run)
            elif (other := history.runs.begin(run)) is not None:
                raise refuse_beside(other)
    except HistoryError as error:
        if plan.file.respect_suppression and path.exists():
            raise unreadable(error) from error
        click.echo(f"This run will not be remembered: {error}", err=True)
        yield Ending()
        return
    ending = Ending()
    try:
        yield ending
    finally:
        try:
            with History.open(path) as history, suppress(KeyboardInterrupt):  # its log tells all the same
                _note_end(history, run, ending, is_new=not plan.resumed)
        except (HistoryError, OSError) as error:
            click.echo(f"How this run ended is not remembered yet: {error}", err=True)


def _record(plan: Plan, base_url: str) -> RunRecord:
    from wa_bulk.history import RunRecord
    from wa_bulk.history.database import now_ms

    at_ms = now_ms()
    return RunRecord(
        run_id=plan.run_id,
        name=plan.file.name,
        message_sha256=plan.file.message_sha256,
        recipients_sha256=plan.source_sha256,
        base_url=base_url,
        log=str(plan.log.resolve()),
        started_ms=plan.begun_ms or at_ms,
        updated_ms=at_ms,
        state="running",
        rows=plan.rows,
        totals=plan.totals(),
    )


def _note_end(history: History, run: RunRecord, ending: Ending, *, is_new: bool) -> None:
    from wa_bulk.cli.progress import reading
    from wa_bulk.history import caught_up
    from wa_bulk.history.database import now_ms
    from wa_bulk.history.run_log import ended
    from wa_bulk.history.runs import RECENT_MS

    totals = ending.totals
    if totals is None and is_new and not Path(run.log).exists():
        history.runs.forget(run.run_id)  # it could not begin
        return
    with reading("noting in the account's memory who was written to …"):
        if totals is not None and ending.people is not None:
            ended(history.runs, run, ending.people, totals, ending.stopped)
        elif caught_up(history.runs, run).state in ("running", "unknown") and totals is not None:
            ended(history.runs, run, (), totals, ending.stopped)  # it has no log any more
        history.runs.forget_written(now_ms() - RECENT_MS)

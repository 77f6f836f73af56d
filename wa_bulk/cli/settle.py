"""`wa-bulk settle`, and what `wa-bulk resume` does first: rows get the status that callbacks prove."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wa_bulk.cli import exits, memory, options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wa_bulk.callbacks.settle import Settled
    from wa_bulk.campaign.run.plan import Plan
    from wa_bulk.ledger.past import Past
    from wa_bulk.ledger.row_states import RowState

_IN_WORDS: dict[RowState, str] = {"never": "never sent, by this log", "cut off": "unknown"}

HOW_TO_HEAR = (
    "No callbacks are known for this run. EngageLab posts what became of each message once, to the callback\n"
    "address of your account: receive them with `wa-bulk callbacks` while you send (docs/callbacks.md)."
)


@click.command("settle")
@options.log_argument
@options.debug
def command(log: Path) -> None:
    """Settle the rows that callbacks speak of.

    A callback that speaks of a row proves that EngageLab took it. Whatever the log says of such a row,
    unknown above all, it becomes accepted. Every `wa-bulk resume` does this first. Needs the callbacks that
    `wa-bulk callbacks` has received.

    \b
    Examples:
      wa-bulk settle orders.jsonl
    """
    from wa_bulk.callbacks.join import MessageIds, rows_heard
    from wa_bulk.callbacks.settle import settle
    from wa_bulk.cli.progress import reading
    from wa_bulk.ledger.lock import LockedLog
    from wa_bulk.ledger.past import read_past

    claimed = LockedLog.claim(log)
    try:
        logged = MessageIds()
        with reading("reading the log …"):
            past = read_past(claimed.path, logged.note)
            past.check_format()
            history = memory.existing_memory(past.run.base_url)
        if history is None:
            click.echo(HOW_TO_HEAR, err=True)
        else:
            heard = twice = 0
            with history, reading("asking the callbacks …"):
                for delivery in rows_heard(log, past.run, history.deliveries):
                    heard += 1
                    twice += logged.tells_of_another(delivery)
                settled = settle(claimed, past, history.deliveries)
            _tell(log, settled, heard, twice)
    finally:
        claimed.close()
    raise click.exceptions.Exit(_exit_code(past))


def settle_first(plan: Plan, changes: Mapping[str, object], *, again: bool) -> Plan:
    """Settle the log of a run that is to go on, and plan its rest anew where that changed anything.

    Raises Problem, before anything is written, where the log is a copy beside its original, unless `again`;
    and where the memory cannot be read, unless the campaign is not to ask it about anybody.
    """
    from wa_bulk.callbacks.settle import settle
    from wa_bulk.campaign.run.plan import rest_of
    from wa_bulk.cli.sent_already import refuse_beside_its_original
    from wa_bulk.history import HistoryError

    assert plan.claimed is not None
    assert plan.past is not None
    try:
        history = memory.existing_memory(plan.base_url)
        if history is None:
            return plan
        with history:
            if not (again or plan.is_finished):
                refuse_beside_its_original(plan, history.runs)
            settled = settle(plan.claimed, plan.past, history.deliveries)
    except HistoryError as error:
        if plan.file.respect_suppression:
            raise memory.unreadable(error) from error
        click.echo(f"{error}\nSo no row could be settled by callbacks.", err=True)
        return rest_of(plan.claimed, changes)
    if not settled.rows:
        return plan
    click.echo(in_words(settled), err=True)
    return rest_of(plan.claimed, changes)


def _tell(log: Path, settled: Settled, heard: int, sent_twice: int) -> None:
    if not heard:
        click.echo(HOW_TO_HEAR, err=True)
        return
    click.echo(f"{log}: {in_words(settled) or 'nothing to settle'}", err=True)
    from wa_bulk.report.words import counted

    if sent_twice:
        twice = f"{counted(sent_twice, 'row')} sent twice: EngageLab took two messages for each"
        click.secho(f"  {twice}", fg="yellow", err=True)
    if unknown := settled.totals.unknown:
        click.echo(f"  {counted(unknown, 'row')} still unknown: no callback has come for them", err=True)


def in_words(settled: Settled) -> str:
    """Return what was settled in a line; empty where nothing was."""
    from wa_bulk.report.words import counted

    if not settled.rows:
        return ""
    before: dict[str, int] = {}
    for state, number in settled.rows.items():
        name = _IN_WORDS.get(state, state)
        before[name] = before.get(name, 0) + number
    rows = sum(before.values())
    parts = ", ".join(f"{number:,} {name}" for name, number in before.items())
    return f"{counted(rows, 'row')} settled as accepted, since callbacks speak of them (before: {parts})"


def _exit_code(past: Past) -> int:
    """Return 0 where every row is accepted or skipped, as a run that ends does."""
    import msgspec

    totals = msgspec.structs.asdict(past.totals())
    not_sent = (past.run.source.rows or 0) - sum(totals.values())
    return exits.of_run(None, {**totals, "unknown": totals["unknown"] + max(0, not_sent)})

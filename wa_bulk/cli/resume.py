"""`wa-bulk resume`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from wa_bulk.cli import exits, options
from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.campaign.run.plan import Plan
    from wa_bulk.cli.memory import Note


@click.command("resume")
@click.argument("log", type=options.LOG, metavar="[LOG]", required=False)
@options.option(
    "--retry-failed",
    is_flag=True,
    default=None,
    help="Send the failed rows again. That is safe: they were not accepted.",
)
@options.option(
    "--retry-rejected",
    is_flag=True,
    default=None,
    help="Send the rejected rows again: once what EngageLab refused them for is mended.",
)
@options.option(
    "--again",
    is_flag=True,
    help="Go on with LOG although the account's memory knows another log of its run, or more accepted rows: "
    "those who are not in LOG are written to again.",
)
@options.option(
    "--on-unknown",
    type=click.Choice(["hold", "retry", "retry-unheard"]),
    help="Rows that may have been accepted: hold them, send them again, or send those again of which "
    "callbacks would have come by now.  [default: hold]",
)
@options.option(
    "--unheard-after",
    "unheard_after_s",
    type=options.Duration(),
    default="15m",
    show_default=True,
    metavar="TIME",
    help="With retry-unheard: how old a row must be, and those it is compared with.",
)
@options.option(
    "--heard-at-least",
    type=options.Number(min=0, max=1),
    default=0.99,
    show_default=True,
    metavar="SHARE",
    help="With retry-unheard: of how many accepted rows of that age callbacks must have come.",
)
@options.wait_settled
@options.sending
@options.debug
def command(
    log: Path | None,
    base_url: str | None,
    yes: bool,
    again: bool,
    unheard_after_s: float,
    heard_at_least: float,
    wait_settled_s: float | None,
    **chosen: object,
) -> None:
    """Go on with a run where it stopped.

    However it stopped: sends the rows that never left. Rows that callbacks speak of were accepted, and are
    settled first. Other rows that may have been accepted are unknown and held back, unless you say
    --on-unknown retry, or retry-unheard: once callbacks have come for nearly all that were accepted, those
    rows of which none speaks were most likely not. The campaign file and the recipients must be those the
    run began with.

    \b
    Examples:
      wa-bulk resume                                  the newest unfinished run
      wa-bulk resume orders.jsonl                     the rows never sent
      wa-bulk resume orders.jsonl --retry-failed      and those that failed
      wa-bulk resume orders.jsonl --on-unknown retry  better twice than not at all
      wa-bulk resume orders.jsonl --on-unknown retry-unheard --unheard-after 1h
    """
    from wa_bulk.campaign.run.plan import plan_resume
    from wa_bulk.cli.progress import reading
    from wa_bulk.cli.settle import settle_first
    from wa_bulk.cli.unheard import send_unheard_again

    log = log or _newest_unfinished(base_url)
    with reading():
        changes = options.given(**chosen)
        plan = plan_resume(log, **changes)
    try:
        written_at_s = log.stat().st_mtime
        plan = settle_first(plan, changes, again=again)
        notes: list[Note] = []
        if plan.settings.on_unknown == "retry-unheard":
            notes = send_unheard_again(plan, unheard_after_s, heard_at_least, written_at_s)
        raise click.exceptions.Exit(_go_on(plan, base_url, notes, wait_settled_s, yes=yes, again=again))
    finally:
        plan.release()


def _go_on(
    plan: Plan,
    base_url: str | None,
    notes: list[Note],
    wait_settled_s: float | None,
    *,
    yes: bool,
    again: bool,
) -> int:
    import msgspec

    from wa_bulk.cli.account import account_from_environment
    from wa_bulk.cli.memory import consult
    from wa_bulk.cli.running import carry_out, confirm
    from wa_bulk.cli.selecting import selection_notes

    if plan.is_finished:
        totals = msgspec.structs.asdict(plan.totals())
        click.echo(f"{plan.log}: the run is finished, there is nothing left to send.", err=True)
        for status, flag in (
            ("failed", "--retry-failed"),
            ("rejected", "--retry-rejected"),
            ("unknown", "--on-unknown retry"),
        ):
            if totals[status]:
                click.echo(f"  {totals[status]:,} {status}: sent again with {flag}", err=True)
        return exits.of_run(None, totals)
    account = account_from_environment(_where(plan, base_url))
    notes += [*selection_notes(plan), *consult(plan, account.base_url, again=again)]
    confirm(plan, account, notes, yes=yes)
    return carry_out(plan, account, wait_settled_s)


def _newest_unfinished(base_url: str | None) -> Path:
    """Return the log of the newest run that can be gone on with, and say which it is.

    Raises Problem where the account's memory knows of none.
    """
    from wa_bulk.cli.runs import known_runs

    for run in known_runs(base_url):
        log = Path(run.log)
        if not run.log or _is_collected(log):
            continue
        if run.state == "running" or (run.state == "stopped" and run.written and log.exists()):
            click.echo(f"Going on with {run.log}", err=True)
            return log
    raise Problem(
        "the account's memory knows of no run that is not finished: name its log", "wa-bulk runs lists them."
    )


def _is_collected(log: Path) -> bool:
    """Tell whether a log was collected from a cluster, where such a run goes on."""
    from wa_bulk.ledger.log_format import LogError
    from wa_bulk.ledger.log_reader import read_run

    try:
        return read_run(log).collected_from is not None
    except LogError:
        return False


def _where(plan: Plan, base_url: str | None) -> str | None:
    """Return the address the run was begun at, unless the command line names another.

    Raises `Problem` where the environment alone would turn a test on this machine into the real thing, or
    the other way round, because of the terminal it is typed in.
    """
    from wa_bulk.api.loopback import is_loopback_url
    from wa_bulk.cli.running import resume_command

    source = click.get_current_context().get_parameter_source("base_url")
    began_at = plan.base_url
    if base_url is None and began_at is not None and not _is_known(plan, began_at):
        raise Problem(
            f"{plan.log} says that it was begun at {began_at}, and nothing else says so",
            "Your key and secret go there with every message. If that address is meant:",
            f"{resume_command(plan.log)} --base-url {began_at}",
        )
    if began_at is None or base_url is None or is_loopback_url(began_at) == is_loopback_url(base_url):
        return base_url or began_at
    if source is ParameterSource.COMMANDLINE:
        return base_url
    raise Problem(
        f"{plan.log} was begun at {began_at}, but WA_BULK_BASE_URL says {base_url}",
        f"To go on where it was begun:  {resume_command(plan.log)} --base-url {began_at}",
        f"To go on elsewhere:           {resume_command(plan.log)} --base-url {base_url}",
    )


def _is_known(plan: Plan, began_at: str) -> bool:
    """Tell whether credentials may go to an address that only the log names: a log can come from anybody."""
    from wa_bulk.api.loopback import is_loopback_url
    from wa_bulk.cli.memory import existing_memory
    from wa_bulk.history import HistoryError
    from wa_bulk.send.account import BASE_URL

    if began_at == BASE_URL or is_loopback_url(began_at):
        return True
    try:
        history = existing_memory(began_at)
    except HistoryError:
        return False
    if history is None:
        return False
    with history:
        run = history.runs.get(plan.run_id)
        return run is not None and run.base_url == began_at

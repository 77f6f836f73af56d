"""A run in the hands of a person: asked for, watched, interrupted, summed up."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.padding import Padding

from wa_bulk.campaign.run.plan import Plan, settings_of
from wa_bulk.campaign.run.run import CampaignRun, RunSummary
from wa_bulk.campaign.template_check import hold_against
from wa_bulk.cli import exits, loop, prompt
from wa_bulk.cli.interrupt import two_step
from wa_bulk.cli.memory import Note, notifications, remembered
from wa_bulk.cli.problem import Problem
from wa_bulk.cli.progress import Glance, Watch
from wa_bulk.cli.template_check import ask_account, does_not_fit
from wa_bulk.cli.wait_settled import wait_until_settled
from wa_bulk.report.send_again import send_again
from wa_bulk.report.summary import summarise
from wa_bulk.report.terminal import causes, statuses
from wa_bulk.report.words import counted, plain
from wa_bulk.send.account import Account

_CAUSES_SHOWN = 5


def confirm(plan: Plan, account: Account, notes: Sequence[Note], *, yes: bool) -> None:
    """Say what is about to be sent, `notes` included, and return when there is leave to do so.

    Raises `Problem` where there is no terminal to ask on, and ends the command where the answer is no.
    """
    templates = ask_account(plan.blueprint, plan.source, account)
    findings = hold_against(plan.blueprint, templates)
    if findings.errors:
        raise does_not_fit(findings)
    found = prompt.examined(plan, asked=not yes)
    prompt.tell(plan, account, found, templates, findings, notes, Console(stderr=True, highlight=False))
    expected = prompt.messages_expected(plan, found)
    question = f"Send {counted(expected, 'message')}?" if expected else "Nothing is left to send. Log that?"
    has_leave(question, yes=yes)


def has_leave(question: str, *, yes: bool) -> None:
    """Return when there is leave to send.

    Raises `Problem` where there is no terminal to ask on, and ends the command where the answer is no.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Problem(
            "nothing was sent: there is no terminal to ask on", "Add --yes to send without being asked."
        )
    if not click.confirm(question, err=True):
        click.echo("Nothing was sent.", err=True)
        raise click.exceptions.Exit(exits.NOTHING_SENT)


def carry_out(
    plan: Plan, account: Account, wait_settled_s: float | None = None, *, again: bool = False
) -> int:
    """Run `plan` to its end under the user's eyes, sum it up, and return the exit code.

    Before it is summed up, callbacks have `wait_settled_s` seconds to settle what is unknown. `again`: also
    where the same is being sent by another process.

    Raises `Problem` if it cannot begin (nothing was sent) or breaks down (resumable).
    """
    console = Console(stderr=True)
    run: CampaignRun | None = None
    try:
        with (
            remembered(plan, account.base_url, again=again) as ending,
            notifications(account.base_url) as inbox,
        ):
            run = CampaignRun(plan, account, inbox=inbox)
            try:
                summary = loop.run(watched(run, plan, console))
            except Exception:
                if run.progress.handled:  # its log may be lost: what is in hand is all that is left to know
                    ending.totals, ending.stopped = run.progress.totals, "fatal"
                    ending.people = run.people()
                raise
            if wait_settled_s is not None and summary.totals.unknown and summary.stopped != "interrupted":
                totals = wait_until_settled(plan.log, account.base_url, wait_settled_s, console)
                summary = msgspec.structs.replace(summary, totals=totals)
            else:
                ending.totals, ending.stopped = summary.totals, summary.stopped
                ending.people = run.people()
    except Exception as error:
        if run is None or not run.progress.handled:
            raise
        raise Problem(
            f"the run broke down: {error}",
            f"Its log knows what was sent. Go on with: {resume_command(plan.log)}",
            exit_code=exits.STOPPED_EARLY,
        ) from error
    _sum_up(summary, plan, account.base_url, console)
    return exits.of_run(summary.stopped, msgspec.structs.asdict(summary.totals))


async def watched(run: CampaignRun, plan: Plan, console: Console) -> RunSummary:
    """Execute `run` with its progress on `console`; signals end it in two steps."""
    goal = plan.rows_to_handle
    rows = plan.rows if plan.resumed else goal
    interrupted = False

    def look() -> Glance:
        progress = run.progress
        notice = run.notice
        if interrupted:
            notice = f"finishing {counted(run.in_flight, 'request')} in flight … (again to stop at once)"
        done = rows - goal + progress.handled
        return Glance(plan.file.name, done, rows, run.sent, progress.totals, notice)

    watch = Watch(console, look)

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        run.interrupt()
        watch.show()

    with two_step(interrupt, watch.leave):
        async with watch:
            return await run.execute()


def resume_command(log: Path) -> str:
    """Tell what to type to go on with a run."""
    return f"wa-bulk resume {shlex.quote(str(log))}"


def _sum_up(summary: RunSummary, plan: Plan, base_url: str, console: Console) -> None:
    counts = msgspec.structs.asdict(summary.totals)
    left = summary.rows - sum(counts.values())
    if left:
        counts["not sent"] = left
    console.print(statuses(counts))
    if summary.totals.rejected or summary.totals.failed or summary.totals.unknown:
        found = summarise(plan.log).causes
        console.print(Padding(causes(found, at_most=_CAUSES_SHOWN), (1, 0, 1, 2), expand=False))
    log = shlex.quote(str(plan.log))
    if summary.stopped is not None:
        detail = plain(summary.detail or summary.stopped)
        console.print(f"Stopped: {detail}", style="yellow", highlight=False, markup=False)
    if summary.stopped is not None and not (summary.totals.accepted or summary.totals.unknown):
        # Nobody can have been written to, and what is to be mended may be the campaign file itself.
        own_recipients = plan.source.path != plan.file.recipients
        again = send_again(
            str(plan.file.path),
            str(plan.source.path) if own_recipients else None,
            plan.log,
            plan.logged_settings(base_url),
            settings_of(plan.file),
        )
        _say(console, f"Nobody was written to. Start afresh:  {again}")
    elif summary.stopped is not None or left:
        _say(console, f"Go on with:   {resume_command(plan.log)}")
    _say(console, f"The details:  wa-bulk report {log}")


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)

"""`wa-bulk cluster`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from wa_bulk.cli import exits, options
from wa_bulk.cli.callbacks import keep_option
from wa_bulk.cli.output import echo_json
from wa_bulk.cli.problem import Problem
from wa_bulk.cli.redis import redis_option, shown, with_redis
from wa_bulk.cli.selecting import selecting, selection_notes, selections

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from wa_bulk.campaign.run.plan import Plan
    from wa_bulk.cluster.control import Command
    from wa_bulk.cluster.shared_suppression import SharedSuppression
    from wa_bulk.history import Inbox
    from wa_bulk.send.account import Account
    from wa_bulk.send.outcome import Status

RUN = click.argument("run", metavar="RUN")


@click.group("cluster")
@options.debug
def command() -> None:
    """Send one campaign from several machines, over Redis.

    `submit` puts a campaign into Redis; any number of workers, on any machines, send it; `collect` writes its
    log, which `report` and `settle` read as any other, and brings in the callbacks of all receivers.

    \b
    Examples:
      wa-bulk cluster submit campaign.toml          prints the run's id
      wa-bulk cluster worker                        on each machine
      wa-bulk cluster status
      wa-bulk cluster collect RUN --log run.jsonl --follow
    """


@command.command("submit")
@options.campaign_argument
@options.recipients
@options.reading
@options.option(
    "--rate",
    type=options.ZERO_OR_MORE,
    metavar="N",
    help="Messages a second for each sending number, over all workers; 0: unpaced.  "
    "[default: the campaign's, or 80]",
)
@options.option(
    "--concurrency",
    type=options.CONNECTIONS,
    metavar="N",
    help="Requests in flight at once, in each worker.  [default: 64]",
)
@options.option("--limit", type=options.WholeNumber(min=1), metavar="N", help="Only the first N rows.")
@options.option(
    "--allow-duplicates",
    is_flag=True,
    default=None,
    help="Send to a number each time it comes; otherwise only its first row is sent.",
)
@selecting
@options.option("--again", is_flag=True, help="Submit it although it was sent to these recipients before.")
@options.leave_out_doubtful
@options.option(
    "--on-unknown",
    type=click.Choice(["hold", "retry"]),
    help="Rows that may have been accepted, as where a worker died: hold them, or send them again.  "
    "[default: hold]",
)
@options.guards
@options.base_url
@redis_option
@options.debug
def submit(
    campaign: Path,
    recipients: Path | None,
    again: bool,
    only: tuple[str, ...],
    except_: tuple[str, ...],
    exclude: tuple[str, ...],
    base_url: str | None,
    url: str | None,
    **chosen: object,
) -> None:
    """Put a campaign into Redis, and print its run id.

    Its rules are applied here: who is selected, duplicates, suppressed numbers, rows that cannot be sent.
    What was sent already, by this or by `wa-bulk send`, is refused; `wa-bulk runs` lists the run. Workers
    begin with the first rows while the rest is on its way; where they are slower, this waits for them. Ended
    before all rows are in Redis, the same command goes on with the same run.

    \b
    Examples:
      wa-bulk cluster submit campaign.toml
      RUN=$(wa-bulk cluster submit campaign.toml --rate 500)
      wa-bulk cluster submit thanks.toml --only orders.jsonl:read
    """
    import msgspec

    from wa_bulk.campaign.file import load
    from wa_bulk.campaign.recipients import as_settings_say
    from wa_bulk.campaign.run.plan import prepare, settings_of
    from wa_bulk.campaign.settings import Settings
    from wa_bulk.cli.cluster_display import noticing
    from wa_bulk.cli.cluster_memory import begin_to_share_suppressed, noted
    from wa_bulk.cli.memory import consult
    from wa_bulk.cli.progress import reading
    from wa_bulk.cli.template_check import require_fit
    from wa_bulk.history import history_path
    from wa_bulk.report.words import counted
    from wa_bulk.send.account import base_url_from_env

    file = load(campaign)
    settings = msgspec.convert({**settings_of(file).as_log(), **options.given(**chosen)}, Settings)
    selected = selections(as_settings_say(file, settings), only, except_, exclude)
    with reading():
        plan = prepare(campaign, recipients=recipients, settings=settings, selections=selected)
    at = base_url or base_url_from_env()

    async def run(redis: Redis, url: str) -> None:
        from wa_bulk.cluster.submission import Submission

        submission = Submission(redis, url, plan, base_url)
        run_id = await submission.find(again=again)
        await begin_to_share_suppressed(redis, url, history_path(at))
        known = msgspec.structs.replace(plan, run_id=run_id)
        for about, fact in [*selection_notes(plan), *consult(known, at, again=again)]:
            click.echo(f"  {about:<8}  {fact}", err=True)
        beside = again or submission.went_on or bool(plan.selections)
        with noted(submission.description(), at, beside_others=beside, goes_on=submission.went_on):
            await submission.begin()
        if plan.kept_input is not None and not submission.went_on:
            kept.pop_all()
            click.echo(f"  input     kept in {plan.kept_input}, for `wa-bulk cluster retry`", err=True)
        click.echo(run_id)
        sys.stdout.flush()
        async with noticing(lambda: submission.notice):
            state = await submission.load()
        if state == "cancelled":
            raise Problem(f"run {run_id} was cancelled while it was submitted", exit_code=exits.STOPPED_EARLY)
        click.echo(
            f"{plan.file.name}: {counted(plan.rows_to_send, 'row')} submitted as run {run_id}", err=True
        )

    with ExitStack() as kept:
        kept.callback(plan.release)
        require_fit(plan, base_url)
        with_redis(url, run, warn=True)


@command.command("worker")
@options.option("--until-done", is_flag=True, help="End once every run that was submitted is finished.")
@options.base_url
@redis_option
@options.debug
def worker(until_done: bool, base_url: str | None, url: str | None) -> None:
    """Send what is in Redis, until it is told to stop.

    Needs neither a campaign file nor recipients, but the account's credentials. SIGTERM and Ctrl-C end it
    once what is on the wire has been answered; what it had not sent is handed back. Killed, what it announced
    is unknown as soon as another worker takes over, within 35 s.

    \b
    Examples:
      wa-bulk cluster worker
      wa-bulk cluster worker --until-done
    """
    from wa_bulk.api.loopback import is_loopback_url
    from wa_bulk.cli.account import account_from_environment
    from wa_bulk.cli.cluster_display import noticing
    from wa_bulk.cli.interrupt import two_step

    account_from_environment(base_url)  # says now what is missing

    def account(of_run: str | None) -> Account:
        if base_url and of_run and is_loopback_url(base_url) != is_loopback_url(of_run):
            raise Problem(
                f"a run was submitted for {of_run}, but this worker sends to {base_url}: "
                "it takes no part in that"
            )
        return account_from_environment(base_url or of_run)

    async def run(redis: Redis, url: str) -> None:
        from wa_bulk.cluster.shared_suppression import SharedSuppression
        from wa_bulk.cluster.worker import Worker

        suppressed = SharedSuppression(redis, url)
        member = Worker(redis, url, account, partial(_with_memory, suppressed), tell=_say)
        head = f"{click.style('Worker', bold=True)} of Redis at {shown(url)}. Ctrl-C ends it."
        with two_step(member.stop, lambda: None):
            click.echo(head, err=True)
            async with noticing(lambda: member.notice), suppressed.followed():
                await member.work(until_done=until_done)
        click.echo(f"{member.settled:,} rows settled.", err=True)
        if until_done and member.any_stopped:
            raise click.exceptions.Exit(exits.STOPPED_EARLY)

    with_redis(url, run, warn=True)


@command.command("status")
@click.argument("run", metavar="[RUN]", required=False)
@options.option("--json", "as_json", is_flag=True, help="As JSON on stdout; its keys are kept stable.")
@redis_option
@options.debug
def status(run: str | None, as_json: bool, url: str | None) -> None:
    """Tell how a run is, or all of them and callbacks.

    \b
    Examples:
      wa-bulk cluster status
      wa-bulk cluster status 5f0c2a9d1e7b --json
    """
    from wa_bulk.cli.cluster_display import show_callbacks, show_runs

    async def read(redis: Redis, url: str) -> None:
        from wa_bulk.cluster.callback_collector import collecting
        from wa_bulk.cluster.control import all_status
        from wa_bulk.cluster.control import status as status_of

        def pass_over(error: Exception) -> None:
            click.secho(str(error), fg="yellow", err=True)

        found = [await status_of(redis, url, run)] if run else await all_status(redis, url, pass_over)
        if as_json:
            import msgspec

            echo_json(msgspec.json.format(msgspec.json.encode(found[0] if run else found)))
        else:
            show_runs(found)
            if not run:
                show_callbacks(await collecting(redis, url))

    with_redis(url, read)


def _state_command(name: Command, done: str, text: str) -> None:
    @command.command(name, help=text)
    @RUN
    @redis_option
    @options.debug
    def change(run: str, url: str | None) -> None:
        async def ask(redis: Redis, url: str) -> None:
            from wa_bulk.cli.cluster_memory import note_cancelled
            from wa_bulk.cluster.control import command as tell
            from wa_bulk.cluster.run_record import read_run

            state = await tell(redis, url, run, name)
            if state == "cancelled":
                note_cancelled(await read_run(redis, url, run))
            click.echo(f"Run {run} {done}." if state != "finished" else f"Run {run} is finished.", err=True)

        with_redis(url, ask)


_state_command("pause", "is paused", "Have workers send nothing more of RUN, for now.")
_state_command("continue", "goes on", "Let RUN go on: one that is paused, or was stopped by an error.")
_state_command("cancel", "is cancelled", "End RUN for good: what was not sent never will be.")


@command.command("retry")
@RUN
@options.option("--failed", is_flag=True, help="The failed rows. That is safe: they were not accepted.")
@options.option(
    "--unknown",
    is_flag=True,
    help="The unknown rows, which may have been accepted: better twice than not at all.",
)
@redis_option
@options.debug
def retry(run: str, failed: bool, unknown: bool, url: str | None) -> None:
    """Send some rows of RUN again.

    To be run where RUN was submitted: it takes the rows' values from the recipients' file. RUN must not be at
    work: it is finished, paused or stopped. Where workers are slower, this waits for them; ended before all
    rows are in Redis, the same command goes on.

    \b
    Examples:
      wa-bulk cluster retry 5f0c2a9d1e7b --failed
    """
    from wa_bulk.cli.cluster_display import noticing
    from wa_bulk.cli.cluster_memory import share_suppressed_since
    from wa_bulk.report.words import counted

    if not failed and not unknown:
        raise click.UsageError("which rows are to be sent again? Give --failed, --unknown or both")
    statuses: list[Status] = [*(["failed"] if failed else []), *(["unknown"] if unknown else [])]  # type: ignore[list-item]

    async def ask(redis: Redis, url: str) -> None:
        from wa_bulk.cluster.resubmission import Resubmission, recipients_again
        from wa_bulk.cluster.run_record import read_run

        record = await read_run(redis, url, run)
        recipients = recipients_again(record)
        await share_suppressed_since(redis, url, record.description)
        resubmission = Resubmission(redis, url, run, recipients)
        async with noticing(lambda: resubmission.notice):
            rows = await resubmission.retry(statuses)
        click.echo(f"{counted(rows, 'row')} of run {run} will be sent again.", err=True)

    with_redis(url, ask)


@command.command("collect")
@click.argument("run", metavar="[RUN]", required=False)
@options.option("--log", type=options.FILE, metavar="FILE", help="Where to keep the log of RUN.")
@options.option(
    "--follow",
    is_flag=True,
    help="Until RUN is finished, not only what there is now; without RUN, until this is told to stop.",
)
@keep_option
@redis_option
@options.debug
def collect(run: str | None, log: Path | None, follow: bool, keep: float | None, url: str | None) -> None:
    """Put RUN's results into its log, callbacks into the memory.

    What is on this disk is gone from Redis. Goes on where an earlier collect stopped. One process at a time
    collects a run, always into the same log: there is no other record of who was written to.

    Callbacks that `wa-bulk callbacks --redis` has received go into the account's memory on this machine: as
    long as RUN is collected, or, without RUN, callbacks alone. They come for days after a run.

    \b
    Examples:
      wa-bulk cluster collect 5f0c2a9d1e7b --log orders.jsonl
      wa-bulk cluster collect 5f0c2a9d1e7b --log orders.jsonl --follow
      wa-bulk cluster collect --follow              callbacks, until ended
    """
    from wa_bulk.cli.cluster_collect import collect_callbacks, collect_run

    if run is None:
        if log is not None:
            raise click.UsageError("whose log? Give RUN: `wa-bulk cluster status` lists them")
        with_redis(url, lambda redis, url: collect_callbacks(redis, url, keep, follow=follow))
        return
    if log is None:
        raise click.UsageError("where is the log to be kept? Give --log FILE")
    if click.get_current_context().get_parameter_source("keep") is ParameterSource.COMMANDLINE:
        raise click.UsageError(
            "--keep is about callbacks: it goes with `wa-bulk cluster collect` without RUN"
        )
    with_redis(url, lambda redis, url: collect_run(redis, url, run, log, follow=follow))


def _say(words: str) -> None:
    from wa_bulk.report.words import plain

    click.echo(plain(words), err=True)


@contextmanager
def _with_memory(shared: SharedSuppression, account: Account, plan: Plan) -> Iterator[Inbox | None]:
    """Have a run heed who is suppressed since it was submitted, and what this host's memory knows, if it has
    one: who is suppressed, what was notified."""
    from wa_bulk.campaign.rules.suppression import SuppressionRule
    from wa_bulk.cli.memory import existing_memory

    if plan.file.respect_suppression:
        plan.suppress(SuppressionRule(shared))
    history = existing_memory(account.base_url)
    if history is None:
        yield None
        return
    with history:
        if plan.file.respect_suppression:
            history.give_wishes()
            plan.suppress(SuppressionRule(history.suppression_list()))
        yield history.inbox

"""`wa-bulk send`."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from click.core import ParameterSource

from wa_bulk.cli import exits, options
from wa_bulk.cli.selecting import selecting, selection_notes, selections

_OF_A_RUN = ("limit", "dry_run", "only", "except_", "exclude")
"""Options that choose among rows, where --to takes one."""


@click.command("send")
@options.campaign_argument
@options.recipients
@options.reading
@options.option(
    "--log",
    type=options.FILE,
    metavar="FILE",
    help="Where to keep the log, a new file.  [default: <campaign's name>-<run id>.jsonl]",
)
@options.option("--limit", type=options.WholeNumber(min=1), metavar="N", help="Only the first N rows.")
@options.option("--dry-run", is_flag=True, help="Go through every row, and send nothing.")
@options.option(
    "--allow-duplicates",
    is_flag=True,
    default=None,
    help="Send to a number each time it comes; otherwise only its first row is sent.",
)
@options.option(
    "--to",
    metavar="NUMBER",
    help="A test: the message of one row to this number instead, in no campaign's log.",
)
@options.option(
    "--row", type=options.WholeNumber(min=1), metavar="N", help="With --to: which row.  [default: 1]"
)
@selecting
@options.option(
    "--again", is_flag=True, help="Send although the account's memory says that it was sent already."
)
@options.leave_out_doubtful
@options.option(
    "--on-unknown",
    type=click.Choice(["hold", "retry"]),
    help="Rows that may have been accepted: hold them, or send them again.  [default: hold]",
)
@options.wait_settled
@options.sending
@options.debug
def command(
    campaign: Path,
    recipients: Path | None,
    log: Path | None,
    base_url: str | None,
    dry_run: bool,
    yes: bool,
    again: bool,
    to: str | None,
    row: int | None,
    wait_settled_s: float | None,
    only: tuple[str, ...],
    except_: tuple[str, ...],
    exclude: tuple[str, ...],
    **chosen: object,
) -> None:
    """Send a campaign to its recipients.

    Checks everything, asks, then sends. Every row's fate is kept in a log: whatever happens, that log knows
    what was sent, and `wa-bulk resume LOG` goes on from there.

    \b
    Examples:
      wa-bulk send campaign.toml --dry-run         what would be sent, and not
      wa-bulk send campaign.toml --to +447911123456 --row 3
      wa-bulk send campaign.toml --limit 10        the first ten rows
      wa-bulk send campaign.toml --yes --rate 500  unasked, at a higher limit
      wa-bulk send thanks.toml --only orders.jsonl:read
      wa-bulk send orders.toml --except orders-1f0c.jsonl --exclude staff.csv
    """
    from wa_bulk.campaign.file import load
    from wa_bulk.campaign.recipients import as_settings_say
    from wa_bulk.campaign.run.plan import prepare, settings_of
    from wa_bulk.campaign.settings import Settings

    _check_options_of_a_test()
    file = load(campaign)
    settings = msgspec.convert({**settings_of(file).as_log(), **options.given(**chosen)}, Settings)
    file = as_settings_say(file, settings)
    if to is not None:
        from wa_bulk.cli.account import account_from_environment
        from wa_bulk.cli.send_test import send_test

        account = account_from_environment(base_url)
        code = send_test(file, settings, account, to, row or 1, recipients=recipients, yes=yes)
        raise click.exceptions.Exit(code)
    selected = selections(file, only, except_, exclude)
    if dry_run:
        from wa_bulk.cli.check import examine
        from wa_bulk.cli.template_check import asking

        report = examine(
            campaign, recipients, settings, selected, base_url=base_url, ask_account=asking(base_url)
        )
        click.echo("A dry run: nothing was sent.", err=True)
        raise click.exceptions.Exit(exits.of_check(report.errors, report.rejected))

    from wa_bulk.cli.account import account_from_environment
    from wa_bulk.cli.memory import consult
    from wa_bulk.cli.progress import reading
    from wa_bulk.cli.running import carry_out, confirm

    account = account_from_environment(base_url)
    with reading():
        plan = prepare(campaign, recipients=recipients, log=log, settings=settings, selections=selected)
    try:
        notes = [*selection_notes(plan), *consult(plan, account.base_url, again=again)]
        confirm(plan, account, notes, yes=yes)
        raise click.exceptions.Exit(carry_out(plan, account, wait_settled_s, again=again))
    finally:
        plan.release()


def _check_options_of_a_test() -> None:
    """Raise UsageError where --to stands beside an option that is about a whole run, or --row without it."""
    context = click.get_current_context()
    given = {
        str(option.name): option.opts[0]
        for option in context.command.params
        if isinstance(option, click.Option)
        and context.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
    }
    if "to" not in given:
        if "row" in given:
            raise click.UsageError("--row goes with --to NUMBER: it is the row whose message is sent there")
        return
    if others := [option for name, option in given.items() if name in _OF_A_RUN]:
        raise click.UsageError(f"{others[0]} is about a run, and --to sends one message: leave one out")

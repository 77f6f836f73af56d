"""`wa-bulk send`."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from wa_bulk.cli import exits, options
from wa_bulk.cli.selecting import selecting, selection_notes, selections


@click.command("send")
@options.campaign_argument
@options.recipients
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
@selecting
@options.option(
    "--again", is_flag=True, help="Send although the account's memory says that it was sent already."
)
@options.option(
    "--leave-out-doubtful",
    is_flag=True,
    default=None,
    help="Skip the rows whose number nobody can have, by its country's numbering plan.",
)
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
      wa-bulk send campaign.toml --limit 10        the first ten rows
      wa-bulk send campaign.toml --yes --rate 500  unasked, at a higher limit
      wa-bulk send thanks.toml --only orders.jsonl:read
      wa-bulk send orders.toml --except orders-1f0c.jsonl --exclude staff.csv
    """
    from wa_bulk.campaign.file import load
    from wa_bulk.campaign.run.plan import prepare, settings_of
    from wa_bulk.campaign.settings import Settings

    file = load(campaign)
    settings = msgspec.convert({**settings_of(file).as_log(), **options.given(**chosen)}, Settings)
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
    notes = [*selection_notes(plan), *consult(plan, account.base_url, again=again)]
    confirm(plan, account, notes, yes=yes)
    raise click.exceptions.Exit(carry_out(plan, account, wait_settled_s))

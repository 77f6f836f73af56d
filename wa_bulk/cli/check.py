"""`wa-bulk check`, and the going through of every row that `wa-bulk send --dry-run` shares with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wa_bulk.cli import exits, options
from wa_bulk.cli.media import MediaLook, show_media

if TYPE_CHECKING:
    from rich.console import Console

    from wa_bulk.campaign.check import CheckReport
    from wa_bulk.campaign.rules.selection import SelectionRule
    from wa_bulk.campaign.settings import Settings
    from wa_bulk.campaign.template_check import AskAccount

_FAULTS_SHOWN = 20


@click.command("check")
@options.campaign_argument
@options.recipients
@options.option("--json", "as_json", is_flag=True, help="Everything found, as JSON on stdout.")
@options.option("--allow-duplicates", is_flag=True, help="A number that comes twice is no fault.")
@options.option("--media", is_flag=True, help="Look at each distinct link that the rows make, too.")
@options.option("--media-private", is_flag=True, help="Look at links into this machine and private networks.")
@options.option("--offline", is_flag=True, help="Ask nothing of the network, nor of the account.")
@options.base_url
@options.debug
def command(
    campaign: Path,
    recipients: Path | None,
    as_json: bool,
    allow_duplicates: bool,
    media: bool,
    media_private: bool,
    offline: bool,
    base_url: str | None,
) -> None:
    """Find everything wrong with a campaign without sending it.

    Goes through the campaign file, the CSV and every row as a run would, and asks of each number whether it
    can exist at all. Holds the campaign against its template, where the account's key is there. Looks at what
    the media's links lead to: at those that all rows have, with --media at every one. Exits with 1 if any row
    would be refused, or a link leads to what WhatsApp will not take; with 2 if no row can be sent.

    \b
    Examples:
      wa-bulk check campaign.toml
      wa-bulk check campaign.toml --media
      wa-bulk check campaign.toml --json | jq '.faults[].reason'
    """
    from wa_bulk.campaign.settings import Settings
    from wa_bulk.cli.template_check import asking

    if offline and (media or media_private):
        raise click.UsageError(
            "--offline asks nothing of the network: leave out --media and --media-private."
        )
    settings = Settings(allow_duplicates=allow_duplicates)
    look = None if offline else MediaLook(every_row=media, private=media_private)
    ask = None if offline else asking(base_url)
    report = examine(campaign, recipients, settings, as_json=as_json, media=look, ask_account=ask)
    refused = report.rejected + (report.media.problems if report.media is not None else 0)
    raise click.exceptions.Exit(exits.of_check(report.errors, refused))


def examine(
    campaign: Path,
    recipients: Path | None,
    settings: Settings,
    selections: Sequence[SelectionRule] = (),
    *,
    as_json: bool = False,
    media: MediaLook | None = None,
    ask_account: AskAccount | None = None,
) -> CheckReport:
    """Check every row, and print what was found on stdout.

    Media is looked at as `media` says, and the template is held against what `ask_account` learns.
    """
    import msgspec

    from wa_bulk.campaign.check import check
    from wa_bulk.cli.progress import checking

    with checking() as on_rows:
        report = check(
            campaign,
            recipients=recipients,
            settings=settings,
            selections=selections,
            on_rows=on_rows,
            ask_account=ask_account,
        )
    if media is not None:
        report = msgspec.structs.replace(report, media=media(campaign, recipients))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report)))
    else:
        _show(report)
    return report


def _show(report: CheckReport) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from wa_bulk.report.terminal import COLOURS
    from wa_bulk.report.words import counted, plain

    console = Console(highlight=False, markup=False)
    console.print(
        Text.assemble((report.campaign, "bold"), f", {counted(report.rows, 'row')} of {report.recipients}")
    )
    counts = Table.grid(padding=(0, 2, 0, 0))
    counts.add_column(min_width=10)
    counts.add_column(justify="right")
    counts.add_column()
    for name, number, style, meaning in (
        (
            "ready",
            report.ready,
            "green",
            "would be sent" + (", were it not for the errors" if report.errors else ""),
        ),
        ("rejected", report.rejected, COLOURS["rejected"], "would be refused, and are not sent"),
        (
            "skipped",
            report.skipped,
            COLOURS["skipped"],
            "not to be sent, such as duplicates of an earlier row",
        ),
        ("doubtful", report.doubtful, "yellow", "would be sent, but nobody can have that number"),
    ):
        if number or name == "ready":
            counts.add_row(Text(f"  {name}", style), f"{number:,}", Text(meaning, "dim"))
    console.print(counts)
    for error in report.errors:
        console.print(f"  error: {plain(error)}", style="red")
    for warning in report.warnings:
        console.print(f"  warning: {plain(warning)}", style="yellow")
    for note in report.notes:
        console.print(f"  note: {plain(note)}", style="dim")
    if report.faults:
        _show_faults(console, report)
    if report.media is not None:
        show_media(console, report.media)


def _show_faults(console: Console, report: CheckReport) -> None:
    from rich.table import Table
    from rich.text import Text

    from wa_bulk.report.terminal import COLOURS
    from wa_bulk.report.words import plain

    faults = Table.grid(padding=(0, 2, 0, 0))
    faults.add_column(justify="right", no_wrap=True)
    faults.add_column(no_wrap=True)
    faults.add_column(overflow="fold")
    for fault in sorted(report.faults, key=lambda fault: fault.row)[:_FAULTS_SHOWN]:
        style = COLOURS.get(fault.status, "yellow")
        place = f"  row {fault.row}, line {fault.line}"
        faults.add_row(place, Text(fault.status, style), Text(plain(fault.reason)))
    console.print()
    console.print(faults)
    found = report.rejected + report.skipped + report.doubtful
    if found > _FAULTS_SHOWN:
        console.print(f"  … and {found - _FAULTS_SHOWN:,} more: --json lists the first 1,000", style="dim")

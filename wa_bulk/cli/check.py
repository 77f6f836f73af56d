"""`wa-bulk check`, and the going through of every row that `wa-bulk send --dry-run` shares with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wa_bulk.cli import exits, options
from wa_bulk.cli.cost_display import known_estimates, rates_in, show_destinations, show_estimates
from wa_bulk.cli.media import MediaLook, show_media
from wa_bulk.cli.output import STDOUT, echo_json, is_stream, refuse_to_overwrite, say_written, written

if TYPE_CHECKING:
    from rich.console import Console

    from wa_bulk.campaign.check import CheckReport
    from wa_bulk.campaign.costs import Rates
    from wa_bulk.campaign.examination import RowFault
    from wa_bulk.campaign.media import MediaFinding
    from wa_bulk.campaign.rules.selection import SelectionRule
    from wa_bulk.campaign.settings import Settings
    from wa_bulk.campaign.template_check import AskAccount

    _Write = Callable[[RowFault | MediaFinding], object]

_CAUSES_SHOWN = 20
_COLUMNS = ("row", "line", "column", "value", "problem", "status")


@click.command("check")
@options.campaign_argument
@options.recipients
@options.reading
@options.option("--json", "as_json", is_flag=True, help="Everything found, as JSON on stdout.")
@options.option(
    "--csv",
    type=options.FilePath(writable=True, allow_dash=True),
    metavar="FILE",
    help="Every row or link that something is wrong with, and what; - is stdout.",
)
@options.option("--allow-duplicates", is_flag=True, help="A number that comes twice is no fault.")
@options.option("--media", is_flag=True, help="Look at each distinct link that the rows make, too.")
@options.option("--media-private", is_flag=True, help="Look at links into this machine and private networks.")
@options.option(
    "--rates",
    type=options.FILE,
    metavar="FILE",
    help="What messages cost, for the sum: a CSV with country, category, price and currency.",
)
@options.option("--offline", is_flag=True, help="Ask nothing of the network, nor of the account.")
@options.base_url
@options.debug
def command(
    campaign: Path,
    recipients: Path | None,
    as_json: bool,
    csv: Path | None,
    allow_duplicates: bool,
    media: bool,
    media_private: bool,
    rates: Path | None,
    offline: bool,
    base_url: str | None,
    **reading: str | None,
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
      wa-bulk check campaign.toml --csv wrong.csv
      wa-bulk check campaign.toml --json | jq '.causes[].reason'
    """
    import msgspec

    from wa_bulk.campaign.file import load
    from wa_bulk.campaign.settings import Settings
    from wa_bulk.cli.template_check import asking

    if offline and (media or media_private):
        raise click.UsageError(
            "--offline asks nothing of the network: leave out --media and --media-private."
        )
    settings = msgspec.convert({"allow_duplicates": allow_duplicates, **reading}, Settings)
    look = None if offline else MediaLook(every_row=media, private=media_private)
    if csv == STDOUT and as_json:
        raise click.UsageError("--csv - and --json both write to stdout: name a file for one of them.")
    if csv is not None:
        own = load(campaign).recipients if recipients is None else recipients
        inputs = (
            ("what is being checked", campaign),
            ("what is being checked", own),
            ("the list of rates", rates),
        )
        refuse_to_overwrite(csv, inputs)
    report = examine(
        campaign,
        recipients,
        settings,
        as_json=as_json,
        csv=csv,
        media=look,
        base_url=base_url,
        ask_account=None if offline else asking(base_url, " (--offline leaves this out)"),
        rates=None if rates is None else rates_in(rates),
    )
    refused = report.rejected + (report.media.problems if report.media is not None else 0)
    raise click.exceptions.Exit(exits.of_check(report.errors, refused))


def examine(
    campaign: Path,
    recipients: Path | None,
    settings: Settings,
    selections: Sequence[SelectionRule] = (),
    *,
    as_json: bool = False,
    csv: Path | None = None,
    media: MediaLook | None = None,
    base_url: str | None = None,
    ask_account: AskAccount | None = None,
    rates: Rates | None = None,
) -> CheckReport:
    """Check every row, and print what was found on stdout.

    Media is looked at as `media` says, and the template is held against what `ask_account` learns. Suppressed
    numbers are those of the memory that belongs to `base_url`, or to the environment's address. `rates` are
    the prices of messages.
    """
    import msgspec

    from wa_bulk.campaign.check import check
    from wa_bulk.campaign.file import load
    from wa_bulk.cli.memory import suppression_for
    from wa_bulk.cli.progress import checking

    suppression = suppression_for(load(campaign), base_url)
    with _table(csv) as write:
        with checking() as on_rows:
            report = check(
                campaign,
                recipients=recipients,
                settings=settings,
                selections=selections,
                suppression=suppression,
                on_rows=on_rows,
                on_fault=write,
                ask_account=ask_account,
                rates=rates,
            )
        if media is not None:
            report = msgspec.structs.replace(report, media=media(campaign, recipients, settings, write))
    if as_json:
        echo_json(msgspec.json.format(msgspec.json.encode(report)))
    elif csv != STDOUT:
        from rich.console import Console

        console = Console(highlight=False, markup=False)
        show(report, console, base_url, with_rates=rates is not None)
    return report


@contextmanager
def _table(path: Path | None) -> Iterator[_Write | None]:
    """Yield what writes a fault, or what was found of a medium, into the table at `path`."""
    if path is None:
        yield None
        return
    from wa_bulk.report.spreadsheet import as_text
    from wa_bulk.report.table import csv_line
    from wa_bulk.report.words import counted, plain

    escape = plain if is_stream(path) else str
    lines = 0
    with written(path) as to:
        to.write(csv_line(_COLUMNS))

        def write(found: RowFault | MediaFinding) -> None:
            nonlocal lines
            lines += 1
            texts = _cells(found)
            to.write(csv_line([found.row, found.line, *(as_text(escape(text)) for text in texts)]))

        yield write
    say_written(path, counted(lines, "problem"))


def _cells(found: RowFault | MediaFinding) -> tuple[str, str, str, str]:
    """Return column, value, problem and status."""
    from wa_bulk.campaign.media import MediaFinding

    if isinstance(found, MediaFinding):
        return " + ".join(found.columns), found.link or "", f"{found.kind} {found.text}", found.status
    return found.column, found.value, found.reason, found.status


def show(
    report: CheckReport, console: Console, base_url: str | None = None, *, with_rates: bool = False
) -> None:
    """Print what was found; `with_rates`, and what it costs, where the account at `base_url` told of that."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from wa_bulk.cli.findings import WARNING, causes_table
    from wa_bulk.report.terminal import COLOURS
    from wa_bulk.report.words import counted, plain

    sheet = "" if report.sheet is None else f", sheet {report.sheet}"
    rows = counted(report.rows, "row")
    console.print(Text.assemble((report.campaign, "bold"), f", {rows} of {report.recipients}{sheet}"))
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
        ("skipped", report.skipped, COLOURS["skipped"], "are not to be sent, such as duplicates"),
        ("doubtful", report.doubtful, WARNING, "of the ready ones have a number that nobody can have"),
        ("warnings", report.warned, WARNING, "of the ready ones have a value that looks like a mistake"),
    ):
        if number or name == "ready":
            counts.add_row(Text(f"  {name}", style), f"{number:,}", Text(meaning, "dim"))
    console.print(counts)
    for error in report.errors:
        console.print(Padding(Text(f"error: {plain(error)}", COLOURS["rejected"]), (0, 0, 0, 2)))
    for warning in report.warnings:
        console.print(Padding(Text(f"warning: {plain(warning)}", WARNING), (0, 0, 0, 2)))
    for note in report.notes:
        console.print(Padding(Text(f"note: {plain(note)}", "dim"), (0, 0, 0, 2)))
    show_destinations(console, report, with_rates=with_rates)
    if with_rates:
        show_estimates(console, report, known_estimates(base_url))
    if report.causes:
        console.print()
        console.print(Padding(causes_table(report.causes, at_most=_CAUSES_SHOWN), (0, 0, 0, 2), expand=False))
        console.print(Text("  Row by row: --csv FILE", "dim"))
    if report.media is not None:
        show_media(console, report.media)

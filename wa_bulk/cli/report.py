"""`wa-bulk report`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

import click

from wa_bulk.cli import options
from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.report.summary import Summary

_WRITTEN = options.FilePath(writable=True, allow_dash=True)


@click.command("report")
@options.log_argument
@options.option(
    "--json", "as_json", is_flag=True, help="The summary as JSON on stdout; its keys are kept stable."
)
@options.option(
    "--html", type=_WRITTEN, metavar="FILE", help="The summary as a page that needs nothing else."
)
@options.option("--csv", type=_WRITTEN, metavar="FILE", help="Every row with its final status; - is stdout.")
@options.debug
def command(log: Path, as_json: bool, html: Path | None, csv: Path | None) -> None:
    """Sum up a run from its log.

    Works on any log: of a run that is finished, stopped, cut off by a crash, or still running.

    \b
    Examples:
      wa-bulk report orders-1f0c.jsonl
      wa-bulk report orders-1f0c.jsonl --html report.html
      wa-bulk report orders-1f0c.jsonl --csv - | grep ,unknown,
    """
    from wa_bulk.report.summary import summarise

    summary = None if csv is not None and not (as_json or html) else summarise(log)
    _refuse_to_overwrite(log, summary, [path for path in (csv, html) if path is not None])
    if csv is not None:
        from wa_bulk.report.table import write_table

        with cast("TextIO", click.open_file(csv, "w", encoding="utf-8")) as to:
            write_table(log, to)
    if summary is None:
        return
    if html is not None:
        from wa_bulk.report.page import page

        with click.open_file(html, "w", encoding="utf-8") as to:
            to.write(page(summary))
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(summary)))
    elif html is None:
        from rich.console import Console

        from wa_bulk.report.terminal import show

        show(summary, Console(file=sys.stdout, highlight=False))


def _refuse_to_overwrite(log: Path, summary: Summary | None, written: list[Path]) -> None:
    """Raise `Problem` where a report would overwrite the log, or the files that its run began with.

    Raises LogError where there is no log, before anything is overwritten for it.
    """
    from wa_bulk.ledger.log_reader import read_run

    if summary is not None:
        campaign, source = summary.campaign, summary.source
    else:
        run = read_run(log)
        campaign, source = run.campaign, run.source.path
    for what, path in (
        ("the log", log),
        ("the campaign file of that run", Path(campaign)),
        ("the recipients' file of that run", Path(source)),
    ):
        for to in written:
            if to.exists() and path.exists() and path.samefile(to):
                raise Problem(f"{to} is {what}: a report must not overwrite it", "Name another file.")

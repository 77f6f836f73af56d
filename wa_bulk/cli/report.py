"""`wa-bulk report`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from wa_bulk.cli import options
from wa_bulk.cli.output import STDOUT, echo_json, is_stream, refuse_to_overwrite, say_written, written
from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from wa_bulk.history import Deliveries
    from wa_bulk.report.summary import Summary

_T = TypeVar("_T")
_WRITTEN = options.FilePath(writable=True, allow_dash=True)


@click.command("report")
@options.log_argument
@options.option(
    "--json", "as_json", is_flag=True, help="The summary as JSON on stdout; its keys are kept stable."
)
@options.option(
    "--html", type=_WRITTEN, metavar="FILE", help="The summary as a page that needs nothing else."
)
@options.option(
    "--csv", type=_WRITTEN, metavar="FILE", help="Every row, in order, with its status; - is stdout."
)
@options.option(
    "--rows",
    metavar="STATUS[,STATUS...]",
    help="With --csv: only the rows of these statuses, in the recipients' own columns, with status and "
    "reason: mend them and send them again.",
)
@options.option("--follow", is_flag=True, help="Watch a run that is going on, and sum it up when it ends.")
@options.option("--mask", is_flag=True, help="Hide all but the last three digits of every number.")
@options.debug
def command(
    log: Path,
    as_json: bool,
    html: Path | None,
    csv: Path | None,
    rows: str | None,
    follow: bool,
    mask: bool,
) -> None:
    """Sum up a run from its log.

    Works on any log: of a run that is finished, stopped, cut off by a crash, or still running.

    \b
    Examples:
      wa-bulk report orders-1f0c.jsonl
      wa-bulk report orders-1f0c.jsonl --follow
      wa-bulk report orders-1f0c.jsonl --html report.html
      wa-bulk report orders-1f0c.jsonl --csv - | grep ,unknown,
      wa-bulk report orders-1f0c.jsonl --rows rejected,failed --csv fix.csv
    """
    from wa_bulk.report.mask import masked
    from wa_bulk.report.summary import summarise

    _refuse_to_overwrite(log, [path for path in (csv, html) if path is not None])
    if follow:
        _follow(log, on_stdout=not as_json and STDOUT not in (csv, html), mask=mask)
    if rows is not None:
        _write_rows(log, rows, csv, mask=mask)
    elif csv is not None:
        _write_table(log, csv, mask=mask)
    if csv is not None and not (as_json or html):
        return
    summary = _with_callbacks(log, partial(summarise, log)) or summarise(log)
    if mask:
        summary = masked(summary)
    if html is not None:
        from wa_bulk.report.page import page

        with written(html) as to:
            to.write(page(summary))
        say_written(html)
    if as_json:
        import msgspec

        echo_json(msgspec.json.format(msgspec.json.encode(summary)))
    elif html is None:
        _show(summary)


def _follow(log: Path, *, on_stdout: bool, mask: bool) -> None:
    from rich.console import Console

    from wa_bulk.cli.following import watch

    # Where stdout is for something else, what is seen meanwhile is progress.
    console = Console(file=sys.stdout) if on_stdout else Console(stderr=True)

    def read(deliveries: Deliveries) -> bool:
        watch(log, console, deliveries, mask=mask)
        return True

    if not _with_callbacks(log, read):
        watch(log, console, None, mask=mask)


def _with_callbacks(log: Path, read: Callable[[Deliveries], _T]) -> _T | None:
    """Return what `read` makes of what callbacks said; None where no callbacks can be asked."""
    from wa_bulk.cli.memory import existing_memory
    from wa_bulk.history import HistoryError
    from wa_bulk.ledger.log_reader import read_run

    try:
        history = existing_memory(read_run(log).base_url)
        if history is not None:
            with history:
                return read(history.deliveries)
    except HistoryError as error:
        click.echo(f"What became of accepted messages is not known: {error}", err=True)
    return None


def _show(summary: Summary) -> None:
    from rich.console import Console

    from wa_bulk.report.terminal import show

    show(summary, Console(file=sys.stdout, highlight=False))


def _write_table(log: Path, csv: Path, *, mask: bool) -> None:
    from wa_bulk.report.delivery_cells import DeliveryCells
    from wa_bulk.report.table import write_table
    from wa_bulk.report.words import counted

    delivery = _with_callbacks(log, partial(DeliveryCells.of_log, log))
    with written(csv) as to:
        rows = write_table(log, to, delivery, mask=mask, for_terminal=is_stream(csv))
    say_written(csv, counted(rows, "row"))


def _write_rows(log: Path, rows: str, csv: Path | None, *, mask: bool) -> None:
    from wa_bulk.campaign.selections.spec import CALLBACK_STATUSES, LOG_STATUSES
    from wa_bulk.report.delivery_cells import DeliveryCells
    from wa_bulk.report.mend import form_of, source_of, write_rows
    from wa_bulk.report.words import counted

    statuses = [name.strip() for name in rows.split(",")]
    for name in statuses:
        if name not in (*LOG_STATUSES, *CALLBACK_STATUSES) and not (name.isascii() and name.isdigit()):
            expected = ", ".join((*LOG_STATUSES, *CALLBACK_STATUSES))
            raise click.BadParameter(
                f"{name!r}: expected {expected}, or one of Meta's codes", param_hint="--rows"
            )
    if csv is None:
        raise click.UsageError("--rows goes with --csv FILE, where those rows are written; - is stdout")
    if mask:
        raise click.UsageError("--mask would leave rows that cannot be sent again: leave out one of both")
    source = source_of(log)
    delivery = None
    if not set(statuses) <= set(LOG_STATUSES):
        delivery = _with_callbacks(log, partial(DeliveryCells.of_log, log))
        if delivery is None:
            raise Problem("no callback speaks of this run", "`wa-bulk callbacks` receives them.")
    with written(csv, form_of(log, source)[0]) as to:
        seen = csv == STDOUT and sys.stdout.isatty()
        count = write_rows(log, source, statuses, to, delivery, for_terminal=seen)
    say_written(csv, f"{counted(count, 'row')}, {' and '.join(statuses)}")


def _refuse_to_overwrite(log: Path, outputs: list[Path]) -> None:
    """Raise `Problem` where a report would overwrite a log, or the files that its run began with.

    Raises LogError where there is no log, before anything is overwritten for it.
    """
    from wa_bulk.ledger.log_reader import read_run

    run = read_run(log)
    inputs = (
        ("the log of that run", log),
        ("the campaign file of that run", Path(run.campaign)),
        ("the recipients' file of that run", Path(run.source.path)),
    )
    for to in outputs:
        refuse_to_overwrite(to, inputs)
        if to.is_file() and _sha256(to) in (run.source.sha256, run.campaign_sha256):
            raise Problem(
                f"{to} holds what that run began with, and must not be overwritten", "Name another file."
            )
    if len({to.resolve() for to in outputs}) < len(outputs):
        raise Problem(f"{outputs[0]} is named for two reports: name a file for each")


def _sha256(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

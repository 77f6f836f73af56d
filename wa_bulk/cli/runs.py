"""`wa-bulk runs`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from wa_bulk.cli import options
from wa_bulk.cli.memory import memory_path

if TYPE_CHECKING:
    from rich.table import Table

    from wa_bulk.history import RunRecord

_STATE = {"finished": "green", "running": "cyan", "stopped": "yellow", "unknown": "red"}
_WHY = {
    "fatal": "a fatal answer",
    "failures": "too many failures",
    "interrupted": "interrupted",
    "limit": "--limit",
    "crash": "its process was ended",
}


@click.command("runs")
@options.option("--json", "as_json", is_flag=True, help="A JSON array on stdout; its keys are kept stable.")
@options.debug
def command(as_json: bool) -> None:
    """List the runs of this account, the newest first.

    Name, start, state, how many rows have which status, and the log. The account's memory knows which runs
    there are; what became of their rows is read from the logs, as far as these are still where they were.

    \b
    Examples:
      wa-bulk runs
      wa-bulk runs --json | jq '.[] | select(.state != "finished") | .log'
    """
    from wa_bulk.cli.progress import reading

    with reading("reading the logs …"):
        runs = known_runs()
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode([_values(run) for run in runs])))
    elif not runs:
        click.echo(f"No run is known: {memory_path()} has none.", err=True)
    else:
        from rich.console import Console

        Console(file=sys.stdout, highlight=False).print(_table(runs))


def known_runs() -> list[RunRecord]:
    """Return the runs that the memory knows, newest first, each as its log tells of it now."""
    from wa_bulk.history import History, caught_up

    history = History.open_existing(memory_path())
    if history is None:
        return []
    with history:
        return [caught_up(history.runs, run) for run in history.runs.all()]


def _values(run: RunRecord) -> dict[str, object]:
    started = datetime.fromtimestamp(run.started_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return {
        "run_id": run.run_id,
        "name": run.name,
        "started": started.replace("+00:00", "Z"),
        "state": run.state,
        "stopped": run.stopped,
        "rows": run.rows,
        "totals": run.totals,
        "log": run.log,
        "base_url": run.base_url,
    }


def _table(runs: list[RunRecord]) -> Table:
    import msgspec
    from rich.table import Table
    from rich.text import Text

    from wa_bulk.report.tally import STATUSES
    from wa_bulk.report.terminal import COLOURS
    from wa_bulk.report.words import plain

    counts = [msgspec.structs.asdict(run.totals) for run in runs]
    shown = [status for status in STATUSES if any(count[status] for count in counts)]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("name", "started", "state"):
        table.add_column(title)
    for status in ("rows", *shown):
        table.add_column(Text(status, COLOURS.get(status, "")), justify="right")
    table.add_column("log", overflow="fold")
    for run, count in zip(runs, counts, strict=True):
        state = run.state if run.stopped is None else f"{run.state}: {_WHY[run.stopped]}"
        table.add_row(
            plain(run.name),
            f"{datetime.fromtimestamp(run.started_ms / 1000).astimezone():%Y-%m-%d %H:%M}",
            Text(state, _STATE[run.state]),
            *(f"{number:,}" if number else "·" for number in (run.rows, *(count[s] for s in shown))),
            plain(run.log),
        )
    return table

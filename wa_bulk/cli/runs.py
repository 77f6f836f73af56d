"""`wa-bulk runs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from wa_bulk.cli import options
from wa_bulk.cli.memory import existing_memory
from wa_bulk.cli.output import echo_json

if TYPE_CHECKING:
    from rich.text import Text

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
@options.base_url
@options.debug
def command(as_json: bool, base_url: str | None) -> None:
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
        runs = known_runs(base_url)
    if as_json:
        import msgspec

        echo_json(msgspec.json.format(msgspec.json.encode([_values(run) for run in runs])))
    elif not runs:
        click.echo("No run is known: the account's memory has none.", err=True)
    else:
        from rich.console import Console

        console = Console(file=sys.stdout, highlight=False)
        name_width = max(len(run.name) for run in runs)
        for run in runs:
            for line in _lines(run, name_width):
                console.print(line, soft_wrap=True)


def known_runs(base_url: str | None) -> list[RunRecord]:
    """Return the runs known of the API at `base_url`, newest first, each as its log tells of it now."""
    from wa_bulk.history import caught_up

    history = existing_memory(base_url)
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
        "log": run.log or None,
        "base_url": run.base_url,
    }


def what_became_of_rows(run: RunRecord) -> str:
    """Return a run's totals in a line: `12,000 accepted, 64 unknown of 1,000,000 rows`."""
    import msgspec

    from wa_bulk.report.words import counted

    totals = msgspec.structs.asdict(run.totals)
    counts = ", ".join(f"{count:,} {status}" for status, count in totals.items() if count)
    return f"{counts or 'none'} of {counted(run.rows, 'row')}"


def _lines(run: RunRecord, name_width: int) -> Iterator[Text]:
    from rich.text import Text

    from wa_bulk.report.words import plain

    started = datetime.fromtimestamp(run.started_ms / 1000).astimezone()
    state = run.state if run.stopped is None else f"{run.state}: {_WHY[run.stopped]}"
    head = Text(f"{plain(run.name):<{name_width}}  ", "bold")
    yield head.append(f"{started:%Y-%m-%d %H:%M}  ", "default").append(state, _STATE[run.state])
    yield Text(f"  {what_became_of_rows(run)}")
    where = plain(run.log) or f"not collected yet: wa-bulk cluster status {run.run_id}"
    yield Text(f"  {where}", "dim")

"""`wa-bulk demo`."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from wa_bulk.cli import exits, options
from wa_bulk.cli.interrupt import two_step
from wa_bulk.cli.output import written
from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from wa_bulk.campaign.run.run import RunSummary
    from wa_bulk.history import Deliveries
    from wa_bulk.ledger.log_format import Totals
    from wa_bulk.sandbox import Sandbox
    from wa_bulk.send.account import Account

_FOLDER = "wa-bulk-demo"
_LATENCY_MS = 60.0
_TRIES = 3
_FAILURES = {"131026": 0.03, "131049": 0.015, "131050": 0.005}
_CALLBACKS_WITHIN_S = 10.0


@click.command("demo")
@options.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help=f"Where to write the sample, a new or empty folder.  [default: ./{_FOLDER}]",
)
@options.option(
    "--stay", is_flag=True, help="Keep the local EngageLab running afterwards, to look at its inbox."
)
@options.debug
def command(folder: Path | None, stay: bool) -> None:
    """Send a sample campaign to a local EngageLab.

    Needs no account and no network, and reaches nobody. Writes a campaign with 1,200 recipients, some of
    them faulty, and a small one for each other kind of message; sends them all; hears by callbacks how far
    they came, and settles what was unknown; leaves the files, the logs and a report for you to look at.

    \b
    Examples:
      wa-bulk demo
      wa-bulk demo --stay        then open the inbox in a browser
    """
    from wa_bulk.cli import loop
    from wa_bulk.cli.sample import write_sample

    folder = _made(folder) if folder is not None else _free_folder()
    campaigns = write_sample(folder)
    raise click.exceptions.Exit(loop.run(_demonstrate(folder, campaigns, stay=stay)))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Problem(
            f"{folder} is not empty", "Choose a new folder with --dir: the sample is written there."
        )
    return folder


def _free_folder() -> Path:
    """Create a folder here or, where this one may not be written to, in the place for temporary files."""
    number = 1
    while True:
        folder = Path(_FOLDER if number == 1 else f"{_FOLDER}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        except OSError:
            return Path(tempfile.mkdtemp(prefix=f"{_FOLDER}-"))
        else:
            return folder


async def _demonstrate(folder: Path, campaigns: list[Path], *, stay: bool) -> int:
    from rich.console import Console

    from wa_bulk.callbacks import CallbackStore, listening, receiver_app
    from wa_bulk.cli.sample import ORDERS, customers
    from wa_bulk.history import History, history_path
    from wa_bulk.sandbox import (
        CallbackSettings,
        Delivery,
        FaultSettings,
        Latency,
        Sandbox,
        SandboxSettings,
    )
    from wa_bulk.send.account import Account

    progress = Console(stderr=True, highlight=False)
    latency = Latency(shape="normal", ms=_LATENCY_MS, spread_ms=_LATENCY_MS / 3)
    delivery = Delivery(delivered_after_s=0.5, read_after_s=0.8, read_share=0.8, failures=_FAILURES)
    settings = SandboxSettings(faults=FaultSettings(latency=latency), delivery=delivery)
    async with (
        Sandbox(settings) as sandbox,
        CallbackStore.open(history_path(sandbox.url)) as store,
        listening(receiver_app(store), "127.0.0.1", 0) as port,
    ):
        sandbox.set_callbacks(CallbackSettings(url=f"http://127.0.0.1:{port}/"))
        progress.print(f"The inbox: {sandbox.url}/  (a local EngageLab: nothing leaves this machine)")
        progress.print(f"Sending to {ORDERS:,} recipients, then a few of each other kind of message.\n")
        for number, name, *_ in customers():
            sandbox.reply(number, f"Hi, {name} here. Where is my order?")
        account = Account(sandbox.key, sandbox.secret, sandbox.url)
        totals: dict[str, Totals] = {}
        for campaign in campaigns:
            summary = await _send(campaign, account, progress)
            totals[campaign.stem] = summary.totals
            if summary.stopped is not None:
                progress.print(f"The demo ends here: {summary.detail}.")
                return exits.of_run(summary.stopped, {})
        with suppress(TimeoutError):
            async with asyncio.timeout(_CALLBACKS_WITHIN_S):
                await sandbox.settled()
        with History.open(store.path) as history:
            totals[campaigns[0].stem] = _settle(campaigns[0], history.deliveries, progress)
            _show(folder, campaigns[0], totals, history.deliveries)
        if stay:
            await _stay(sandbox, progress)
    return exits.FINISHED


async def _send(campaign: Path, account: Account, progress: Console) -> RunSummary:
    from wa_bulk.campaign.file import load
    from wa_bulk.campaign.run.plan import prepare
    from wa_bulk.campaign.run.run import CampaignRun
    from wa_bulk.campaign.settings import Settings
    from wa_bulk.cli.running import watched

    settings = Settings(rate=load(campaign).rate, tries=_TRIES)
    plan = prepare(campaign, log=campaign.with_suffix(".jsonl"), settings=settings)
    return await watched(CampaignRun(plan, account), plan, progress)


def _settle(campaign: Path, deliveries: Deliveries, progress: Console) -> Totals:
    """Have callbacks settle the rows of a campaign that are unknown, and say so."""
    from wa_bulk.callbacks.settle import settle
    from wa_bulk.cli.settle import in_words
    from wa_bulk.ledger.lock import LockedLog
    from wa_bulk.ledger.past import read_past

    claimed = LockedLog.claim(campaign.with_suffix(".jsonl"))
    try:
        settled = settle(claimed, read_past(claimed.path), deliveries)
    finally:
        claimed.close()
    progress.print(f"{campaign.stem}: {in_words(settled)}\n")
    return settled.totals


async def _stay(sandbox: Sandbox, progress: Console) -> None:
    progress.print("\n[bold]From a service, in Python[/]  (paste it into `python -m asyncio`)\n")
    progress.print(_snippet(sandbox), markup=False, soft_wrap=True)
    progress.print(f"[bold]The inbox is at {sandbox.url}/[/]  (Ctrl-C ends it)")
    end = asyncio.Event()
    with two_step(end.set, before_exit=lambda: None):
        await end.wait()


def _snippet(sandbox: Sandbox) -> str:
    """Return lines that send a message: a template, which reaches people who did not write before."""
    return f"""\
from wa_bulk import Client, Message

async with Client("{sandbox.key}", "{sandbox.secret}", base_url="{sandbox.url}") as client:
    message = Message.template("+12125550199", "order_update", "en", body=["Ada", "$12.50"])
    print(await client.send(message))

"""


def _show(folder: Path, main: Path, totals: dict[str, Totals], deliveries: Deliveries) -> None:
    """Write the page, then print the sums, the reasons and what there is to try."""
    from rich.console import Console
    from rich.text import Text

    from wa_bulk.report.page import page
    from wa_bulk.report.sections.funnel import how_far
    from wa_bulk.report.summary import summarise
    from wa_bulk.report.terminal import causes

    summary = summarise(main.with_suffix(".jsonl"), deliveries)
    with written(folder / "report.html") as to:
        to.write(page(summary))
    console = Console(highlight=False)
    console.print(_table(totals))
    console.print(f"\n[bold]Why some of {main.stem} were not accepted[/]")
    console.print(causes(summary.causes))
    console.print("\n[bold]How far the accepted ones came, by the callbacks[/]")
    for part in how_far(summary):
        console.print(part)
    _list(
        console,
        f"Have a look, in {folder}/",
        {
            main.name: "the API's own request, with {columns}",
            "orders.csv": "the recipients, as faulty as in life",
            f"{main.stem}.jsonl": "the log: what became of each row",
            "report.html": "the report, for a browser",
        },
    )
    _list(
        console,
        f"Try next, in {folder}/",
        {
            **_activation(),
            f"wa-bulk preview {main.name} --row 3": "the exact request of a row",
            f"wa-bulk check {main.name}": "what is wrong, before sending",
            f"wa-bulk report {main.stem}.jsonl": "and the rows nobody knows about",
        },
    )
    _list(
        console,
        "Or anywhere",
        {
            "wa-bulk demo --stay": "to look into the inbox afterwards",
            "wa-bulk sandbox": "the local EngageLab for your own use",
        },
    )
    report = folder / "report.html"
    console.print(Text.assemble("\n", ("The report:  ", "bold"), _link(report, console)), soft_wrap=True)


def _link(path: Path, console: Console) -> Text:
    """Return a path that can be clicked, on a terminal that knows how to."""
    from rich.text import Text

    return Text(str(path), f"cyan link {path.resolve().as_uri()}" if console.is_terminal else "")


def _activation() -> dict[str, str]:
    """Return what makes `wa-bulk` a command where it is none, as after `python3 dev.py demo`."""
    activate = Path(sys.executable).with_name("activate")
    if shutil.which("wa-bulk") or not activate.exists():
        return {}
    return {f". {shlex.quote(str(activate))}": "first, so that wa-bulk is found"}


def _list(console: Console, title: str, entries: dict[str, str]) -> None:
    console.print(f"\n{title}", style="bold", markup=False)
    width = max(map(len, entries))
    for what, why in entries.items():
        console.print(f"  [cyan]{what:<{width}}[/]  {why}", soft_wrap=True)


def _table(totals: dict[str, Totals]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from wa_bulk.report.tally import STATUSES
    from wa_bulk.report.terminal import COLOURS

    table = Table(box=None, pad_edge=False, show_footer=True)
    counts = {name: msgspec.structs.asdict(one) for name, one in totals.items()}
    columns: dict[str, list[int]] = {status: [one[status] for one in counts.values()] for status in STATUSES}
    columns["rows"] = [sum(one.values()) for one in counts.values()]
    table.add_column("campaign", "all")
    for name, numbers in columns.items():
        table.add_column(Text(name, COLOURS.get(name, "bold")), f"{sum(numbers):,}", justify="right")
    for name, *numbers in zip(counts, *columns.values(), strict=True):
        table.add_row(name, *(f"{number:,}" if number else "·" for number in numbers))
    return table

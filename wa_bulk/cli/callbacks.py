"""`wa-bulk callbacks`."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import click

from wa_bulk.cli import dotenv, memory, options
from wa_bulk.cli.problem import cannot_listen

if TYPE_CHECKING:
    from wa_bulk.callbacks import CallbackStore, OptOutWords

SECRET_VARIABLE = "WA_BULK_CALLBACK_SECRET"

_PATH = re.compile(r"/[A-Za-z0-9._~/-]*").fullmatch


class Keep(options.Duration):
    """How long rows are kept, in seconds; None for ever."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the seconds of `90d`, `12h` or `4w`."""
        return None if value == "forever" else super().convert(value, param, ctx)


def _path(_context: click.Context, _parameter: click.Parameter, path: str) -> str:
    """Return a path that a callback address can have."""
    if not _PATH(path):
        raise click.BadParameter(f"{path!r}: expected a path such as /callbacks-7f3a, in plain characters")
    return path


@click.command("callbacks")
@options.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@options.option(
    "--port",
    type=options.WholeNumber(0, 65535),
    default=8026,
    show_default=True,
    metavar="N",
    help="0: a free one.",
)
@options.option(
    "--path",
    default="/",
    show_default=True,
    metavar="PATH",
    callback=_path,
    help="Where callbacks are posted to. One that nobody can guess keeps others out.",
)
@options.option(
    "--keep",
    type=Keep(),
    default="90d",
    show_default=True,
    metavar="TIME",
    help="How long callbacks are kept: days (d), hours (h), weeks (w), or `forever`.",
)
@options.option(
    "--stop-word",
    "stop_words",
    multiple=True,
    metavar="WORD",
    help="A further word by which people ask not to be written to. May be given several times.",
)
@options.option(
    "--start-word",
    "start_words",
    multiple=True,
    metavar="WORD",
    help="A further word that takes STOP back. May be given several times.",
)
@options.option(
    "--adopt",
    is_flag=True,
    help="Take in the callbacks that were refused for their signature alone, and end.",
)
@options.debug
def command(
    host: str,
    port: int,
    path: str,
    keep: float | None,
    stop_words: tuple[str, ...],
    start_words: tuple[str, ...],
    adopt: bool,
) -> None:
    """Receive what became of the messages, and what people wrote back.

    Listens for EngageLab's callbacks and stores each before it answers. Numbers whose people write STOP, in
    any of some thirty languages, are written to no more. Set WA_BULK_CALLBACK_SECRET to have signatures
    checked. Everything goes into the account's memory: WA_BULK_DB, or else a file in your data folder.

    \b
    Examples:
      wa-bulk callbacks
      wa-bulk callbacks --path /callbacks-7f3a9c --keep 30d
      wa-bulk callbacks --adopt
    """
    from wa_bulk.callbacks import CallbackStore
    from wa_bulk.cli import loop

    dotenv.say_used(SECRET_VARIABLE)
    secret = os.environ.get(SECRET_VARIABLE, "").strip() or None
    store = CallbackStore.open(memory.memory_path(), words=_words(stop_words, start_words), keep_s=keep)
    if adopt:
        loop.run(_adopt(store))
        return
    try:
        loop.run(_receive(store, secret, host, port, path))
    except OSError as error:
        raise cannot_listen(error, host, port, "Are callbacks being received already?") from None


def _words(stop: tuple[str, ...], start: tuple[str, ...]) -> OptOutWords:
    from wa_bulk.callbacks import OptOutWords

    try:
        return OptOutWords(stop, start)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


async def _adopt(store: CallbackStore) -> None:
    async with store:
        requests, rows = await store.adopt()
    click.echo(f"{requests:,} refused requests taken in, with {rows:,} rows that were not known.", err=True)


async def _receive(store: CallbackStore, secret: str | None, host: str, port: int, path: str) -> None:
    import asyncio

    from wa_bulk.callbacks import Counters, listening, receiver_app
    from wa_bulk.cli.callback_display import CallbackDisplay
    from wa_bulk.cli.interrupt import two_step

    stop = asyncio.Event()
    counters = Counters()
    display = CallbackDisplay(counters)
    app = receiver_app(store, secret, display.show_row, path=path, counters=counters)
    with two_step(stop.set, display.leave):
        async with store, display, listening(app, host, port) as listening_port:
            refused = await store.count_set_aside("signature")
            _announce(store, host, listening_port, path, signed=secret is not None, refused=refused)
            display.start()
            await stop.wait()


def _announce(store: CallbackStore, host: str, port: int, path: str, *, signed: bool, refused: int) -> None:
    from wa_bulk.api.loopback import http_address, is_loopback
    from wa_bulk.callbacks import HEALTH_PATH

    base = http_address(host, port)
    click.echo(f"{click.style('Callbacks', bold=True)} are received at {base}{path}", err=True)
    click.echo(f"  memory      {store.path}", err=True)
    click.echo(f"  health      {base}{HEALTH_PATH}", err=True)
    checked = "checked" if signed else f"not checked: {SECRET_VARIABLE} is not set"
    click.echo(f"  signatures  {checked}", err=True)
    if not signed and path == "/" and not is_loopback(host):
        click.secho(
            "  Whoever reaches this address can post callbacks: choose a --path that nobody can guess.",
            fg="yellow",
            err=True,
        )
    if refused:
        click.secho(
            f"  {refused:,} requests that were refused for their signature are kept. If they were genuine:\n"
            "  wa-bulk callbacks --adopt",
            fg="yellow",
            err=True,
        )
    click.echo("Ctrl-C ends it.", err=True)

"""`wa-bulk callbacks`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from wa_bulk.cli import dotenv, memory, options
from wa_bulk.cli.problem import cannot_listen
from wa_bulk.cli.redis import VARIABLE, shown, with_redis

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from wa_bulk.callbacks import CallbackStore, OptOutWords
    from wa_bulk.callbacks.sink import CallbackSink

SECRET_VARIABLE = "WA_BULK_CALLBACK_SECRET"

_PATH = re.compile(r"/[A-Za-z0-9._~/-]*").fullmatch


class Keep(options.Duration):
    """How long rows are kept, in seconds; None for ever."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the seconds of `90d`, `12h` or `4w`."""
        return None if value == "forever" else super().convert(value, param, ctx)


keep_option = options.option(
    "--keep",
    type=Keep(),
    default="90d",
    show_default=True,
    metavar="TIME",
    help="How long callbacks are kept: days (d), hours (h), weeks (w), or `forever`.",
)


class Place(NamedTuple):
    """Where to listen, for what, and the secret that it is signed with."""

    host: str
    port: int
    path: str
    secret: str | None


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
@keep_option
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
@options.option(
    "--redis",
    "redis_url",
    metavar="[URL]",
    is_flag=False,
    flag_value="",
    help="One of several receivers, on any machines: put callbacks into this Redis, from where `wa-bulk "
    f"cluster collect` brings them into the memory. Without URL: {VARIABLE}.",
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
    redis_url: str | None,
) -> None:
    """Receive what became of the messages, and what people wrote back.

    Listens for EngageLab's callbacks and stores each before it answers. Numbers whose people write STOP, in
    any of some thirty languages, are written to no more. Set WA_BULK_CALLBACK_SECRET to have signatures
    checked. Everything goes into the account's memory: WA_BULK_DB, or else a file in your data folder. With
    --redis it goes there by way of Redis.

    \b
    Examples:
      wa-bulk callbacks
      wa-bulk callbacks --path /callbacks-7f3a9c --keep 30d
      wa-bulk callbacks --adopt
      wa-bulk callbacks --redis redis://10.0.0.5:6379/0
    """
    from wa_bulk.callbacks import CallbackStore
    from wa_bulk.cli import loop

    words = _words(stop_words, start_words)
    if redis_url is not None:
        _refuse_options_of_the_memory()
    dotenv.say_used(SECRET_VARIABLE)
    place = Place(host, port, path, os.environ.get(SECRET_VARIABLE, "").strip() or None)
    try:
        if redis_url is not None:
            url = redis_url or os.environ.get(VARIABLE)
            with_redis(url, lambda redis, url: _share(redis, url, place, stop_words, start_words), warn=True)
            return
        store = CallbackStore.open(memory.memory_path(), words=words, keep_s=keep)
        loop.run(_adopt(store) if adopt else _receive(store, place))
    except (OSError, UnicodeError) as error:
        raise cannot_listen(error, host, port, "Are callbacks being received already?") from None


def _refuse_options_of_the_memory() -> None:
    """Raise UsageError where an option is given that is about the memory: callbacks go into Redis."""
    context = click.get_current_context()
    for name in ("keep", "adopt"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            where = "give it to `wa-bulk cluster collect`" if name == "keep" else "leave out --redis"
            raise click.UsageError(f"--{name} is about the account's memory: {where} on the memory's machine")


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


async def _receive(store: CallbackStore, place: Place) -> None:
    async with store:
        refused = await store.count_set_aside("signature")
        warning = (
            f"{refused:,} requests that were refused for their signature are kept. If they were genuine:\n"
            "  wa-bulk callbacks --adopt"
        )
        await _listen(store, place, [("memory", str(store.path))], [warning] if refused else [])


async def _share(
    redis: Redis, url: str, place: Place, stop_words: tuple[str, ...], start_words: tuple[str, ...]
) -> None:
    from wa_bulk.cluster.callback_collector import collecting
    from wa_bulk.cluster.callback_entry import ExtraWords
    from wa_bulk.cluster.shared_callbacks import SharedCallbacks

    sink = SharedCallbacks(redis, url, ExtraWords(stop_words, start_words))
    facts, warnings = [("Redis", shown(url))], []
    known = await collecting(redis, url)
    if known.home is not None:
        facts.append(("collected", f"into {known.home}"))
    if known.collector is None:
        warnings.append(
            "Nobody collects callbacks at this moment. On the machine of the account's memory:\n"
            "  wa-bulk cluster collect --follow"
        )
    try:
        await _listen(sink, place, facts, warnings)
    finally:
        await sink.close()


async def _listen(
    sink: CallbackSink, place: Place, facts: Sequence[tuple[str, str]], warnings: Sequence[str]
) -> None:
    import asyncio

    from wa_bulk.callbacks import Counters, listening, receiver_app
    from wa_bulk.cli.callback_display import CallbackDisplay
    from wa_bulk.cli.interrupt import two_step

    stop = asyncio.Event()
    counters = Counters()
    display = CallbackDisplay(counters)
    app = receiver_app(sink, place.secret, display.show_row, path=place.path, counters=counters)
    with two_step(stop.set, display.leave):
        async with display, listening(app, place.host, place.port) as port:
            _announce(place._replace(port=port), facts, warnings)
            display.start()
            await stop.wait()


def _announce(place: Place, facts: Sequence[tuple[str, str]], warnings: Sequence[str]) -> None:
    from wa_bulk.api.loopback import http_address, is_loopback
    from wa_bulk.callbacks import HEALTH_PATH

    base = http_address(place.host, place.port)
    click.echo(f"{click.style('Callbacks', bold=True)} are received at {base}{place.path}", err=True)
    checked = "checked" if place.secret else f"not checked: {SECRET_VARIABLE} is not set"
    for name, fact in (*facts, ("health", f"{base}{HEALTH_PATH}"), ("signatures", checked)):
        click.echo(f"  {name:<10}  {fact}", err=True)
    if place.secret is None and place.path == "/" and not is_loopback(place.host):
        warnings = [
            "Whoever reaches this address can post callbacks: choose a --path that nobody can guess.",
            *warnings,
        ]
    for warning in warnings:
        click.secho(f"  {warning}", fg="yellow", err=True)
    click.echo("Ctrl-C ends it.", err=True)

"""`wa-bulk sandbox`."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from wa_bulk.cli import options
from wa_bulk.cli.problem import Problem, cannot_listen

if TYPE_CHECKING:
    from wa_bulk.sandbox import Sandbox, SandboxSettings

_SHARE = options.Number(min=0, max=1)


def _fault_share(text: str) -> tuple[str, float]:
    """Parse `NAME=SHARE`, as in `503=0.05`; the name is looked up later."""
    name, _, share = text.partition("=")
    try:
        return name, _SHARE.convert(share, None, None)
    except click.BadParameter:
        problem = f"{share} is no share of the requests, from 0 to 1" if share else "there is no =SHARE"
        raise click.BadParameter(f"{text!r}: {problem}; expected NAME=SHARE, as in 503=0.05") from None


def _credential(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    """Check that HTTP Basic authentication can carry a key or secret (RFC 7617)."""
    if not text or ":" in text or not (text.isascii() and text.isprintable()):
        raise click.BadParameter(f"{text!r}: expected ASCII characters without a colon")
    return text


@click.command("sandbox")
@options.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@options.option(
    "--port",
    type=options.WholeNumber(0, 65535),
    default=8025,
    show_default=True,
    metavar="N",
    help="0: a free one.",
)
@options.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    help="Answer to this host name too. Addresses, localhost and names without a dot need none of this. "
    "May be given several times.",
)
@options.option(
    "--key",
    default="sandbox",
    show_default=True,
    metavar="TEXT",
    callback=_credential,
    help="What clients sign in with.",
)
@options.option(
    "--secret",
    default="sandbox",
    show_default=True,
    metavar="TEXT",
    callback=_credential,
    help="What clients sign in with.",
)
@options.option(
    "--db", type=options.FILE, metavar="FILE", help="Keep everything in this SQLite file; else in memory."
)
@options.option(
    "--cap",
    type=options.WholeNumber(min=1),
    metavar="N",
    help="Keep the newest N messages.  [default: 100,000; with --db all]",
)
@options.option("--latency", type=options.ZERO_OR_MORE, metavar="MS", help="Delay every reply by this long.")
@options.option(
    "--latency-shape",
    type=click.Choice(["fixed", "normal", "long_tail"]),
    default="fixed",
    show_default=True,
    help="How --latency varies: not at all, around it, or up to ten times it for one reply in a hundred.",
)
@options.option(
    "--latency-spread",
    type=options.ZERO_OR_MORE,
    default=0,
    metavar="MS",
    help="The standard deviation of a normal --latency.",
)
@options.option(
    "--fault",
    "faults",
    type=_fault_share,
    multiple=True,
    metavar="NAME=SHARE",
    help="Have this happen to a share of the requests, as in 503=0.05. May be given several times.",
)
@options.option(
    "--max-per-second", type=options.WholeNumber(min=1), metavar="N", help="Answer 429 above this rate."
)
@options.option(
    "--outage",
    type=options.ZERO_OR_MORE,
    metavar="SECONDS",
    help="Be unavailable for this long from the start.",
)
@options.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="The same seed gives the same random choices.",
)
@options.option("--media", is_flag=True, help="Look at media's links, and fail what WhatsApp would not take.")
@options.option("--callback-url", metavar="URL", help="Post status callbacks there.")
@options.option(
    "--allow-callback-host",
    "allow_callback_hosts",
    multiple=True,
    metavar="NAME",
    help="Let callback addresses on this host be set while running, beside those on this machine; * for any. "
    "May be given several times.",
)
@options.option("--callback-secret", metavar="TEXT", help="Sign the callbacks with X-CALLBACK-ID.")
@options.option(
    "--numbers", is_flag=True, help="List the recipient numbers and names of the faults on purpose, and end."
)
@options.debug
def command(numbers: bool, media: bool, **chosen: Any) -> None:
    """Run a local EngageLab with an inbox.

    Any client of the real one can be pointed at it. Nothing is sent to phones: messages appear in the inbox,
    and can be made to fail on purpose.

    \b
    Examples:
      wa-bulk sandbox
      wa-bulk sandbox --latency 200 --fault 503=0.02 --fault reset-after=0.001
      wa-bulk sandbox --numbers
    """
    if numbers:
        _list_numbers()
        return

    from wa_bulk.cli import loop
    from wa_bulk.sandbox import StoreError, serve

    settings = _settings(**chosen)
    try:
        loop.run(_serve_with_media(settings) if media else serve(settings, _announce))
    except (OSError, UnicodeError) as error:
        raise cannot_listen(error, settings.host, settings.port, "Is a sandbox running already?") from None
    except StoreError as error:
        raise Problem(
            str(error), "--db takes a file that a sandbox made, or one that is not there yet."
        ) from None


async def _serve_with_media(settings: SandboxSettings) -> None:
    from wa_bulk.media import MediaChecker
    from wa_bulk.media.message_media import MessageMedia
    from wa_bulk.sandbox import serve

    async with MediaChecker(private=True) as checker:
        await serve(settings, _announce, MessageMedia(checker).problem)


def _settings(
    *,
    host: str,
    port: int,
    key: str,
    secret: str,
    allow_hosts: tuple[str, ...],
    allow_callback_hosts: tuple[str, ...],
    db: Path | None,
    cap: int | None,
    latency: float | None,
    latency_shape: Literal["fixed", "normal", "long_tail"],
    latency_spread: float,
    faults: tuple[tuple[str, float], ...],
    max_per_second: int | None,
    outage: float | None,
    seed: int,
    callback_url: str | None,
    callback_secret: str | None,
) -> SandboxSettings:
    import msgspec

    from wa_bulk.sandbox import CallbackSettings, FaultSettings, Latency, SandboxSettings

    try:
        return SandboxSettings(
            host=host,
            port=port,
            key=key,
            secret=secret,
            allow_hosts=allow_hosts,
            allow_callback_hosts=allow_callback_hosts,
            db=str(db) if db is not None else None,
            cap=cap,
            seed=seed,
            faults=FaultSettings(
                shares=dict(faults),
                latency=Latency(shape=latency_shape, ms=latency, spread_ms=latency_spread)
                if latency
                else None,
                max_per_second=max_per_second,
                outage_s=outage or 0.0,
                seed=seed,
            ),
            callbacks=msgspec.convert({"url": callback_url, "secret": callback_secret}, CallbackSettings),
        )
    except msgspec.ValidationError:
        raise click.UsageError(
            f"--callback-url {callback_url!r}: expected an http:// or https:// address"
        ) from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _announce(sandbox: Sandbox) -> None:
    from wa_bulk.api.loopback import is_loopback

    host = sandbox.settings.host
    own = (sandbox.key, sandbox.secret) != ("sandbox", "sandbox")
    key, secret = ("…", "…") if own else (sandbox.key, sandbox.secret)
    click.echo(f"{click.style('A local EngageLab', bold=True)} is listening on {sandbox.url}", err=True)
    click.echo(f"  inbox   {sandbox.url}/", err=True)
    click.echo(
        f"  sign in with the {'key and secret given' if own else 'key and secret `sandbox`'}", err=True
    )
    if host in _EVERY_ADDRESS:
        port = sandbox.url.rpartition(":")[2]
        if (address := _network_address()) is not None:
            click.echo(f"  from other machines    http://{address}:{port}", err=True)
        click.echo(f"  from other containers  http://sandbox:{port} if this one is called sandbox", err=True)
        click.echo("  (wa-bulk sends to these where WA_BULK_ALLOW_HTTP=1 is set)", err=True)
    if not is_loopback(host):
        click.secho(
            "  Anyone who can reach this address can read the messages and send more.", fg="yellow", err=True
        )
    click.echo(
        f"""
In another terminal:
  export WA_BULK_DEV_KEY={key} WA_BULK_DEV_SECRET={secret}
  export WA_BULK_BASE_URL={sandbox.url}
  wa-bulk send campaign.toml

Ctrl-C ends it.""",
        err=True,
    )


_EVERY_ADDRESS = ("", "0.0.0.0", "::")


def _network_address() -> str | None:
    """Return this machine's address towards the network, None where it has none. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documentation (RFC 5737); connecting only routes
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _list_numbers() -> None:
    from rich.console import Console
    from rich.table import Table

    from wa_bulk.sandbox import BEHAVIOURS

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("to", no_wrap=True)
    table.add_column("fault", no_wrap=True)
    table.add_column("what happens")
    for behaviour in BEHAVIOURS.values():
        table.add_row(behaviour.number, behaviour.name, behaviour.description)
    Console(highlight=False).print(table)

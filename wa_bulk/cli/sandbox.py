"""`wa-bulk sandbox`."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from wa_bulk.cli import options
from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.sandbox import Sandbox, SandboxSettings

_SHARE = options.Number(min=0, max=1)


def _fault_share(text: str) -> tuple[str, float]:
    """`NAME=SHARE`, as in `503=0.05`: the name, not looked up yet, and its share."""
    name, _, share = text.partition("=")
    try:
        return name, _SHARE.convert(share, None, None)
    except click.BadParameter:
        raise click.BadParameter(f"{text!r} is not of the form NAME=SHARE, as in 503=0.05") from None


def _credential(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    """A key or secret that HTTP Basic authentication can carry (RFC 7617) and the sender takes."""
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
@options.option(
    "--latency", type=options.ZERO_OR_MORE, metavar="MS", help="Keep every reply back for so long."
)
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
    "--outage", type=options.ZERO_OR_MORE, metavar="SECONDS", help="Be away for so long from the start."
)
@options.option(
    "--seed", type=int, default=0, show_default=True, metavar="N", help="The same seed, the same chances."
)
@options.option("--callback-url", metavar="URL", help="Post status callbacks there.")
@options.option("--callback-secret", metavar="TEXT", help="Sign the callbacks with X-CALLBACK-ID.")
@options.option(
    "--numbers", is_flag=True, help="List the recipients and faults that misbehave on purpose, and end."
)
@options.debug
def command(numbers: bool, **chosen: Any) -> None:
    """Run a local EngageLab with an inbox.

    Any client of the real one can be pointed at it. Nothing leaves this machine: what is sent can be seen in
    the inbox, and made to fail on purpose.

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
        loop.run(serve(settings, _announce))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "it is in use" if taken else error.strerror
        raise Problem(
            f"cannot listen on {settings.host} port {settings.port}: {why}",
            "Is a sandbox running already? --port 0 takes a free port." if taken else "",
        ) from None
    except StoreError as error:
        raise Problem(
            str(error), "--db takes a file that a sandbox made, or one that is not there yet."
        ) from None


def _settings(
    *,
    host: str,
    port: int,
    key: str,
    secret: str,
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
    from wa_bulk.send.loopback import is_loopback

    own = (sandbox.key, sandbox.secret) != ("sandbox", "sandbox")
    key, secret = ("…", "…") if own else (sandbox.key, sandbox.secret)
    click.echo(f"{click.style('A local EngageLab', bold=True)} is listening on {sandbox.url}", err=True)
    click.echo(f"  inbox   {sandbox.url}/", err=True)
    click.echo(
        f"  sign in with the {'key and secret given' if own else 'key and secret `sandbox`'}", err=True
    )
    if not is_loopback(sandbox.settings.host):
        click.secho(
            "  Whoever reaches this address can read the messages and send some.", fg="yellow", err=True
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


def _list_numbers() -> None:
    from rich.console import Console
    from rich.table import Table

    from wa_bulk.sandbox import BEHAVIOURS

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("to", no_wrap=True)
    table.add_column("fault", no_wrap=True)
    table.add_column("what happens")
    for behaviour in BEHAVIOURS.values():
        table.add_row(behaviour.number, behaviour.name, behaviour.does)
    Console(highlight=False).print(table)

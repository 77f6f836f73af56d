"""Options that several commands share, so that they read and behave the same everywhere."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wa_bulk.cli.paths import FilePath as FilePath
from wa_bulk.cli.paths import GivenFile

if TYPE_CHECKING:
    from click.types import OptionHelpExtra

_F = TypeVar("_F", bound=Callable[..., Any])


class Option(click.Option):
    """An option whose help leaves out the range of its numbers: the text says what matters of it."""

    def get_help_extra(self, ctx: click.Context) -> OptionHelpExtra:
        """Return what is shown in brackets behind the help."""
        extra = super().get_help_extra(ctx)
        extra.pop("range", None)
        return extra


option = partial(click.option, cls=Option)


class Number(click.FloatRange):
    """A number that is finite."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number; NaN and infinity are refused."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a valid number.", param, ctx)
        return number


class Named(click.types.StringParamType):
    """A text that names one of many things; `read` returns which, or raises ValueError."""

    name = "text"

    def __init__(self, read: Callable[[], Callable[[str], str]]) -> None:
        """`read` is imported when it is needed."""
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what is named."""
        try:
            return self._read()(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


def _country() -> Callable[[str], str]:
    from wa_bulk.api.number_plan import country_named

    return country_named


def _delimiter() -> Callable[[str], str]:
    from wa_bulk.campaign.sources.reading import delimiter_named

    return delimiter_named


def _encoding() -> Callable[[str], str]:
    from wa_bulk.campaign.sources.reading import encoding_named

    return encoding_named


class WholeNumber(click.IntRange):
    """A whole number."""

    name = "whole number"


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic for the type checker only
    """A length of time, in seconds."""

    name = "length of time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the seconds of `90s`, `15m`, `12h`, `90d` or `4w`."""
        if value is None or isinstance(value, float):
            return value
        found = _LENGTH_OF_TIME(value)
        if found is None or not int(found[1]):
            self.fail(f"{value!r} is no length of time: expected, say, 90s, 15m, 12h, 90d or 4w", param, ctx)
        return int(found[1]) * _SECONDS[found[2]]


_LENGTH_OF_TIME = re.compile(r"([0-9]{1,6})([smhdw])").fullmatch
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}

FILE = FilePath()
LOG = GivenFile("log")
TABLE = GivenFile("table")
ZERO_OR_MORE = Number(min=0)
_ONE_OR_MORE = WholeNumber(min=1)
CONNECTIONS = WholeNumber(min=1, max=65_535)
"""More cannot be made from one address to another: ports have 16 bits."""


def _remember_debug(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.meta[__name__] = True


def is_debug(context: click.Context) -> bool:
    """Return whether --debug was given, before the command or after it."""
    return bool(context.meta.get(__name__))


debug = option(
    "--debug",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_remember_debug,
    help="Show the whole traceback of an error.",
)

campaign_argument = click.argument("campaign", type=GivenFile("campaign"), metavar="CAMPAIGN.toml")
log_argument = click.argument("log", type=LOG, metavar="LOG")
recipients = option(
    "--recipients",
    type=TABLE,
    metavar="FILE",
    help="CSV or workbook of recipients, in place of the one the campaign names; -: standard input.",
)
base_url = option(
    "--base-url",
    metavar="URL",
    envvar="WA_BULK_BASE_URL",
    show_envvar=True,
    help="Address of the API. http:// is accepted for this machine only.  [default: https://wa.api.engagelab.cc]",
)
wait_settled = option(
    "--wait-settled",
    "wait_settled_s",
    type=Duration(),
    metavar="TIME",
    help="At the end, wait this long, say 20m, for callbacks to settle the rows that are unknown.",
)
leave_out_doubtful = option(
    "--leave-out-doubtful",
    is_flag=True,
    default=None,
    help="Skip the rows whose number nobody can have, by its country's numbering plan.",
)
yes = option("--yes", "-y", is_flag=True, help="Do not ask. Needed where there is no terminal to ask on.")

_READING = (
    option(
        "--country",
        type=Named(_country),
        metavar="CC",
        help="Country (ISO 3166) of numbers without a country code, such as GB.  [default: the campaign's]",
    ),
    option(
        "--delimiter",
        type=Named(_delimiter),
        metavar="CHARACTER",
        help="What is between two values of the CSV, or `tab`.  [default: the campaign's, or what fits]",
    ),
    option(
        "--encoding",
        type=Named(_encoding),
        metavar="NAME",
        help="Encoding of the CSV, such as cp1252.  [default: the campaign's, or UTF-8]",
    ),
    option("--sheet", metavar="NAME", help="Sheet of the workbook.  [default: the campaign's, or the first]"),
)


def reading(command: _F) -> _F:
    """Everything that says how the recipients are read."""
    for add in reversed(_READING):
        command = add(command)
    return command


_GUARDS = (
    option(
        "--timeout",
        type=Number(min=0, min_open=True),
        metavar="SECONDS",
        help="How long to wait for the reply to a request.  [default: 30]",
    ),
    option(
        "--tries",
        type=_ONE_OR_MORE,
        metavar="N",
        help="Requests for one row, as long as each was provably not accepted.  [default: 5]",
    ),
    option(
        "--gateway-errors",
        type=click.Choice(["unknown", "retry"]),
        help="Rows that a gateway answered without EngageLab's word (502, 504): hold them as unknown, or "
        "send them again, at the risk of twice.  [default: the campaign's, or unknown]",
    ),
    option(
        "--max-failures-in-a-row",
        type=WholeNumber(min=0),
        metavar="N",
        help="Stop after that many rows in a row were not accepted; 0: never.  [default: 100]",
    ),
    option(
        "--max-failure-share",
        type=Number(min=0, max=1),
        metavar="SHARE",
        help="Stop when more than this share of the last 200 rows went wrong; 0: never.  [default: 0.5]",
    ),
    option(
        "--outage-limit",
        type=ZERO_OR_MORE,
        metavar="SECONDS",
        help="How long to wait for a server that is unavailable before stopping.  [default: 60]",
    ),
    option(
        "--transport",
        type=click.Choice(["auto", "lean", "aiohttp"]),
        help="lean: the fast one. aiohttp: the reference.  [default: auto, which is lean]",
    ),
)


def guards(command: _F) -> _F:
    """Everything that says how long a request, a row or a run is tried before it is given up."""
    for add in reversed(_GUARDS):
        command = add(command)
    return command


_SENDING = (
    option(
        "--rate",
        type=ZERO_OR_MORE,
        metavar="N",
        help="Messages a second for each sending number; 0: unpaced.  [default: the campaign's, or 80]",
    ),
    option("--concurrency", type=CONNECTIONS, metavar="N", help="Requests in flight at once.  [default: 64]"),
    guards,
    base_url,
    yes,
)


def sending(command: _F) -> _F:
    """Everything that says how messages are sent. Left out means None: the settings' own default."""
    for add in reversed(_SENDING):
        command = add(command)
    return command


def given(**options: object) -> dict[str, object]:
    """Those options that were given."""
    return {name: value for name, value in options.items() if value is not None}

"""How a campaign is run. Everything here is written into the log's `run` line."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from wa_bulk.api.number_plan import country_named
from wa_bulk.campaign.sources.reading import Reading, delimiter_named, encoding_named
from wa_bulk.ledger.log_format import Setting
from wa_bulk.send import defaults

_ZeroOrMore = Annotated[float, Meta(ge=0, le=sys.float_info.max)]
_Seconds = Annotated[float, Meta(gt=0, le=sys.float_info.max)]
_OneOrMore = Annotated[int, Meta(ge=1)]

GatewayErrors = Literal["unknown", "retry"]


class Settings(Struct, frozen=True, kw_only=True):
    """Rates in messages/s, times in seconds; 0 turns a guard off."""

    rate: _ZeroOrMore = defaults.RATE
    """For each sending number; 0: unpaced."""
    concurrency: _OneOrMore = defaults.CONCURRENCY
    """Requests in flight at once, and connections."""
    timeout: _Seconds = defaults.TIMEOUT
    """For one request, until its reply is complete."""
    tries: _OneOrMore = defaults.TRIES
    """For one row, as long as each was provably not accepted."""
    limit: _OneOrMore | None = None
    """Only that many rows, the first ones."""
    on_unknown: Literal["hold", "retry", "retry-unheard"] = "hold"
    """Whether rows that may have been accepted are sent again, at the risk of twice; `retry-unheard`: those
    of earlier stretches that callbacks would speak of by now if they had been."""
    gateway_errors: GatewayErrors = "unknown"
    """What a gateway's answer that proves nothing (502, 504 and their like) makes of a row: one that may have
    been accepted, or one to be sent again, at the risk of twice."""
    retry_failed: bool = False
    """Send the failed rows of earlier stretches again."""
    retry_rejected: bool = False
    """Send the rejected rows of earlier stretches again."""
    allow_duplicates: bool = False
    leave_out_doubtful: bool = False
    """Skip the rows whose number nobody can have."""
    selections: str | None = None
    """Who is written to, and who is not, as `selections.kept` describes it."""
    max_failures_in_a_row: Annotated[int, Meta(ge=0)] = 100
    """Stop after that many refusals, failures and unknowns without an acceptance in between."""
    max_failure_share: Annotated[float, Meta(ge=0, le=1)] = 0.5
    """Stop when more than this share of the last 200 answers were refusals, failures or unknowns."""
    outage_limit: _ZeroOrMore = 60.0
    """How long to wait for a server that is unavailable before stopping."""
    transport: Literal["auto", "lean", "aiohttp"] = "auto"
    country: str | None = None
    """Whose numbers those without a country code are (ISO 3166); None: the campaign's."""
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    """How the file of recipients is read; None: as the campaign says, else as the file itself tells."""

    def __post_init__(self) -> None:
        """Raise ValueError for what names nothing."""
        for value, named in (
            (self.country, country_named),
            (self.delimiter, delimiter_named),
            (self.encoding, encoding_named),
        ):
            if value is not None:
                named(value)

    @property
    def reading(self) -> Reading:
        """How the file of recipients is read."""
        return Reading(self.delimiter, self.encoding, self.sheet)

    @property
    def retries_unknown(self) -> bool:
        """Whether rows that earlier stretches left in doubt are gone through again."""
        return self.on_unknown != "hold"

    @property
    def guards_are_off(self) -> bool:
        """Whether the user wants every row tried, whatever becomes of the others."""
        return not self.max_failures_in_a_row and not self.max_failure_share

    def as_log(self) -> dict[str, Setting]:
        """Give the form that the log takes."""
        return msgspec.structs.asdict(self)

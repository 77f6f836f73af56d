"""Everything that can be made to go wrong, by name and by the recipient's number that calls for it.

The numbers begin with +999, a country code that nobody has (ITU-T E.164 keeps it in reserve).
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from wa_bulk.api import ERROR_CODES
from wa_bulk.api.callbacks import META_ERRORS

Kind = Literal[
    "error",
    "gateway",
    "too_fast",
    "reset_before",
    "reset_after",
    "close_after",
    "silence",
    "half",
    "slow",
    "garbage",
    "empty",
    "wait",
    "journey",
    "callbacks",
]


class Behaviour(Struct, frozen=True, kw_only=True):
    """One way to misbehave.

    `number` is the recipient that calls for it. `value` is a code, an HTTP status or milliseconds,
    whatever `kind` needs.
    """

    name: str
    number: str
    kind: Kind
    does: str
    value: int = 0

    @property
    def refuses(self) -> bool:
        """Whether the message is not taken."""
        return self.kind in ("error", "gateway", "too_fast", "reset_before")


def _number(digits: int) -> str:
    return f"+999{digits:08d}"


def _refusals() -> list[Behaviour]:
    errors = [
        Behaviour(
            name=str(row.code),
            number=_number(row.code),
            kind="error",
            value=row.code,
            does=f"HTTP {row.http_status} with code {row.code}: {row.meaning}",
        )
        for row in ERROR_CODES.values()
        if row.code != 5002
    ]
    gateway = [
        Behaviour(
            name=str(status),
            number=_number(status),
            kind="gateway",
            value=status,
            does=f"HTTP {status} with an HTML page, as from a gateway",
        )
        for status in (500, 502, 503, 504)
    ]
    return [
        *errors,
        Behaviour(
            name="429", number=_number(429), kind="too_fast", does="HTTP 429 with Retry-After: 1", value=1
        ),
        *gateway,
        Behaviour(
            name="reset-before",
            number=_number(11),
            kind="reset_before",
            does="the connection is reset, the message not taken",
        ),
    ]


def _after_taking() -> list[Behaviour]:
    rows: list[tuple[str, Kind, str]] = [
        ("reset-after", "reset_after", "taken, then the connection is reset in place of a reply"),
        ("close-after", "close_after", "taken, then the connection is closed in place of a reply"),
        ("silence", "silence", "taken, then no reply at all"),
        ("half-reply", "half", "taken, then half a reply and a reset"),
        ("slow-reply", "slow", "taken, then a reply that trickles in, a byte each 50 ms"),
        ("garbage", "garbage", "taken, then HTTP 200 with a page that is not JSON"),
        ("empty-reply", "empty", "taken, then HTTP 200 without a body"),
    ]
    return [
        Behaviour(name=name, number=_number(number), kind=kind, does=does)
        for number, (name, kind, does) in enumerate(rows, 12)
    ]


def _deliveries() -> list[Behaviour]:
    journeys = [
        ("undelivered", 31, "taken and sent, never delivered: delivered_timeout"),
        ("unread", 32, "taken, sent and delivered, never read"),
        ("target-invalid", 33, "taken, then target_invalid: nobody with that number"),
    ]
    callbacks = [
        ("late", 41, "its callbacks come late"),
        ("repeated", 42, "each of its callbacks comes twice"),
        ("out-of-order", 43, "its callbacks come last things first"),
        ("early", 44, "its first callbacks come before the reply to the request"),
    ]
    return [
        *(
            Behaviour(name=name, number=_number(number), kind="journey", does=does)
            for name, number, does in journeys
        ),
        *(
            Behaviour(name=name, number=_number(number), kind="callbacks", does=does)
            for name, number, does in callbacks
        ),
        *(
            Behaviour(
                name=str(row.code),
                number=_number(row.code),
                kind="journey",
                value=row.code,
                does=f"taken, then fails with {row.code}: {row.meaning}",
            )
            for row in META_ERRORS.values()
        ),
    ]


BEHAVIOURS: dict[str, Behaviour] = {row.name: row for row in (*_refusals(), *_after_taking(), *_deliveries())}
"""By name. The names are also what shares of faults are given for."""

_BY_NUMBER = {row.number: row for row in BEHAVIOURS.values()}
_WAIT = re.compile(r"\+9991([0-9]{7})").fullmatch


def behaviour_of(number: str) -> Behaviour | None:
    """What the recipient `number` (E.164) calls for: `+9991` and seven digits wait that many milliseconds."""
    if not number.startswith("+999"):
        return None
    if waits := _WAIT(number):
        return wait(int(waits[1]), number)
    return _BY_NUMBER.get(number)


def wait(ms: int, number: str = "") -> Behaviour:
    """Taken, and the reply kept back for `ms` milliseconds."""
    return Behaviour(
        name="wait", number=number, kind="wait", value=ms, does=f"taken, the reply after {ms} ms"
    )

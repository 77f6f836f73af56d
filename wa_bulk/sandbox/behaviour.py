"""Every fault that the sandbox can produce, by name and by the recipient number that asks for it.

The numbers begin with +999, a country code that nobody has (ITU-T E.164 keeps it in reserve).
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Literal

from msgspec import Struct

from wa_bulk.api import ERROR_CODES
from wa_bulk.api.callbacks import META_ERRORS
from wa_bulk.sandbox.refusal import UNDOCUMENTED_CODES

Kind = Literal[
    "error",
    "text_code",
    "gateway",
    "redirect",
    "too_fast",
    "reset_before",
    "taken_gateway",
    "taken_envoy",
    "taken_envelope",
    "reset_after",
    "close_after",
    "silence",
    "half",
    "slow",
    "garbage",
    "empty",
    "odd_reply",
    "wait",
    "delivery",
    "callbacks",
]
_NOT_TAKEN = frozenset({"error", "text_code", "gateway", "redirect", "too_fast", "reset_before"})


class Behaviour(Struct, frozen=True, kw_only=True):
    """One fault on purpose.

    `number` is the recipient that asks for it. `value` is a code, an HTTP status or milliseconds,
    whichever `kind` needs.
    """

    name: str
    number: str
    kind: Kind
    description: str
    value: int = 0

    @property
    def at_the_api(self) -> bool:
        """Whether it happens when the message is sent, and not later on its way."""
        return self.kind not in ("delivery", "callbacks")

    @property
    def refuses(self) -> bool:
        """Whether the message is not taken."""
        return self.kind in _NOT_TAKEN


_CLOUDFLARE = {
    520: "Web server is returning an unknown error",
    521: "Web server is down",
    522: "Connection timed out",
    524: "A timeout occurred",
}
_REFUSING_STATUSES = (404, 408, 413, 421, 425, 500, 502, 503, 504, 521)
_TAKEN_STATUSES = (408, 500, 502, 503, 504, 520, 522, 524)
_TAKEN = 100_000
"""Added to an HTTP status in the number that asks for it after the message was taken."""


def status_title(status: int) -> str:
    """Return the status line's words, as in `502 Bad Gateway`; Cloudflare's own statuses included."""
    return f"{status} {_CLOUDFLARE.get(status) or HTTPStatus(status).phrase}"


def _number(digits: int) -> str:
    return f"+999{digits:08d}"


def _refusals() -> list[Behaviour]:
    codes = [row for row in ERROR_CODES.values() if row.code != 5002] + list(UNDOCUMENTED_CODES.values())
    errors = [
        Behaviour(
            name=str(row.code),
            number=_number(row.code),
            kind="error",
            value=row.code,
            description=f"HTTP {row.http_status} with code {row.code}: {row.meaning}",
        )
        for row in codes
    ]
    pages = [
        Behaviour(
            name=str(status),
            number=_number(status),
            kind="gateway",
            value=status,
            description=f"HTTP {status} with an HTML page and no code, as from a gateway",
        )
        for status in _REFUSING_STATUSES
    ]
    others: list[tuple[str, int, Kind, int, str]] = [
        (
            "text-code",
            19,
            "text_code",
            2003,
            'HTTP 400 with the code as text, "2003", and an object as message',
        ),
        ("429", 429, "too_fast", 1, "HTTP 429 with Retry-After: 1"),
        ("301", 301, "redirect", 301, "HTTP 301 to another path"),
        ("reset-before", 11, "reset_before", 0, "the connection is reset, the message not taken"),
    ]
    return [
        *errors,
        *pages,
        *(
            Behaviour(name=name, number=_number(number), kind=kind, value=value, description=description)
            for name, number, kind, value, description in others
        ),
    ]


def _gateways_after_taking() -> list[Behaviour]:
    pages = [
        Behaviour(
            name=f"taken-{status}",
            number=_number(_TAKEN + status),
            kind="taken_gateway",
            value=status,
            description=f"taken, then HTTP {status} with an HTML page, as from a gateway",
        )
        for status in _TAKEN_STATUSES
    ]
    return [
        *pages,
        Behaviour(
            name="taken-503-envoy",
            number=_number(_TAKEN + 1503),
            kind="taken_envoy",
            value=503,
            description="taken, then HTTP 503 with Envoy's words for an upstream that was disconnected",
        ),
        Behaviour(
            name="taken-502-json",
            number=_number(_TAKEN + 1502),
            kind="taken_envelope",
            value=502,
            description="taken, then HTTP 502 with the JSON of a gateway whose code is the HTTP status",
        ),
    ]


def _after_taking() -> list[Behaviour]:
    rows: list[tuple[int, str, Kind, int, str]] = [
        (12, "reset-after", "reset_after", 0, "taken, then the connection is reset instead of a reply"),
        (13, "close-after", "close_after", 0, "taken, then the connection is closed instead of a reply"),
        (14, "silence", "silence", 0, "taken, then no reply at all"),
        (15, "half-reply", "half", 0, "taken, then half a reply and a reset"),
        (16, "slow-reply", "slow", 0, "taken, then a reply that trickles in, a byte each 50 ms"),
        (17, "garbage", "garbage", 0, "taken, then HTTP 200 with a page that is not JSON"),
        (18, "empty-reply", "empty", 0, "taken, then HTTP 200 without a body"),
        (21, "numeric-message-id", "odd_reply", 200, "taken, the message_id of the reply a JSON number"),
        (22, "numeric-request-id", "odd_reply", 200, "taken, the request_id of the reply a JSON number"),
        (23, "bom-reply", "odd_reply", 200, "taken, the reply begins with a byte order mark"),
        (24, "gzip-reply", "odd_reply", 200, "taken, the reply is compressed with gzip, asked for or not"),
        (25, "altered-echo", "odd_reply", 200, "taken, the request_id comes back cut short"),
        (26, "foreign-echo", "odd_reply", 200, "taken, the request_id of an earlier request comes back"),
        (27, "no-echo", "odd_reply", 200, "taken, the request_id does not come back"),
        (28, "created-reply", "odd_reply", 201, "taken, the reply comes with HTTP 201"),
        (29, "accepted-reply", "odd_reply", 202, "taken, the reply comes with HTTP 202"),
    ]
    return [
        Behaviour(name=name, number=_number(number), kind=kind, value=value, description=description)
        for number, name, kind, value, description in rows
    ]


def _deliveries() -> list[Behaviour]:
    rows: list[tuple[str, int, Kind, str]] = [
        ("undelivered", 31, "delivery", "taken and sent, never delivered: delivered_timeout"),
        ("unread", 32, "delivery", "taken, sent and delivered, never read"),
        ("target-invalid", 33, "delivery", "taken, then target_invalid: nobody has that number"),
        ("late", 41, "callbacks", "its callbacks come late"),
        ("repeated", 42, "callbacks", "each of its callbacks comes twice"),
        ("out-of-order", 43, "callbacks", "its callbacks come in reverse order"),
        ("early", 44, "callbacks", "its first callbacks come before the reply to the request"),
    ]
    return [
        *(
            Behaviour(name=name, number=_number(number), kind=kind, description=description)
            for name, number, kind, description in rows
        ),
        *(
            Behaviour(
                name=str(row.code),
                number=_number(row.code),
                kind="delivery",
                value=row.code,
                description=f"taken, then fails with {row.code}: {row.meaning}",
            )
            for row in META_ERRORS.values()
        ),
    ]


BEHAVIOURS: dict[str, Behaviour] = {
    row.name: row for row in (*_refusals(), *_gateways_after_taking(), *_after_taking(), *_deliveries())
}
"""By name. Shares of random faults are given by these names too."""

_BY_NUMBER = {row.number: row for row in BEHAVIOURS.values()}
_WAIT = re.compile(r"\+9991([0-9]{7})").fullmatch


def behaviour_of(number: str) -> Behaviour | None:
    """Return the fault that the recipient `number` (E.164) asks for.

    `+9991` and seven digits delay the reply by that number of milliseconds.
    """
    if not number.startswith("+999"):
        return None
    if waits := _WAIT(number):
        return wait(int(waits[1]), number)
    return _BY_NUMBER.get(number)


def wait(ms: int, number: str = "") -> Behaviour:
    """Return the behaviour that takes a message and delays the reply by `ms` milliseconds."""
    return Behaviour(
        name="wait", number=number, kind="wait", value=ms, description=f"taken, the reply after {ms} ms"
    )

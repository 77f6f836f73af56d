"""What an answer proves, and what follows from it: one table, as data.

The question for every answer is who speaks, and whether it proves that the message was not taken. Nothing
about codes or statuses is decided anywhere else. Every set here is open: the vendor adds codes, proxies
answer with statuses of their own.

An answer is judged by the first that it has: a `message_id` on a 2xx, a code of the vendor's, the HTTP
status. A `code` that merely repeats the HTTP status is a gateway's envelope and no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from wa_bulk.api.replies import ReplyFields
from wa_bulk.send.transport import BadAddress, MaybeSent, NotSent, TransportError

Speaker = Literal["EngageLab", "server", "gateway", "network"]
"""`server`: whoever answered for the API, by the meaning that RFC 9110 gives the status. `gateway`: something
in between that has not understood, or not waited for, the server. `network`: no answer at all."""

Proof = Literal["taken", "not taken", "nothing"]

Verdict = Literal["accepted", "retry", "rejected", "failed", "unknown", "fatal"]

Scope = Literal["message", "sender", "template", "account", "address"]
"""What the answer is about; with the verdict `fatal` or `retry`, what stops or slows down."""


class Ruling(Struct, frozen=True):
    """One row of the table."""

    answer: str
    speaker: Speaker
    proves: Proof
    verdict: Verdict
    scope: Scope = "message"


ACCEPTED = Ruling("2xx with a message_id", "EngageLab", "taken", "accepted")
NO_MESSAGE_ID = Ruling("2xx without a readable message_id", "server", "nothing", "unknown")
FOREIGN_REPLY = Ruling("the reply to another request", "server", "nothing", "unknown")

BY_CODE: dict[int, Ruling] = {
    1000: Ruling("internal error", "EngageLab", "not taken", "retry"),
    2001: Ruling("key not valid", "EngageLab", "not taken", "fatal", "account"),
    2002: Ruling("key expired or disabled", "EngageLab", "not taken", "fatal", "account"),
    2003: Ruling("WhatsApp refuses the account", "EngageLab", "not taken", "fatal", "account"),
    2004: Ruling("key may not use this number", "EngageLab", "not taken", "fatal", "sender"),
    3001: Ruling("not JSON", "EngageLab", "not taken", "rejected"),
    3002: Ruling("parameter wrong", "EngageLab", "not taken", "rejected"),
    3003: Ruling("parameter refused", "EngageLab", "not taken", "rejected"),
    3004: Ruling("too fast", "EngageLab", "not taken", "retry", "sender"),
    4001: Ruling("template missing", "EngageLab", "not taken", "rejected", "template"),
    5002: Ruling("Meta refuses the template", "EngageLab", "not taken", "rejected"),
    23008: Ruling("too fast", "EngageLab", "not taken", "retry", "sender"),
}
"""At any HTTP status. 3004 and 23008 are the codes for "too fast" of EngageLab's other products."""


def _rows(statuses: Iterable[int], row: Ruling) -> dict[int, Ruling]:
    return dict.fromkeys(statuses, row)


_REDIRECT = Ruling("redirect", "server", "not taken", "fatal", "address")
_NOT_DONE = Ruling("the server's word that it did not do it", "server", "not taken", "retry")
_NOT_REACHED = Ruling("a gateway that never reached the server", "gateway", "not taken", "retry")
_NOT_PROCESSED = Ruling("not processed; a new connection is asked for", "server", "not taken", "retry")
_WRONG_ADDRESS = Ruling("nothing there for us", "server", "not taken", "fatal", "address")
_TOO_LARGE = Ruling("too large", "server", "not taken", "rejected")
_NO_KEY = Ruling("credentials refused", "server", "not taken", "fatal", "account")
_REFUSED = Ruling("refused, reason not known", "server", "not taken", "failed")
_GATEWAY = Ruling("a gateway without the server's answer", "gateway", "nothing", "unknown")
_NO_HTTP = Ruling("a status that HTTP does not have", "gateway", "nothing", "unknown")
_TOO_FAST = Ruling("too fast", "server", "not taken", "retry", "sender")

BY_STATUS: dict[int, Ruling] = {
    429: _TOO_FAST,
    **_rows((413, 414, 431), _TOO_LARGE),
}
"""Whatever code comes with it, but for the codes above."""

BY_STATUS_WITHOUT_CODE: dict[int, Ruling] = {
    **_rows(range(300, 400), _REDIRECT),
    **_rows((401, 407), _NO_KEY),
    **_rows((404, 405, 415), _WRONG_ADDRESS),
    **_rows((408, 421, 425), _NOT_PROCESSED),
}

BY_STATUS_OTHERWISE: dict[int, Ruling] = {
    **_rows(range(400, 500), _REFUSED),
    **_rows(range(500, 600), _GATEWAY),
    **_rows((500, 501, 503, *range(505, 512), 529), _NOT_DONE),
    **_rows((521, 523, 525, 526, 530), _NOT_REACHED),
    **_rows((598, 599), _GATEWAY),
}
"""A 5xx with a code that is not in the table is judged by its status."""

BY_ERROR: dict[type[TransportError], Ruling] = {
    BadAddress: Ruling(
        "the server cannot be spoken to at this address", "network", "not taken", "fatal", "address"
    ),
    NotSent: Ruling("no connection, or lost before the request was written", "network", "not taken", "retry"),
    MaybeSent: Ruling("no reply once the request was written", "network", "nothing", "unknown"),
}
"""The first that fits."""

_NOT_KNOWN = Ruling("an error within wa_bulk", "network", "nothing", "unknown")

ADDRESS_PROVEN = Ruling("nothing there for this message", "server", "not taken", "failed")
"""In place of a wrong address, once a message was accepted there."""

_BROKE_OFF = re.compile(
    r"upstream\b.*\b(?:disconnect|reset)|backend (?:fetch failed|read error)|first byte timeout",
    re.IGNORECASE | re.DOTALL,
)
"""How Envoy, Varnish and Fastly word a bare 503 for a server that broke off, perhaps after it took the
request."""


def code_of(status: int, reply: ReplyFields) -> int | None:
    """Return the vendor's code in an answer, None where there is none."""
    return None if reply.code == status else reply.code


def of_reply(status: int, reply: ReplyFields, *, address_proven: bool = False) -> Ruling:
    """Judge an answer by its HTTP status and what could be read in its body.

    `address_proven` tells that a message was accepted there before.
    """
    code = code_of(status, reply)
    if reply.message_id is not None and 200 <= status < 300:
        return ACCEPTED
    if code in BY_CODE:
        return BY_CODE[code]
    if 200 <= status < 300:
        return NO_MESSAGE_ID
    if status in BY_STATUS:
        return BY_STATUS[status]
    if code is None and status in BY_STATUS_WITHOUT_CODE:
        ruling = BY_STATUS_WITHOUT_CODE[status]
        return ADDRESS_PROVEN if ruling.scope == "address" and address_proven else ruling
    if status == 503 and _BROKE_OFF.search(reply.message or reply.text):
        return _GATEWAY
    return BY_STATUS_OTHERWISE.get(status, _NO_HTTP)


def of_error(error: Exception) -> Ruling:
    """Judge an attempt that brought no answer."""
    return next((ruling for kind, ruling in BY_ERROR.items() if isinstance(error, kind)), _NOT_KNOWN)

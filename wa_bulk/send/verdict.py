"""What follows from a reply, or from there being none: one table, as data.

Every set here is open. A code that is not listed falls back to its HTTP status, a status to its class.
"""

from __future__ import annotations

from typing import Literal

from wa_bulk.send.transport import MaybeSent, NotSent, TransportError, Untrusted

Verdict = Literal["accepted", "retry", "rejected", "unknown", "fatal"]

# The first that fits.
BY_FAULT: dict[type[TransportError], Verdict] = {
    Untrusted: "fatal",
    NotSent: "retry",
    MaybeSent: "unknown",
}

BY_STATUS: dict[int, Verdict] = {
    429: "retry",
}

# 4001 (no such template) is the row's fault as far as one message can tell: whether every row would meet
# it is for whoever sends them to say.
BY_CODE: dict[int, Verdict] = {
    1000: "retry",
    2001: "fatal",
    2002: "fatal",
    2003: "fatal",
    2004: "fatal",
    3001: "rejected",
    3002: "rejected",
    3003: "rejected",
    4001: "rejected",
}

# Without a code it is a gateway that refuses the key, or asks for one of its own: no row is to blame. A 403
# or 404 may be about one message, as a firewall's is.
BY_STATUS_WITHOUT_CODE: dict[int, Verdict] = {
    401: "fatal",
    407: "fatal",
}

# A redirect is never followed: the base URL is not the API's, and every message would meet the same.
BY_CLASS: dict[int, Verdict] = {
    3: "fatal",
    4: "rejected",
    5: "retry",
}


def of_fault(fault: TransportError) -> Verdict:
    """What follows when no reply came."""
    return next((verdict for kind, verdict in BY_FAULT.items() if isinstance(fault, kind)), "unknown")


def of_reply(http_status: int, code: int | None, message_id: str | None) -> Verdict:
    """What follows from a reply, given its error code and message id where it has them."""
    if 200 <= http_status < 300:
        return "accepted" if message_id else "unknown"
    if http_status in BY_STATUS:
        return BY_STATUS[http_status]
    if code in BY_CODE and http_status >= 400:
        return BY_CODE[code]
    if code is None and http_status in BY_STATUS_WITHOUT_CODE:
        return BY_STATUS_WITHOUT_CODE[http_status]
    return BY_CLASS.get(http_status // 100, "unknown")

"""What follows from a failure, by Meta's code (Meta's documentation of its error codes)."""

from __future__ import annotations

from wa_bulk.api.callbacks import META_ERRORS, ErrorKind

_BY_KIND: dict[ErrorKind, str] = {
    "throttled": "send again later, at a lower rate",
    "transient": "send again in some hours",
    "recipient": "do not send again",
    "template": "mend the template or its values, then send again",
    "account": "ask EngageLab: the account is at fault, not the recipients",
}
_BY_CODE = {
    131021: "take your own number off the recipients",
    131026: "do not send again: not on WhatsApp, an old app, or the terms not accepted",
    131030: "add them to the list of allowed numbers, or leave the test account",
    131047: "send a template instead, or wait until they write",
    131049: "try again in days, then in growing steps; never at once",
    131050: "never send marketing to them again: they are on the list of suppressed numbers",
    130472: "try again in some weeks, or reach them another way",
    131052: "mend the link to the medium, then send again",
    131053: "look at the medium's type and size, then send again",
    131056: "wait between two messages to one person",
    132015: "mend the template's quality, and wait until it is active again",
    132016: "make another template",
}


def follows(code: int | None) -> str:
    """Return what to do about rows that failed by this code; empty where it is not known."""
    if code is None:
        return ""
    known = META_ERRORS.get(code)
    return _BY_CODE.get(code) or (_BY_KIND[known.kind] if known is not None else "")

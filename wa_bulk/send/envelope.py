"""A message ready to be sent."""

from __future__ import annotations

from msgspec import Struct


class Envelope(Struct, gc=False):
    """One request and what must be known of it on the way."""

    to: str
    """The recipient; several are joined by commas."""
    payload: bytes
    sender: str | None = None
    """The sending number, which has a pace of its own; None: the account's default number."""
    request_id: str | None = None
    recipients: int = 1
    """How many numbers it is for: each counts for the pace."""

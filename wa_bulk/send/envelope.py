"""A message ready to be sent."""

from __future__ import annotations

import msgspec
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

    def echoes(self, request_id: str) -> bool:
        """Return whether a reply with this request_id has the one that was sent."""
        return request_id == self.request_id

    def own_request_id(self) -> str | None:
        """Give the request_id that was sent."""
        return self.request_id


class _Request(Struct):
    request_id: str | None = None


_decode = msgspec.json.Decoder(_Request).decode


def request_id_of(payload: bytes) -> str | None:
    """Read the request_id in a request's JSON."""
    return _decode(payload).request_id
